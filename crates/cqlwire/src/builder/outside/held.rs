//! How the types that hold settings are shown, and how they are read: one rule a type.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{LoadBalancing, RoundRobin, SchemaScope, TokenAware};
use cqlwire_codec::{Compression, Consistency, ProtocolVersion, SerialConsistency};
use cqlwire_net::Endpoint;

use super::value::Value;
use crate::builder::config::name_of;
use crate::retry::{DefaultRetryPolicy, DowngradingRetryPolicy, NeverRetry, RetryPolicy};
use crate::speculation::{ConstantDelay, NeverSpeculate, PercentileDelay, SpeculativePolicy};
use crate::timestamps::ClientTimestamps;

/// A type that holds a setting.
pub(super) trait Held: Sized {
    /// What it is.
    fn shown(&self) -> Value;

    /// It from what is within its range.
    fn read(value: Value) -> Result<Self, String>;
}

/// A setting that is something else than its type: a broken table of settings.
fn of_another_kind(value: &Value) -> String {
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
        let texts = <Vec<String>>::read(value)?;
        let read =
            crate::builder::parse_contact_points(&texts).map_err(|error| error.to_string())?;
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
            () if is("everything") => Self::Everything,
            () if is("replication") => Self::Replication,
            () => Self::Keyspaces(names),
        })
    }
}

impl Held for Arc<dyn RetryPolicy> {
    fn shown(&self) -> Value {
        Value::Text(match &*name_of(self) {
            "DefaultRetryPolicy" => "default".to_owned(),
            "DowngradingRetryPolicy" => "downgrading".to_owned(),
            "NeverRetry" => "never".to_owned(),
            other => return Value::Code(other.to_owned()),
        })
    }

    fn read(value: Value) -> Result<Self, String> {
        Ok(match &*value.to_string() {
            "default" => Arc::new(DefaultRetryPolicy),
            "downgrading" => Arc::new(DowngradingRetryPolicy),
            "never" => Arc::new(NeverRetry),
            _ => return Err(of_another_kind(&value)),
        })
    }
}

impl Held for Arc<dyn LoadBalancing> {
    fn shown(&self) -> Value {
        Value::Text(match &*name_of(self) {
            "TokenAware" => "token_aware".to_owned(),
            "RoundRobin" => "round_robin".to_owned(),
            other => return Value::Code(other.to_owned()),
        })
    }

    fn read(value: Value) -> Result<Self, String> {
        Ok(match &*value.to_string() {
            "token_aware" => Arc::new(TokenAware::default()),
            "round_robin" => Arc::new(RoundRobin::default()),
            _ => return Err(of_another_kind(&value)),
        })
    }
}

impl Held for Arc<dyn SpeculativePolicy> {
    fn shown(&self) -> Value {
        match &*name_of(self) {
            "NeverSpeculate" => Value::Text("never".to_owned()),
            other => Value::Code(other.to_owned()),
        }
    }

    /// `never`, `constant <time> [<most>]` or `percentile [<part>] [<most>]`.
    fn read(value: Value) -> Result<Self, String> {
        let text = value.to_string();
        let mut words = text.split_whitespace();
        let policy: Self = match words.next() {
            Some("never") => Arc::new(NeverSpeculate),
            Some("constant") => {
                let delay = words.next().ok_or("`constant` is followed by a time, such as 50ms")?;
                let delay = humantime::parse_duration(delay)
                    .map_err(|_| format!("`{delay}` is no time such as 50ms"))?;
                Arc::new(ConstantDelay { delay, most: most(words.next())? })
            }
            Some("percentile") => {
                let part = words.next().unwrap_or("0.99");
                let read = part.parse().map_err(|_| format!("`{part}` is no part such as 0.99"))?;
                let policy = PercentileDelay::new(read);
                let policy = policy.map_err(|_| format!("`{part}` is not above 0 and below 1"))?;
                Arc::new(policy.most(most(words.next())?))
            }
            _ => return Err(format!("`{text}` is no policy")),
        };
        match words.next() {
            Some(word) => Err(format!("`{word}` is too much")),
            None => Ok(policy),
        }
    }
}

/// How many executions beside the first.
fn most(word: Option<&str>) -> Result<u32, String> {
    let word = word.unwrap_or("1");
    let most = word.parse().ok().filter(|most| *most > 0);
    most.ok_or_else(|| format!("`{word}` is no number of executions, at least 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_of_speculation_are_a_line_of_words() {
        let read = |text: &str| <Arc<dyn SpeculativePolicy>>::read(Value::Text(text.to_owned()));
        let shown = |text: &str| format!("{:?}", read(text).unwrap());
        let delay = Duration::from_millis(50);
        assert_eq!(shown("constant 50ms"), format!("{:?}", ConstantDelay { delay, most: 1 }));
        assert_eq!(shown("constant 50ms 3"), format!("{:?}", ConstantDelay { delay, most: 3 }));
        assert!(
            shown("percentile 0.995 2").contains("part: 0.995"),
            "{}",
            shown("percentile 0.995")
        );
        assert_eq!(shown("never"), "NeverSpeculate");
        for (text, why) in [
            ("constant", "`constant` is followed by a time, such as 50ms"),
            ("constant soon", "`soon` is no time such as 50ms"),
            ("constant 50ms 0", "`0` is no number of executions, at least 1"),
            ("constant 50ms 1 2", "`2` is too much"),
            ("percentile 99", "`99` is not above 0 and below 1"),
            ("sometimes", "`sometimes` is no policy"),
        ] {
            assert_eq!(read(text).unwrap_err(), why);
        }
    }
}
