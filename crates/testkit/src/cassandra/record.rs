//! What is written down about a running cluster, for processes that did not start it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ports::{self, Ports};
use super::process::Server;
use super::variant::Variant;
use super::{Error, home};

/// A running cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) variant: Variant,
    pub(super) ports: Ports,
    /// What stands in its `cassandra.yaml` beside the usual lines.
    #[serde(default)]
    pub(super) settings: Vec<(String, String)>,
    /// In the order of the nodes.
    pub(super) servers: Vec<Server>,
}

impl Record {
    fn path(cluster: &Path) -> PathBuf {
        cluster.join("running.json")
    }

    /// The one in the directory of a cluster; `None` if nothing is written down there, or nothing
    /// that can be read.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(cluster)).ok()?).ok()
    }

    /// Writes it down.
    pub(super) fn write(&self, cluster: &Path) -> Result<(), Error> {
        let path = Self::path(cluster);
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from);
        home::write(&path, &text.map_err(Error::file("write", &path))?)
    }

    /// Takes it away.
    pub(super) fn remove(cluster: &Path) {
        // If it stays, it is about processes that are gone.
        fs::remove_file(Self::path(cluster)).unwrap_or_default();
    }

    /// Is it like what a test starts that shares a server? Settings may change what servers answer.
    pub(super) fn is_usual(&self, version: &str) -> bool {
        self.version == version && self.variant.is_open() && self.settings.is_empty()
    }

    /// Where its nodes answer.
    pub(super) fn contact_points(&self) -> Vec<SocketAddr> {
        let nodes = 1..=self.variant.nodes;
        nodes.map(|node| SocketAddr::new(ports::address(node), self.ports.cql)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_until_it_is_removed() {
        let cluster = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(cluster.path()), None);
        let server = Server { pid: 7, mark: "mark".to_owned(), container: None };
        let record = Record {
            name: "dev-plain-2".to_owned(),
            version: "5.0.9".to_owned(),
            variant: Variant { nodes: 2, ..Variant::PLAIN },
            ports: Ports::DEFAULT,
            settings: vec![("accord".to_owned(), "{enabled: true}".to_owned())],
            servers: vec![server.clone(), server],
        };
        record.write(cluster.path()).unwrap();
        assert_eq!(Record::read(cluster.path()), Some(record.clone()));
        let points: Vec<String> = record.contact_points().iter().map(ToString::to_string).collect();
        assert_eq!(points, ["127.0.0.1:9042", "127.0.0.2:9042"]);
        assert!(!record.is_usual("5.0.9"), "it has a setting of its own");
        let usual = Record { settings: Vec::new(), ..record };
        assert!(usual.is_usual("5.0.9") && !usual.is_usual("5.0.8"));
        Record::remove(cluster.path());
        assert_eq!(Record::read(cluster.path()), None);
    }

    /// What was up when the checkout changed can still be shut down.
    #[test]
    fn a_record_without_settings_is_read() {
        let cluster = tempfile::tempdir().unwrap();
        let (variant, ports) = (Variant::PLAIN, Ports::DEFAULT);
        let (name, version) = ("dev-plain".to_owned(), "5.0.9".to_owned());
        let (settings, servers) = (Vec::new(), Vec::new());
        let record = Record { name, version, variant, ports, settings, servers };
        let mut written = serde_json::to_value(&record).unwrap();
        written.as_object_mut().unwrap().remove("settings").unwrap();
        home::write(&Record::path(cluster.path()), &written.to_string()).unwrap();
        assert_eq!(Record::read(cluster.path()), Some(record));
    }
}
