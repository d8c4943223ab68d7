//! Texts of others, for terminals and logs.

use std::fmt;

/// A text of a server or a user in one line: control characters are written as Rust writes them.
pub fn in_one_line(text: &str) -> impl fmt::Display + '_ {
    fmt::from_fn(|f| {
        text.chars().try_for_each(|c| match c.is_control() {
            true => write!(f, "{}", c.escape_default()),
            false => write!(f, "{c}"),
        })
    })
}
