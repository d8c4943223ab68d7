//! One value of a row as it stands in a table: its text in one line, how wide that is, its style.

use anstyle::Style;
use cqlwire::value::CqlValue;
use unicode_width::UnicodeWidthStr;

use super::look;
use crate::value::write_text;

/// A text in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(super) text: String,
    pub(super) width: usize,
    pub(super) style: Style,
}

impl Cell {
    /// What steers a terminal is written as in Rust, and so is a backslash, since one stands before that.
    pub(crate) fn new(text: &str, style: Style) -> Self {
        let text = escaped(text, |c| c == '\\' || steers(c));
        Self { width: text.width(), text, style }
    }

    pub(super) fn of(value: &CqlValue) -> Self {
        match value {
            CqlValue::Null => Self::new("null", look::NULL),
            value => {
                let mut text = String::new();
                write_text(value, &mut text);
                Self::new(&text, style(value))
            }
        }
    }
}

/// The text with what steers a terminal written as in Rust.
pub(crate) fn visible(text: &str) -> String {
    escaped(text, steers)
}

/// With these characters written as in Rust.
pub(super) fn escaped(text: &str, is_meant: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_meant(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

/// Could it do something to a terminal, or to the order in which people read what is on it?
pub(super) fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

const fn style(value: &CqlValue) -> Style {
    match value {
        CqlValue::Text(_) | CqlValue::Inet(_) => look::TEXT,
        CqlValue::Blob(_) | CqlValue::Custom(_) => look::BYTES,
        CqlValue::List(_)
        | CqlValue::Set(_)
        | CqlValue::Map(_)
        | CqlValue::Tuple(_)
        | CqlValue::UserType(_)
        | CqlValue::Vector(_) => look::COLLECTION,
        _ => look::NUMBER,
    }
}
