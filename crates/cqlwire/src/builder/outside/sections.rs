//! The names of all settings, and the sections that they are in.

use std::collections::BTreeSet;

use super::{profile, session};

/// Shorter names, for URLs above all.
const ALIASES: [(&str, &str); 2] = [("local_dc", "local_data_center"), ("tls", "tls.authorities")];

/// The name in full.
pub(super) fn full(path: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == path).map_or(path, |(_, name)| name)
}

/// Does a name with settings begin so?
pub(super) fn is_section(path: &str) -> bool {
    let begins = |name: &str| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    path == "profile"
        || path == "profiles"
        || path.strip_prefix("profiles.").is_some_and(|profile| !profile.contains('.'))
        || session::all().any(|setting| begins(setting.name))
}

/// Every name that a setting may have.
pub(super) fn known() -> Vec<String> {
    let aliases = ALIASES.iter().map(|(alias, _)| (*alias).to_owned());
    let of_session = session::all().map(|setting| setting.name.to_owned());
    let of_profile = profile::all().map(|setting| format!("profile.{}", setting.name));
    of_session.chain(of_profile).chain(aliases).collect()
}

/// Every beginning of a name.
pub(super) fn sections() -> BTreeSet<String> {
    let beginnings = |name: &str| -> Vec<String> {
        name.match_indices('.').map(|(end, _)| name[..end].to_owned()).collect()
    };
    known().iter().flat_map(|name| beginnings(name)).collect()
}

/// The longest section that the name is in; empty if it is in none.
pub(super) fn section_of(path: &str) -> &str {
    let mut beginnings = path.rmatch_indices('.').map(|(end, _)| &path[..end]);
    beginnings.find(|section| is_section(section)).unwrap_or("")
}

/// What follows the section in the name of one of its settings.
pub(super) fn below(name: &str, section: &str) -> Option<String> {
    name.strip_prefix(section)?.strip_prefix('.').map(str::to_owned)
}

pub(super) fn first(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The settings and sections of a section.
pub(super) fn within(section: &str) -> String {
    let names = known().into_iter().filter_map(|name| below(&name, section));
    let mut shown: Vec<String> = names.map(|name| format!("`{}`", first(&name))).collect();
    shown.dedup();
    shown.join(", ")
}
