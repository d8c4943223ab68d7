//! The control connection: one connection over which servers are asked about the cluster.

mod system;

use std::sync::Arc;

use cqlwire_codec::ErrorCode;
use cqlwire_net::{AskError, Connection, ConnectionEnd, Deadline, ServerAddress};

pub(crate) use self::system::{ClusterRows, HostRow};
use crate::ContactFailure;

/// The longest response to a question, in bytes: room for some 100,000 hosts.
const MAX_RESPONSE_BYTES: usize = 16 << 20;

/// A connection that is kept for questions about the cluster. Dropped, it closes: what it still owes
/// is not waited for.
#[derive(Debug)]
pub(crate) struct Control {
    address: ServerAddress,
    connection: Connection,
}

impl Control {
    /// Connects to this server.
    pub(crate) async fn open(
        address: ServerAddress,
        settings: &cqlwire_pool::Settings,
        deadline: Deadline,
    ) -> Result<Self, ContactFailure> {
        let deadline = deadline.within(settings.connect_timeout);
        let mut plain = settings.connection.clone();
        // The keyspace of requests is no concern of this connection, and may not exist yet.
        plain.keyspace = None;
        plain.max_envelope_bytes = plain.max_envelope_bytes.min(MAX_RESPONSE_BYTES);
        let connection = Connection::open_at(&address, &plain, deadline).await?;
        Ok(Self { address, connection })
    }

    pub(crate) const fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// Asks the server which servers there are, and takes no more than so many.
    pub(crate) async fn list(
        &self,
        deadline: Deadline,
        max_hosts: usize,
    ) -> Result<ClusterRows, ContactFailure> {
        let local = self.connection.ask(system::LOCAL, deadline).await?;
        let peers = match self.connection.ask(system::PEERS_V2, deadline).await {
            // Before 4.0 there is no such table, and all servers listen on the same port.
            Err(AskError::Server(error)) if error.code == ErrorCode::Invalid => {
                self.connection.ask(system::PEERS, deadline).await?
            }
            peers => peers?,
        };
        system::read(&local, &peers, &self.address, max_hosts)
    }

    pub(crate) async fn ended(&self) -> Arc<ConnectionEnd> {
        self.connection.ended().await
    }
}
