//! The list of all settings, for whoever documents them or offers them on.

use super::{profile, session};
use crate::builder::SessionBuilder;
use crate::profile::ExecutionProfile;

/// A setting that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownSetting {
    /// Its full name.
    pub name: String,
    /// What it may be, in words.
    pub allowed: String,
    /// What it is unless it is set, as it would be written; empty if there is nothing of it then.
    pub default: String,
}

pub(super) fn all() -> Vec<KnownSetting> {
    let (builder, default) = (SessionBuilder::default(), ExecutionProfile::default());
    let of_session = session::all().map(|setting| KnownSetting {
        name: setting.name.to_owned(),
        allowed: setting.allowed.range().to_string(),
        default: setting.written(&setting.of(&builder)),
    });
    let of_profile = profile::all().map(|setting| KnownSetting {
        name: format!("profile.{}", setting.name),
        allowed: setting.allowed.range().to_string(),
        default: setting.written(&setting.of(&default)),
    });
    of_session.chain(of_profile).collect()
}
