//! What servers say about one server.

use cqlwire_net::ServerAddress;
use uuid::Uuid;

/// One server, as the system tables describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostDescription {
    /// Its id, which stays when its address changes.
    pub id: Uuid,
    /// Where it listens for clients.
    pub address: ServerAddress,
    /// Its data center.
    pub data_center: String,
    /// Its rack.
    pub rack: String,
    /// The release that it runs, `5.0.9`.
    pub release_version: String,
}
