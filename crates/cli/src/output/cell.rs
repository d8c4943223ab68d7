//! One value of a row as it stands in a table: its text in one line, how wide that is, its style.

use anstyle::Style;
use cqlwire::codec::in_one_line;
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
    /// Control characters, which could do anything to a terminal, are written as in Rust.
    pub(crate) fn new(text: &str, style: Style) -> Self {
        let text = in_one_line(text).to_string();
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
