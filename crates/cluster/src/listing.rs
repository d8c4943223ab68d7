//! What one server lists of the cluster: the hosts, and how the keyspaces are replicated.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use cqlwire_codec::Token;
use uuid::Uuid;

use crate::ring::Replication;
use crate::{ContactFailure, HostDescription};

/// How the keyspaces are replicated, by name. One whose partitions the ring does not place is left
/// out.
pub(crate) type Replications = BTreeMap<Box<str>, Replication>;

/// What one server knows of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct ClusterRows {
    pub(crate) cluster_name: String,
    pub(crate) partitioner: String,
    /// What the schema is called as it is: another name, and something has changed.
    pub(crate) schema_version: Option<Uuid>,
    /// How the keyspaces are replicated.
    pub(crate) replications: Replications,
    /// The one that was asked first.
    pub(crate) hosts: Vec<HostRow>,
    /// Were there rows that did not say enough? So it is of hosts that are joining or leaving.
    pub(crate) incomplete: bool,
}

/// What a listing says beside the hosts.
#[derive(Copy, Clone, Debug)]
pub(crate) struct ListingState {
    /// See [`ClusterRows::incomplete`].
    pub(crate) incomplete: bool,
    /// See [`ClusterRows::schema_version`].
    pub(crate) schema_version: Option<Uuid>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostRow {
    pub(crate) description: HostDescription,
    /// Its address as the other servers know it, and name it in events.
    pub(crate) told_address: Option<SocketAddr>,
    /// In ascending order. None, if it is joining, or holds no data.
    pub(crate) tokens: Vec<Token>,
}

impl std::ops::Deref for HostRow {
    type Target = HostDescription;

    fn deref(&self) -> &HostDescription {
        &self.description
    }
}

impl ClusterRows {
    pub(crate) const fn state(&self) -> ListingState {
        let Self { incomplete, schema_version, .. } = *self;
        ListingState { incomplete, schema_version }
    }

    /// The same, provided that they are about this cluster, if it is known which it has to be.
    pub(crate) fn of_cluster(self, expected: Option<&str>) -> Result<Self, ContactFailure> {
        match expected {
            Some(expected) if self.cluster_name != expected => {
                let (expected, found) = (expected.to_owned(), self.cluster_name);
                Err(ContactFailure::OtherCluster { expected, found })
            }
            _ => Ok(self),
        }
    }
}
