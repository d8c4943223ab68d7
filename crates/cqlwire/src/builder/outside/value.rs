//! What a setting is, whatever its type in the code is.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A setting as it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// It is not set, and that is something of its own.
    None,
    Flag(bool),
    Number(u64),
    Bytes(u64),
    Time(Duration),
    Part(f64),
    Text(String),
    Texts(Vec<String>),
    Map(BTreeMap<String, String>),
    /// Code, by the name of its type: it is nothing that could be written down.
    Code(String),
}

impl fmt::Display for Value {
    /// As it can be read again; how it is written that it is not set, its range knows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Bytes(bytes) => f.write_str(&size(*bytes)),
            Self::Time(time) => f.write_str(&shown_time(*time)),
            Self::Part(part) => part.fmt(f),
            Self::Text(text) | Self::Code(text) => f.write_str(text),
            Self::Texts(texts) => f.write_str(&texts.join(",")),
            Self::Map(map) => {
                let pairs: Vec<_> =
                    map.iter().map(|(key, value)| format!("{key}={value}")).collect();
                f.write_str(&pairs.join(","))
            }
        }
    }
}

/// `256 MiB`, or `1000 B` where no larger unit goes into it.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = units.iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{bytes} B"), |(unit, name)| format!("{} {name}", bytes / unit))
}

/// `1m 30s`, without the spaces, which other places would have to write otherwise.
pub(super) fn shown_time(time: Duration) -> String {
    humantime::format_duration(time).to_string().replace(' ', "")
}

/// `32,768`.
pub(super) fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
