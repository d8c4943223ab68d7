//! How the types that hold settings are shown, and how they are read: one rule a type.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use cqlwire_cluster::SchemaScope;
use cqlwire_codec::{Compression, Consistency, ProtocolVersion, SerialConsistency};
use cqlwire_net::{Endpoint, InvalidEndpoint, WithoutTls};

use super::value::Value;
use crate::timestamps::ClientTimestamps;

/// A type that holds a setting.
pub(super) trait Held: Sized {
    /// What it is.
    fn shown(&self) -> Value;

    /// It from what is within its range.
    fn read(value: Value) -> Result<Self, String>;
}

/// A setting that is something else than its type: a broken table of settings.
pub(super) fn of_another_kind(value: &Value) -> String {
    format!("{value} is of another kind")
}

impl<T: Held> Held for Option<T> {
    fn shown(&self) -> Value {
        self.as_ref().map_or(Value::None, T::shown)
    }

    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::None => Ok(None),
            value => T::read(value).map(Some),
        }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Held for $number {
            fn shown(&self) -> Value {
                Value::Number(u64::try_from(*self).unwrap_or(u64::MAX))
            }

            fn read(value: Value) -> Result<Self, String> {
                let (Value::Number(number) | Value::Bytes(number)) = value else {
                    return Err(of_another_kind(&value));
                };
                Self::try_from(number).map_err(|_| format!("{number} does not fit"))
            }
        }
    )*};
}

numbers!(u8, u16, u32, usize);

macro_rules! plain {
    ($($kind:ident: $held:ty),*) => {$(
        impl Held for $held {
            fn shown(&self) -> Value {
                Value::$kind(self.clone())
            }

            fn read(value: Value) -> Result<Self, String> {
                match value {
                    Value::$kind(value) => Ok(value),
                    other => Err(of_another_kind(&other)),
                }
            }
        }
    )*};
}

plain!(
    Flag: bool, Time: Duration, Part: f64, Text: String, Texts: Vec<String>,
    Map: BTreeMap<String, String>
);

/// What is one of some names.
macro_rules! named {
    ($held:ty { $($name:literal: $value:expr),* $(,)? }) => {
        impl Held for $held {
            fn shown(&self) -> Value {
                $(if *self == $value {
                    return Value::Text($name.to_owned());
                })*
                Value::Code(format!("{self:?}"))
            }

            fn read(value: Value) -> Result<Self, String> {
                match &value {
                    $(Value::Text(name) if name == $name => Ok($value),)*
                    other => Err(of_another_kind(other)),
                }
            }
        }
    };
}

named!(Consistency {
    "ANY": Self::Any, "ONE": Self::One, "TWO": Self::Two, "THREE": Self::Three,
    "QUORUM": Self::Quorum, "ALL": Self::All, "LOCAL_QUORUM": Self::LocalQuorum,
    "EACH_QUORUM": Self::EachQuorum, "SERIAL": Self::Serial, "LOCAL_SERIAL": Self::LocalSerial,
    "LOCAL_ONE": Self::LocalOne,
});
named!(SerialConsistency { "SERIAL": Self::Serial, "LOCAL_SERIAL": Self::LocalSerial });
named!(ProtocolVersion { "v3": Self::V3, "v4": Self::V4, "v5": Self::V5 });
named!(ClientTimestamps {
    "never": Self::Never, "as_needed": Self::AsNeeded, "always": Self::Always,
});
named!(WithoutTls { "allow": Self::Allow, "warn": Self::Warn, "refuse": Self::Refuse });

impl Held for Compression {
    fn shown(&self) -> Value {
        Value::Text(self.name().to_owned())
    }

    fn read(value: Value) -> Result<Self, String> {
        match &*value.to_string() {
            "lz4" => Ok(Self::Lz4),
            #[cfg(feature = "snappy")]
            "snappy" => Ok(Self::Snappy),
            other => Err(format!("`{other}` needs the feature of this name")),
        }
    }
}

impl Held for IpAddr {
    fn shown(&self) -> Value {
        Value::Text(self.to_string())
    }

    fn read(value: Value) -> Result<Self, String> {
        value.to_string().parse().map_err(|_| format!("`{value}` is no IP address"))
    }
}

impl Held for Vec<Endpoint> {
    fn shown(&self) -> Value {
        Value::Texts(self.iter().map(ToString::to_string).collect())
    }

    fn read(value: Value) -> Result<Self, String> {
        // A path may have a comma in it, so none is parted here.
        let texts = <Vec<String>>::read(value)?;
        let read: Result<Self, _> = texts.iter().map(|text| text.trim().parse()).collect();
        let read = read.map_err(|error: InvalidEndpoint| error.to_string())?;
        if read.is_empty() { Err("none was given".to_owned()) } else { Ok(read) }
    }
}

impl Held for SchemaScope {
    fn shown(&self) -> Value {
        let texts = |text: &str| Value::Texts(vec![text.to_owned()]);
        match self {
            Self::Everything => texts("everything"),
            Self::Replication => texts("replication"),
            Self::Keyspaces(names) => Value::Texts(names.iter().cloned().collect()),
        }
    }

    fn read(value: Value) -> Result<Self, String> {
        let names: BTreeSet<String> = <Vec<String>>::read(value)?.into_iter().collect();
        let is = |name: &str| names.len() == 1 && names.contains(name);
        Ok(match () {
            () if names.is_empty() => return Err("none was given".to_owned()),
            () if is("everything") => Self::Everything,
            () if is("replication") => Self::Replication,
            () => Self::Keyspaces(names),
        })
    }
}
