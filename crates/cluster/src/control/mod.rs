//! The control connection: one connection over which servers are asked about the cluster.

mod system;

use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_codec::{
    Consistency, ErrorCode, Query, QueryParameters, RequestOptions, Response, ResultResponse, Rows,
    decode_response, encode_request,
};
use cqlwire_net::{Connection, ConnectionEnd, Deadline, Endpoint};

pub(crate) use self::system::{ClusterRows, HostRow};
use crate::{ContactFailure, Settings};

/// A connection that is kept for questions about the cluster.
#[derive(Debug)]
pub(crate) struct Control {
    endpoint: Endpoint,
    connection: Connection,
}

impl Control {
    /// Connects to this server.
    pub(crate) async fn open(
        endpoint: Endpoint,
        settings: &Settings,
        deadline: Deadline,
    ) -> Result<Self, ContactFailure> {
        let deadline = deadline.within(settings.pool.connect_timeout);
        // The keyspace of requests is no concern of this connection, and may not exist yet.
        let plain = cqlwire_net::Settings { keyspace: None, ..settings.pool.connection.clone() };
        let connection = Connection::open(&endpoint, &plain, deadline).await?;
        Ok(Self { endpoint, connection })
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks the server which servers there are.
    pub(crate) async fn list(&self, deadline: Deadline) -> Result<ClusterRows, ContactFailure> {
        let local = self.query(system::LOCAL, deadline).await?;
        let peers = match self.query(system::PEERS_V2, deadline).await {
            // Before 4.0 there is no such table, and all servers listen on the same port.
            Err(ContactFailure::Server(error)) if error.code == ErrorCode::Invalid => {
                self.query(system::PEERS, deadline).await?
            }
            peers => peers?,
        };
        system::read(&local, &peers, &self.endpoint)
    }

    pub(crate) async fn ended(&self) -> Arc<ConnectionEnd> {
        self.connection.ended().await
    }

    async fn query(&self, statement: &str, deadline: Deadline) -> Result<Rows, ContactFailure> {
        let connection = &self.connection;
        let query = Query { statement, parameters: QueryParameters::new(Consistency::One, &()) };
        let options =
            RequestOptions { compression: connection.compression(), ..RequestOptions::default() };
        let envelope = encode_request(&query, connection.version(), &options, BytesMut::new())?;
        let answer = connection.send(envelope, deadline)?.request.await?;
        match decode_response(&answer)?.response {
            Response::Result(ResultResponse::Rows(rows)) => Ok(rows),
            Response::Error(error) => Err(ContactFailure::Server(*error)),
            other => Err(ContactFailure::Unexpected(other.opcode())),
        }
    }
}
