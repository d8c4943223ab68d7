//! What somebody wrote for a setting, before it is known what it has to be.

use std::fmt;

use cqlwire_codec::without_secrets;

/// How much of a value an error shows.
const SHOWN: usize = 64;

/// What somebody wrote in place of the path of its file.
pub(super) fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// A value as a file, an environment or a URL has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// Null, or an empty place in YAML.
    #[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "texts alone have none"))]
    Nothing,
    #[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "texts alone have none"))]
    Flag(bool),
    #[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "texts alone have none"))]
    Whole(i128),
    #[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "texts alone have none"))]
    Fraction(f64),
    Text(String),
    #[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "texts alone have none"))]
    List(Vec<Self>),
    #[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "texts alone have none"))]
    Table(Vec<(String, Self)>),
}

impl Given {
    /// It as one text, if it is one value: environments have texts alone, whatever is meant.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Whole(number) => Some(number.to_string()),
            Self::Fraction(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Nothing | Self::List(_) | Self::Table(_) => None,
        }
    }

    /// It as the text that was written, which a fraction does not know any more: `1.10` is `1.1`.
    pub(super) fn as_written(&self) -> Option<String> {
        self.text().filter(|_| !matches!(self, Self::Fraction(_)))
    }
}

impl fmt::Display for Given {
    /// In one line, and not all of it if it is long. Nothing of a key is shown, and nothing of a URL that
    /// may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::List(values) => write!(f, "a list of {}", values.len()),
            Self::Table(values) => write!(f, "a table of {}", values.len()),
            Self::Text(text) if is_pem(text) => f.write_str("PEM that is not shown"),
            Self::Text(text) => {
                let text = without_secrets(text);
                let cut: String = text.chars().take(SHOWN).collect();
                let more = if cut.len() < text.len() { "..." } else { "" };
                write!(f, "`{}{more}`", cut.escape_debug())
            }
            Self::Flag(_) | Self::Whole(_) | Self::Fraction(_) => {
                f.write_str(&self.text().unwrap_or_default())
            }
        }
    }
}
