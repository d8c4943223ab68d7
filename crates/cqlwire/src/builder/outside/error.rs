//! What is wrong with settings from outside.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind};

/// A setting from outside that is not right: its full name, what was given, and what is allowed, in
/// one line without a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {why}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The full name of the setting, or the part of the URL.
    pub setting: Cow<'static, str>,
    /// What is wrong with it.
    pub why: String,
}

impl ConfigError {
    /// In one line, whatever names people give to profiles and files.
    pub(super) fn new(setting: impl Into<Cow<'static, str>>, why: impl Into<String>) -> Self {
        let (setting, why) = (setting.into(), why.into());
        let setting = match setting.contains(char::is_control) {
            true => in_one_line(&setting).into(),
            false => setting,
        };
        Self { setting, why: in_one_line(&why) }
    }
}

/// Control characters are written as Rust writes them.
fn in_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => line.extend(c.escape_debug()),
            false => line.push(c),
        }
    }
    line
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        ErrorKind::Settings { setting: error.setting, why: error.why }.into()
    }
}
