//! From what somebody wrote to a configuration: names to settings, values to what they are.

use std::collections::{BTreeMap, HashSet};

use super::allowed::Allowed;
use super::given::Given;
use super::sections::{full, is_section};
use super::setting::Setting;
use super::unknown::unknown;
use super::value::Value;
use super::{Config, ConfigError, Key, profile, session};
use crate::builder::SessionBuilder;
use crate::profile::ExecutionProfile;

/// A setting that was found by its name.
enum Found {
    Session(&'static Setting<SessionBuilder>),
    Profile(Option<String>, &'static Setting<ExecutionProfile>),
    /// One entry of a setting that is a table.
    Entry(&'static Setting<SessionBuilder>, String),
}

impl Config {
    /// Everything that is in this table.
    #[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "texts alone have none"))]
    pub(super) fn from_given(given: Given) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        match given {
            Given::Table(entries) => section(&mut config, "", entries)?,
            Given::Nothing => {}
            // As an environment has it, that knows texts alone.
            Given::Text(url) => return Self::from_url(&url),
            other => {
                return Err(ConfigError::new(
                    "settings",
                    format!("{other} was given; allowed: a table"),
                ));
            }
        }
        Ok(config)
    }
}

/// The entries of the section of this name.
fn section(
    config: &mut Config,
    within: &str,
    entries: Vec<(String, Given)>,
) -> Result<(), ConfigError> {
    for (name, given) in entries {
        let path = if within.is_empty() { name.clone() } else { format!("{within}.{name}") };
        let is_section = within == "profiles" || is_section(&path);
        let given = match given {
            // `tls` alone is a setting, too.
            Given::Nothing if is_section && find(full(&path)).is_none() => Given::Table(Vec::new()),
            given => given,
        };
        match given {
            Given::Table(entries) if is_section => {
                if within == "profiles" {
                    sound_profile(&name)?;
                    config.profiles.insert(name);
                }
                section(config, &path, entries)?;
            }
            given => once(config, &path, &given)?,
        }
    }
    Ok(())
}

/// Sets a setting where each is said once, whatever it is called: one of two would be ignored.
pub(super) fn once(config: &mut Config, path: &str, given: &Given) -> Result<(), ConfigError> {
    let has = |key: &Key| config.values.contains_key(key);
    let is_there = match find(full(path)) {
        Some(Found::Session(setting)) => has(&Key::Session(setting.name)),
        Some(Found::Profile(None, setting)) => has(&Key::Profile(setting.name)),
        Some(Found::Profile(Some(profile), setting)) => has(&Key::Named(profile, setting.name)),
        Some(Found::Entry(setting, entry)) => {
            let table = config.values.get(&Key::Session(setting.name));
            matches!(table, Some(Value::Map(table)) if table.contains_key(&entry))
        }
        None => false,
    };
    let twice = |path: String| Err(ConfigError::new(path, "it was given twice; allowed: once"));
    if is_there {
        return twice(full(path).to_owned());
    }
    let mut seen = HashSet::new();
    let repeated = match given {
        Given::Table(entries) => entries.iter().find(|(entry, _)| !seen.insert(entry)),
        _ => None,
    };
    match repeated {
        Some((entry, _)) => twice(format!("{path}.{entry}")),
        None => setting(config, path, given),
    }
}

/// Is there such a setting, and is it one that nothing shows?
pub(super) fn is_secret(path: &str) -> Option<bool> {
    find(full(path)).map(|found| matches!(found, Found::Session(setting) if setting.secret))
}

/// Whether a profile may have this name.
fn sound_profile(name: &str) -> Result<(), ConfigError> {
    if name.is_empty() || name == crate::profile::DEFAULT_PROFILE {
        let why =
            format!("`{name}` was given; allowed: another name; the default one is `profile`");
        return Err(ConfigError::new("profiles", why));
    }
    Ok(())
}

/// Sets the setting of this full name.
pub(super) fn setting(config: &mut Config, path: &str, given: &Given) -> Result<(), ConfigError> {
    let path = full(path);
    match find(path).ok_or_else(|| unknown(path))? {
        Found::Session(setting) => {
            let value = read(path, setting, given)?;
            config.values.insert(Key::Session(setting.name), value);
        }
        Found::Profile(None, setting) => {
            let value = read(path, setting, given)?;
            config.values.insert(Key::Profile(setting.name), value);
        }
        Found::Profile(Some(profile), setting) => {
            sound_profile(&profile)?;
            let value = read(path, setting, given)?;
            config.profiles.insert(profile.clone());
            config.values.insert(Key::Named(profile, setting.name), value);
        }
        Found::Entry(setting, entry) => {
            let text = given.as_written().ok_or_else(|| refused(path, given, &setting.allowed))?;
            let key = Key::Session(setting.name);
            let mut table = match config.values.get(&key) {
                Some(Value::Map(table)) => table.clone(),
                _ => BTreeMap::new(),
            };
            table.insert(entry, text);
            let value = Value::Map(table);
            tried(path, setting, given, &value)?;
            config.values.insert(key, value);
        }
    }
    Ok(())
}

fn find(path: &str) -> Option<Found> {
    if let Some(setting) = session::all().find(|setting| setting.name == path) {
        return Some(Found::Session(setting));
    }
    let of_profile = |name: &str| profile::all().find(|setting| setting.name == name);
    if let Some(name) = path.strip_prefix("profile.") {
        return of_profile(name).map(|setting| Found::Profile(None, setting));
    }
    if let Some((profile, name)) =
        path.strip_prefix("profiles.").and_then(|rest| rest.rsplit_once('.'))
    {
        return of_profile(name).map(|setting| Found::Profile(Some(profile.to_owned()), setting));
    }
    let (table, entry) = path.split_once('.')?;
    let setting = session::all().find(|setting| setting.name == table && setting.allowed.is_map());
    setting.map(|setting| Found::Entry(setting, entry.to_owned()))
}

/// The value, tried on defaults: what a form of its own has to be, whoever holds it knows.
fn read<R: Default>(path: &str, setting: &Setting<R>, given: &Given) -> Result<Value, ConfigError> {
    if setting.secret {
        let not_shown = "what was given is not shown; ";
        let value = setting.allowed.read(given);
        return value.map_err(|_| {
            ConfigError::new(path.to_owned(), format!("{not_shown}{}", setting.allowed))
        });
    }
    let value =
        setting.allowed.read(given).map_err(|why| ConfigError::new(path.to_owned(), why))?;
    tried(path, setting, given, &value)?;
    Ok(value)
}

/// Whether whoever holds the setting takes it.
fn tried<R: Default>(
    path: &str,
    setting: &Setting<R>,
    given: &Given,
    value: &Value,
) -> Result<(), ConfigError> {
    (setting.put)(&mut R::default(), value.clone()).map_err(|why| {
        let why = format!("{given} was given: {why}; {}", setting.allowed);
        ConfigError::new(path.to_owned(), why)
    })
}

fn refused(path: &str, given: &Given, allowed: &Allowed) -> ConfigError {
    ConfigError::new(path.to_owned(), format!("{given} was given; {allowed}"))
}
