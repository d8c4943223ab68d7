//! What is wrong with settings from outside.

use std::borrow::Cow;

use cqlwire_codec::in_one_line;

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
            true => in_one_line(&setting).to_string().into(),
            false => setting,
        };
        Self { setting, why: in_one_line(&why).to_string() }
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        ErrorKind::Settings { setting: error.setting, why: error.why }.into()
    }
}
