//! What a setting may be: from what somebody wrote to what it is, or to why not.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;

use super::given::Given;
use super::names;
use super::value::{Value, shown_time, size, with_commas};

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

#[derive(Copy, Clone, Debug)]
pub(super) enum Kind {
    Flag,
    Count {
        least: u64,
        most: u64,
    },
    Bytes {
        least: u64,
        most: u64,
    },
    /// `zero` is something of its own.
    Time {
        least: Duration,
        most: Duration,
        zero: Option<&'static str>,
    },
    /// Above 0 and below 1.
    Part,
    OneOf(&'static [&'static str]),
    Text,
    /// A text of a form that is described so, and that whoever holds the setting reads.
    Form(&'static str),
    Texts(&'static str),
    Map(&'static str),
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

    /// The name that was meant, if names are allowed.
    fn meant(&self, given: &Given) -> String {
        let Kind::OneOf(names) = self.kind else { return String::new() };
        let given = given.text().unwrap_or_default();
        names::did_you_mean(&given, names.iter().copied()).unwrap_or_default()
    }
}

impl Kind {
    fn parse(&self, given: &Given) -> Option<Value> {
        match (self, given) {
            (Self::Texts(_), Given::List(texts)) => {
                texts.iter().map(Given::text).collect::<Option<_>>().map(Value::Texts)
            }
            (Self::Map(_), Given::Table(texts)) => {
                let pairs = texts.iter().map(|(key, text)| Some((key.clone(), text.text()?)));
                pairs.collect::<Option<_>>().map(Value::Map)
            }
            // Names and passwords may begin with a space.
            (Self::Text, _) => given.text().map(Value::Text),
            _ => self.parse_text(given.text()?.trim()),
        }
    }

    fn parse_text(&self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Flag => Value::Flag(text.parse().ok()?),
            Self::Count { .. } => Value::Number(text.replace('_', "").parse().ok()?),
            // A number alone is a number of bytes.
            Self::Bytes { .. } => Value::Bytes(text.parse::<ByteSize>().ok()?.as_u64()),
            Self::Time { .. } => Value::Time(humantime::parse_duration(text).ok()?),
            Self::Part => Value::Part(text.parse().ok()?),
            Self::OneOf(names) => {
                let name = names.iter().find(|name| name.eq_ignore_ascii_case(text))?;
                Value::Text((*name).to_owned())
            }
            Self::Text | Self::Form(_) => Value::Text(text.to_owned()),
            Self::Texts(_) => {
                let texts = text.split(',').map(|text| text.trim().to_owned());
                Value::Texts(texts.filter(|text| !text.is_empty()).collect())
            }
            Self::Map(_) => return None,
        })
    }

    fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Count { least, most }, Value::Number(number))
            | (Self::Bytes { least, most }, Value::Bytes(number)) => {
                (least..=most).contains(&number)
            }
            (Self::Time { zero: Some(_), .. }, Value::Time(Duration::ZERO)) => true,
            (Self::Time { least, most, .. }, Value::Time(time)) => (least..=most).contains(&time),
            (Self::Part, Value::Part(part)) => *part > 0.0 && *part < 1.0,
            (Self::OneOf(names), Value::Text(text)) => names.contains(&text.as_str()),
            (Self::Text | Self::Form(_), Value::Text(text)) => !text.is_empty(),
            (Self::Flag, Value::Flag(_))
            | (Self::Texts(_), Value::Texts(_))
            | (Self::Map(_), Value::Map(_)) => true,
            _ => false,
        }
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
        let Self { kind, unset } = *self;
        fmt::from_fn(move |f| {
            fmt::Display::fmt(&kind, f)?;
            f.write_str(if unset == Unset::ByWord { ", or `none`" } else { "" })
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("`true` or `false`"),
            Self::Count { least, most: u64::MAX } => {
                write!(f, "a whole number, at least {}", with_commas(*least))
            }
            Self::Count { least, most } => {
                write!(f, "a whole number, {} to {}", with_commas(*least), with_commas(*most))
            }
            Self::Bytes { least, most: u64::MAX } => {
                write!(f, "a size such as 64 KiB, at least {}", size(*least))
            }
            Self::Bytes { least, most } => {
                write!(f, "a size such as 64 KiB, {} to {}", size(*least), size(*most))
            }
            Self::Time { least, most, zero } => {
                f.write_str("a time such as 250ms or 10s")?;
                match (*least, *most) {
                    (Duration::ZERO, _) => {}
                    (least, Duration::MAX) => write!(f, ", at least {}", shown_time(least))?,
                    (least, most) => write!(f, ", {} to {}", shown_time(least), shown_time(most))?,
                }
                zero.map_or(Ok(()), |meaning| write!(f, ", or 0s: {meaning}"))
            }
            Self::Part => f.write_str("a part above 0 and below 1, such as 0.7"),
            Self::OneOf(names) => {
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                f.write_str(&names.join(", "))
            }
            Self::Text => f.write_str("a text that is not empty"),
            Self::Form(what) | Self::Texts(what) | Self::Map(what) => f.write_str(what),
        }
    }
}
