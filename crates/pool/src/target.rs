//! What a pool connects to.

use std::net::SocketAddr;
use std::sync::Arc;

use cqlwire_net::ServerAddress;
use uuid::Uuid;

/// The server that a pool is for.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is.
    pub address: ServerAddress,
    /// Who it is: each connection has the server say so before it is used. `None` if whoever
    /// responds there is taken.
    pub identity: Option<Identity>,
    /// The keyspace of unqualified names on its connections; `None`: that of the
    /// [settings](cqlwire_net::Settings::keyspace).
    pub keyspace: Option<Arc<str>>,
}

/// Who a server is, as its `system.local` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its host id.
    pub host_id: Uuid,
    /// The name of its cluster.
    pub cluster_name: Arc<str>,
}

impl From<ServerAddress> for Target {
    /// Whoever responds there.
    fn from(address: ServerAddress) -> Self {
        Self { address, identity: None, keyspace: None }
    }
}

impl From<SocketAddr> for Target {
    /// Whoever responds there.
    fn from(address: SocketAddr) -> Self {
        ServerAddress::from(address).into()
    }
}
