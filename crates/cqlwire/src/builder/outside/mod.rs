//! Settings from outside of the program: files, environments, URLs.
//!
//! ```text
//!   a file, an environment --serde--> Given --+
//!                                             +--> names and ranges --> Config --> SessionBuilder
//!   a URL, a name and a text ---------------- +     (session, profile)                 |
//!                                                                     check <-- connect+
//! ```
//!
//! `session` and `profile` are the table of all settings that are data: each has its name, its range
//! and its place there once, whatever it comes from. `check` goes through the same table before
//! anything is connected, so that what was set by code has the same ranges.

mod allowed;
mod apply;
mod check;
#[cfg(feature = "serde")]
mod de;
mod elsewhere;
mod error;
mod given;
mod held;
mod kind;
mod known;
mod names;
mod policies;
mod profile;
mod read;
mod sections;
mod session;
mod setting;
#[cfg(test)]
mod tests;
mod unknown;
mod url;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cqlwire_codec::in_one_line;

pub use self::error::ConfigError;
pub use self::known::KnownSetting;
use self::value::Value;

/// Settings of a session as data: from a file, an environment, or a URL.
///
/// With the feature `serde` it is deserialized from any format that says what its values are: TOML,
/// YAML, JSON, or what crates like `config` and `figment` make of an environment. Its names are those
/// of [`SessionBuilder`](crate::SessionBuilder) and of what its methods change: `retries.max_plans` is
/// [`SessionBuilder::retries`](crate::SessionBuilder::retries) with
/// [`max_plans`](crate::RetrySettings::max_plans). Requests are executed by `profile`, or by one of
/// `profiles`, each of which begins as a copy of `profile`. What is not said stays as it is.
///
/// ```toml
/// contact_points = ["10.0.0.1", "10.0.0.2:9042"]
/// local_data_center = "oslo"
/// keyspace = "shop"
///
/// [credentials]
/// user = "shop"
/// password = "secret"
///
/// [tls]
/// authorities = "/etc/cqlwire/ca.pem"
///
/// [retries.budget]
/// per_cent = 10
///
/// [profile]
/// timeout = "2s"
/// consistency = "LOCAL_QUORUM"
///
/// [profiles.reports]
/// timeout = "1m"
/// page_size = 20_000
/// speculative_policy = "constant 50ms"
/// ```
///
/// Times have their unit (`250ms`, `10s`, `1m 30s`), sizes may have one (`256 MiB`; a number alone is
/// bytes), lists may be one text with commas, and any value may be a text, since environments know
/// nothing else. What is not to be set is `none`, or null; names and paths are empty then, since
/// something may be called `none`. All of it may be one text, a [URL](Self::from_url). What is not right is an error of one line that
/// says the full name of the setting, what was given, and what is allowed; of a name that there is
/// not, the nearest one.
///
/// All settings, and how files and environments are read, are in
/// [settings.md](https://github.com/cqlwire/cqlwire/blob/main/docs/settings.md).
///
/// `Debug` and `Display` do not show the password. `Display` is a URL of the rest, which
/// [`from_url`](Self::from_url) reads if there are contact points in it.
#[derive(Clone, Default, PartialEq)]
pub struct Config {
    values: BTreeMap<Key, Value>,
    /// The profiles by name, those without a setting of their own, too.
    profiles: BTreeSet<String>,
}

/// A setting, and whose it is. In this order they are applied: a named profile begins as a copy of
/// the one without a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Session(&'static str),
    Profile(&'static str),
    Named(String, &'static str),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile.{name}"),
            Self::Named(profile, name) => write!(f, "profiles.{profile}.{name}"),
        }
    }
}

impl Key {
    /// A value of it as it can be read again.
    fn written(&self, value: &Value) -> String {
        let of_profile = |name: &str| profile::all().find(|setting| setting.name == name);
        let written = match self {
            Self::Session(name) => {
                let setting = session::all().find(|setting| setting.name == *name);
                setting.map(|setting| setting.written(value))
            }
            Self::Profile(name) | Self::Named(_, name) => {
                of_profile(name).map(|setting| setting.written(value))
            }
        };
        written.unwrap_or_default()
    }

    fn is_secret(&self) -> bool {
        let Self::Session(name) = self else { return false };
        session::all().any(|setting| setting.secret && setting.name == *name)
    }
}

impl Config {
    /// Sets one setting by its full name, such as `profile.timeout`, to what is written so. What it
    /// was before is forgotten; lists and tables are replaced as a whole, but for
    /// `startup_options.<name>`, which is one of them.
    ///
    /// # Errors
    ///
    /// There is no such setting, or it cannot be that.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        read::setting(self, name, &given::Given::Text(value.to_owned()))
    }

    /// These settings, and those of `over` instead where both have one: of several places that
    /// settings come from, each may have its say.
    #[must_use]
    pub fn with(mut self, over: Self) -> Self {
        self.values.extend(over.values);
        self.profiles.extend(over.profiles);
        self
    }

    /// What was said of a setting, by its full name, as it would be written; `None` if nothing was, and
    /// of a secret.
    pub fn get(&self, name: &str) -> Option<String> {
        let (key, value) = self.find(name)?;
        (!key.is_secret()).then(|| key.written(value))
    }

    /// Was anything said of this setting, by its full name?
    pub fn is_set(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<(&Key, &Value)> {
        let mut set = self.values.iter().filter(|(_, value)| **value != Value::None);
        set.find(|(key, _)| key.to_string() == name)
    }

    /// Is nothing set?
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.profiles.is_empty()
    }

    /// Every setting that there is, with what it may be and what it is by default, in the order of
    /// the documentation. Those of a profile are listed once, as `profile.<name>`.
    pub fn known() -> Vec<KnownSetting> {
        known::all()
    }

    /// What was said of a setting of the session.
    fn text(&self, name: &'static str) -> Option<String> {
        match self.values.get(&Key::Session(name))? {
            Value::None => None,
            value => Some(value.to_string()),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (key, value) in &self.values {
            let shown = if key.is_secret() { "not shown".to_owned() } else { key.written(value) };
            map.entry(&format_args!("{key}"), &format_args!("{}", in_one_line(&shown)));
        }
        map.finish()
    }
}
