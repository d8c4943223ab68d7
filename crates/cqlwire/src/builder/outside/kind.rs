//! The kinds of settings: how each is read, what is within its range, and how that is said.

use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;

use super::given::{Given, is_pem};
use super::value::{Value, shown_time, size, with_commas};

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
    /// A time that somebody else counts in whole seconds, and would cut off otherwise.
    Seconds {
        least: Duration,
        most: Duration,
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

impl Kind {
    /// What was given as a value of this kind, whatever its range; `None` if it is none.
    pub(super) fn parse(&self, given: &Given) -> Option<Value> {
        match (self, given) {
            (Self::Texts(_), Given::List(texts)) => {
                let texts = texts.iter().map(|text| match text {
                    Given::Flag(_) => None,
                    text => text.as_written(),
                });
                texts.collect::<Option<_>>().map(Value::Texts)
            }
            (Self::Map(_), Given::Table(texts)) => {
                let pairs = texts.iter().map(|(key, text)| Some((key.clone(), text.as_written()?)));
                pairs.collect::<Option<_>>().map(Value::Map)
            }
            // Names and passwords may begin with a space.
            (Self::Text, _) => given.as_written().map(Value::Text),
            // A path, an address, a host: `tls = true` and `contact_points = true` are mistakes. Names
            // of keyspaces and data centers may be numbers; no host is.
            (Self::Form(_), Given::Fraction(_) | Given::Whole(_) | Given::Flag(_))
            | (Self::Texts(_), Given::Fraction(_) | Given::Flag(_)) => None,
            _ => self.parse_text(given.text()?.trim()),
        }
    }

    fn parse_text(&self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Flag => Value::Flag(text.parse().ok()?),
            Self::Count { .. } => Value::Number(text.replace('_', "").parse().ok()?),
            // A number alone is a number of bytes.
            Self::Bytes { .. } => {
                // One that has no room in 64 bits is read as the largest that has.
                let size = text.parse().ok().filter(|size: &ByteSize| size.as_u64() < u64::MAX)?;
                Value::Bytes(size.as_u64())
            }
            Self::Time { .. } | Self::Seconds { .. } => {
                Value::Time(humantime::parse_duration(text).ok()?)
            }
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

    /// Is it within the range?
    pub(super) fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Count { least, most }, Value::Number(number))
            | (Self::Bytes { least, most }, Value::Bytes(number)) => {
                (least..=most).contains(&number)
            }
            (Self::Time { zero: Some(_), .. }, Value::Time(Duration::ZERO)) => true,
            (Self::Time { least, most, .. }, Value::Time(time)) => (least..=most).contains(&time),
            (Self::Seconds { least, most }, Value::Time(time)) => {
                (least..=most).contains(&time) && time.subsec_nanos() == 0
            }
            (Self::Part, Value::Part(part)) => *part > 0.0 && *part < 1.0,
            (Self::OneOf(names), Value::Text(text)) => names.contains(&text.as_str()),
            (Self::Text, Value::Text(text)) => !text.is_empty(),
            (Self::Form(_), Value::Text(text)) => !text.is_empty() && !is_pem(text),
            (Self::Texts(_), Value::Texts(texts)) => texts.iter().all(|text| !text.is_empty()),
            (Self::Flag, Value::Flag(_)) | (Self::Map(_), Value::Map(_)) => true,
            _ => false,
        }
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
            Self::Seconds { least, most } => {
                let (least, most) = (shown_time(*least), shown_time(*most));
                write!(f, "a time of whole seconds such as 10s or 2m, {least} to {most}")
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
