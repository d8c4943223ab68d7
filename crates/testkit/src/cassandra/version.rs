//! Which Cassandra: its version, and what differs between versions for whoever starts one.

use std::fmt;
use std::str::FromStr;

use super::{Error, environment};

/// A version of Cassandra, 4.0 or newer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// As its jars are called.
    text: String,
    branch: (u32, u32),
}

impl Version {
    /// The version that is started unless `CQLWIRE_CASSANDRA_VERSION` says another.
    pub const DEFAULT: &'static str = "5.0.9";

    /// What `CQLWIRE_CASSANDRA_VERSION` says, or else the default.
    pub(super) fn wanted() -> Result<Self, Error> {
        environment::variable("CQLWIRE_CASSANDRA_VERSION")
            .as_deref()
            .unwrap_or(Self::DEFAULT)
            .parse()
    }

    /// The Java versions that it runs on.
    pub(super) const fn javas(&self) -> &'static [u32] {
        if self.branch.0 >= 5 { &[17, 11] } else { &[11] }
    }

    /// The official image. Images of single patches come and go, so it is that of the branch.
    pub(super) fn image(&self) -> String {
        format!("cassandra:{}.{}", self.branch.0, self.branch.1)
    }

    /// A line of `cassandra.yaml`, of a key and a value as 4.1 and later have them: those before have
    /// the units of times in their keys, and say `enable_` of what is `_enabled` later.
    pub(super) fn setting(&self, key: &str, value: &str) -> String {
        let is_old = self.is_before(4, 1);
        match (value.strip_suffix("ms"), key.strip_suffix("_enabled")) {
            (Some(number), _) if is_old => format!("{key}_in_ms: {number}\n"),
            (_, Some(what)) if is_old => format!("enable_{what}: {value}\n"),
            _ => format!("{key}: {value}\n"),
        }
    }

    /// Whether it takes certificates as PEM files; 4.0 knows Java keystores only.
    pub(super) const fn reads_pem(&self) -> bool {
        !self.is_before(4, 1)
    }

    /// Whether it is what is started when nothing is said.
    pub(super) fn is_default(&self) -> bool {
        self.text == Self::DEFAULT
    }

    const fn is_before(&self, major: u32, minor: u32) -> bool {
        self.branch.0 < major || (self.branch.0 == major && self.branch.1 < minor)
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let unknown = || Error::Version { text: text.to_owned() };
        let well_formed = text.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
        let mut numbers = text.split(['.', '-']).map(str::parse);
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(_)) if well_formed && major >= 4 => {
                Ok(Self { text: text.to_owned(), branch: (major, minor) })
            }
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn each_branch_has_its_java_its_image_and_its_keys() {
        let newest = version(Version::DEFAULT);
        assert!(newest.is_default());
        assert_eq!(newest.javas(), [17, 11]);
        assert_eq!(newest.image(), "cassandra:5.0");
        let middle = version("4.1.10");
        assert_eq!(middle.javas(), [11]);
        assert_eq!(middle.setting("cas_timeout", "10ms"), "cas_timeout: 10ms\n");
        assert!(middle.reads_pem());
        let oldest = version("4.0.19");
        assert_eq!(oldest.image(), "cassandra:4.0");
        assert_eq!(oldest.setting("cas_timeout", "10ms"), "cas_timeout_in_ms: 10\n");
        assert_eq!(oldest.setting("num_tokens", "8"), "num_tokens: 8\n");
        let views = "materialized_views_enabled";
        assert_eq!(oldest.setting(views, "true"), "enable_materialized_views: true\n");
        assert_eq!(middle.setting(views, "true"), "materialized_views_enabled: true\n");
        assert!(!oldest.reads_pem() && !oldest.is_default());
    }

    #[test]
    fn what_is_no_version_is_refused() {
        assert_eq!(version("5.1-alpha1").image(), "cassandra:5.1");
        for text in ["", "5", "5.0", "latest", "3.11.19", "5.0.9/../x", "5.x.1"] {
            let refused = text.parse::<Version>().unwrap_err().to_string();
            assert!(refused.contains("CQLWIRE_CASSANDRA_VERSION"), "{text}: {refused}");
        }
    }
}
