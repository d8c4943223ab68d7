//! What a setting may be, and whether it may be nothing: from what somebody wrote to what it is, or to
//! why not.

use std::fmt;
use std::time::Duration;

use super::given::Given;
use super::kind::Kind;
use super::names;
use super::value::Value;

/// What a setting may be.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Allowed {
    kind: Kind,
    unset: Unset,
}

/// May it be not set, and how is that written?
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Unset {
    Never,
    /// As `none`.
    ByWord,
    /// As an empty text: `none` may be the name of something.
    ByEmptiness,
}

pub(super) const FLAG: Allowed = Allowed::of(Kind::Flag);
pub(super) const PART: Allowed = Allowed::of(Kind::Part);
pub(super) const TEXT: Allowed = Allowed::of(Kind::Text);

pub(super) const fn count(least: u64, most: u64) -> Allowed {
    Allowed::of(Kind::Count { least, most })
}

pub(super) const fn bytes(least: u64, most: u64) -> Allowed {
    Allowed::of(Kind::Bytes { least, most })
}

/// At least so many milliseconds.
pub(super) const fn time(least: u64) -> Allowed {
    time_to(Duration::from_millis(least), Duration::MAX)
}

pub(super) const fn time_to(least: Duration, most: Duration) -> Allowed {
    Allowed::of(Kind::Time { least, most, zero: None })
}

pub(super) const fn seconds(least: Duration, most: Duration) -> Allowed {
    Allowed::of(Kind::Seconds { least, most })
}

/// The same, and zero means this.
pub(super) const fn time_or_zero(least: u64, zero: &'static str) -> Allowed {
    let (least, most) = (Duration::from_millis(least), Duration::MAX);
    Allowed::of(Kind::Time { least, most, zero: Some(zero) })
}

pub(super) const fn one_of(names: &'static [&'static str]) -> Allowed {
    Allowed::of(Kind::OneOf(names))
}

pub(super) const fn form(form: &'static str) -> Allowed {
    Allowed::of(Kind::Form(form))
}

pub(super) const fn texts(what: &'static str) -> Allowed {
    Allowed::of(Kind::Texts(what))
}

pub(super) const fn map(what: &'static str) -> Allowed {
    Allowed::of(Kind::Map(what))
}

impl Allowed {
    const fn of(kind: Kind) -> Self {
        Self { kind, unset: Unset::Never }
    }

    /// The same, or `none`.
    pub(super) const fn or_none(self) -> Self {
        Self { unset: Unset::ByWord, ..self }
    }

    /// The same, or nothing.
    pub(super) const fn or_empty(self) -> Self {
        Self { unset: Unset::ByEmptiness, ..self }
    }

    /// How it is written that it is not set.
    pub(super) const fn unset(&self) -> &'static str {
        match self.unset {
            Unset::ByWord => "none",
            Unset::Never | Unset::ByEmptiness => "",
        }
    }

    /// Is it a table of names of the user's?
    pub(super) const fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map(_))
    }

    /// Numbers that are sizes as sizes.
    pub(super) fn as_written(&self, value: Value) -> Value {
        match (self.kind, value) {
            (Kind::Bytes { .. }, Value::Number(number)) => Value::Bytes(number),
            (_, value) => value,
        }
    }

    /// What was given as what it is.
    pub(super) fn read(&self, given: &Given) -> Result<Value, String> {
        let is_unset = *given == Given::Nothing || given.text().as_deref() == Some(self.unset());
        if self.unset != Unset::Never && is_unset {
            return Ok(Value::None);
        }
        let refused = || format!("{given} was given; {self}{}", self.meant(given));
        let value = self.kind.parse(given).ok_or_else(refused)?;
        if self.kind.contains(&value) { Ok(value) } else { Err(refused()) }
    }

    /// Whether the setting may be what it is.
    pub(super) fn check(&self, value: &Value) -> Result<(), String> {
        let sound = match value {
            Value::None => self.unset != Unset::Never,
            Value::Code(_) => true,
            value => self.kind.contains(value),
        };
        if sound {
            Ok(())
        } else {
            Err(format!("{} was given; {self}", Given::Text(value.to_string())))
        }
    }

    /// The name that was meant, if names are allowed; how a number is a text.
    fn meant(&self, given: &Given) -> String {
        if let (Kind::Text | Kind::Form(_), Given::Fraction(_)) = (self.kind, given) {
            return ", in quotes".to_owned();
        }
        let Kind::OneOf(names) = self.kind else { return String::new() };
        let given = given.text().unwrap_or_default();
        names::nearest(&given, names).map_or_else(String::new, |name| names::did_you_mean(name))
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "allowed: {}", self.range())
    }
}

impl Allowed {
    /// What is allowed, in words.
    pub(super) fn range(&self) -> impl fmt::Display + use<> {
        Range(*self)
    }
}

struct Range(Allowed);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Allowed { kind, unset } = self.0;
        fmt::Display::fmt(&kind, f)?;
        f.write_str(if unset == Unset::ByWord { ", or `none`" } else { "" })
    }
}
