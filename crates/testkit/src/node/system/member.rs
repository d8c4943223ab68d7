//! One node, as the system tables describe it.

use std::net::SocketAddr;
use std::sync::Arc;

use super::super::rows::fingerprint;

/// One node, as the system tables describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Where clients reach it.
    pub address: SocketAddr,
    /// Which node it is, wherever it is reached: a uuid.
    pub host_id: [u8; 16],
    /// Its data center.
    pub data_center: String,
    /// Its rack.
    pub rack: String,
    /// Its tokens, as the tables have them: text, whatever the partitioner is.
    pub tokens: Vec<String>,
    /// Its version, as `release_version` has it.
    pub release: String,
    /// What `schema_version` says; nodes agree when it is the same.
    pub schema: [u8; 16],
    /// The cluster that it belongs to.
    pub cluster_name: String,
    /// The class of the cluster's partitioner.
    pub partitioner: String,
    /// Columns that are null in the tables of its peers, which have not heard of them yet: the row
    /// of a node that is just joining.
    pub unknown_to_peers: Vec<String>,
}

impl Member {
    /// A Cassandra 5.0 of the cluster `scripted` in `datacenter1`, `rack1`, with a host id and one
    /// token that its address decides.
    pub fn new(address: SocketAddr) -> Self {
        let bytes = fingerprint(&address);
        let token = bytes.first_chunk().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        Self {
            address,
            host_id: uuid_of(&address),
            data_center: "datacenter1".to_owned(),
            rack: "rack1".to_owned(),
            tokens: vec![token.to_string()],
            release: "5.0.9".to_owned(),
            schema: [0x5C; 16],
            cluster_name: "scripted".to_owned(),
            partitioner: "org.apache.cassandra.dht.Murmur3Partitioner".to_owned(),
            unknown_to_peers: Vec::new(),
        }
    }

    /// The first number of its version; 0 if it has none.
    pub(super) fn major_release(&self) -> u32 {
        self.release.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
    }
}

/// A uuid that is the same for the same thing.
pub(crate) fn uuid_of(of: &(impl std::hash::Hash + ?Sized)) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(&fingerprint(of));
    // The version and the variant of a random uuid.
    id[6] = id[6] & 0x0F | 0x40;
    id[8] = id[8] & 0x3F | 0x80;
    id
}

/// The other nodes, as one node sees them.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Peers {
    pub(in super::super) members: Arc<[Member]>,
    /// The node itself, if the members have it and its tables are not to.
    pub(in super::super) except: Option<[u8; 16]>,
}

impl Peers {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| self.except != Some(member.host_id))
    }
}
