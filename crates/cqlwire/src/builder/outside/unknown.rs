//! A name that no setting has: the setting that was meant, or those that are in its section.

use std::borrow::Cow;

use super::elsewhere::{also_called, in_section_called};
use super::sections::{below, first, is_section, known, section_of, sections, within};
use super::{ConfigError, names};

/// There is no setting of this name.
pub(super) fn unknown(path: &str) -> ConfigError {
    let why = match path {
        "profiles" => "it is a section; allowed: a table of profiles by their names, each a table \
                       of settings"
            .to_owned(),
        _ => Name::of(path).why(),
    };
    ConfigError::new(path.to_owned(), why)
}

/// A name as if it were of the profile without a name, and what it is of.
struct Name<'a> {
    path: Cow<'a, str>,
    /// What stands in the place of `profile.`.
    profile: Cow<'static, str>,
}

impl<'a> Name<'a> {
    fn of(path: &'a str) -> Self {
        let Some(rest) = path.strip_prefix("profiles.") else {
            return Self { path: path.into(), profile: "profile.".into() };
        };
        let (profile, path) = match rest.rsplit_once('.') {
            Some((profile, name)) => (profile, format!("profile.{name}")),
            None => (rest, "profile".to_owned()),
        };
        Self { path: path.into(), profile: format!("profiles.{profile}.").into() }
    }

    /// Why it is none.
    fn why(&self) -> String {
        let path = &*self.path;
        if is_section(path) {
            return format!("it is a section; allowed: a table of {}", within(path));
        }
        match self.meant() {
            Some(name) => format!("unknown setting{}", names::did_you_mean(&self.shown(&name))),
            None => match section_of(path) {
                "" => "unknown setting, and none is like it".to_owned(),
                section => {
                    let name = self.shown(section);
                    let section = within(section);
                    format!(
                        "unknown setting; allowed in `{}`: {section}",
                        name.trim_end_matches('.')
                    )
                }
            },
        }
    }

    fn shown(&self, name: &str) -> String {
        match name.strip_prefix("profile.") {
            Some(rest) => format!("{}{rest}", self.profile),
            None if name == "profile" => self.profile.trim_end_matches('.').to_owned(),
            None => name.to_owned(),
        }
    }

    /// What it is called elsewhere, then what is like it in its section, then anywhere.
    fn meant(&self) -> Option<String> {
        let path = &*self.path;
        if let Some((section, path)) = in_section_called(path) {
            let is_one = path == section || known().contains(&path);
            let meant = if is_one { Some(path) } else { in_its_section(&path) };
            return meant.or_else(|| Some(section.to_owned()));
        }
        if !section_of(path).is_empty() {
            return in_its_section(path);
        }
        if let Some(name) = also_called(path) {
            return Some(name.to_owned());
        }
        if let Some((given, rest)) = path.split_once('.') {
            let section = names::nearest(given, sections())?;
            let within = known().into_iter().filter_map(|name| below(&name, &section));
            return match names::nearest(rest, within) {
                Some(name) => Some(format!("{section}.{name}")),
                // Of two words that are nothing to each other, half of one is no likeness.
                None => names::is_nearly(given, &section).then_some(section),
            };
        }
        // Who forgot in which section it is.
        let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
        names::nearest(path, known()).or_else(|| {
            let nearest = names::nearest(path, known().iter().map(|name| last(name)))?;
            known().into_iter().find(|name| last(name) == nearest)
        })
    }
}

/// What is meant by a name that begins with a section.
fn in_its_section(path: &str) -> Option<String> {
    if let Some(name) = also_called(path) {
        return Some(name.to_owned());
    }
    let section = section_of(path);
    let rest = &path[section.len() + 1..];
    let names = known().into_iter().filter_map(|name| below(&name, section));
    let names = names.flat_map(|name| [first(&name).to_owned(), name]);
    names::nearest(rest, names).map(|name| format!("{section}.{name}"))
}
