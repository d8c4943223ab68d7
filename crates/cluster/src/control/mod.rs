//! The control connection: one connection over which servers are asked about the cluster.

mod system;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{ErrorCode, Event, EventKind, Response, Startup, decode_response};
use cqlwire_net::{AskError, Connection, ConnectionEnd, Deadline, ServerAddress, SessionLog};

use crate::listing::{ClusterRows, Replications};
use crate::placement;
use crate::schema::{self, Schema, SchemaRefresh, SchemaScope, SchemaSettings};
use crate::translation::translate;
use crate::{ContactFailure, Settings, Topology};

/// The longest response to a question, in bytes: room for some 100,000 hosts.
const MAX_RESPONSE_BYTES: usize = 16 << 20;

/// How often it is said at most that a server pushes what is no event.
const EVERY: Duration = Duration::from_secs(600);

/// What the refresh task makes something of.
const EVENTS: [EventKind; 3] =
    [EventKind::TopologyChange, EventKind::StatusChange, EventKind::SchemaChange];

/// A connection that is kept for questions about the cluster. Dropped, it closes: what it still owes
/// is not waited for.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    address: ServerAddress,
    connection: Connection,
}

impl Control {
    /// Connects to this server.
    pub(crate) async fn open(
        address: ServerAddress,
        pool: &cqlwire_pool::Settings,
        driver_config: Option<&String>,
        deadline: Deadline,
    ) -> Result<Self, ContactFailure> {
        let deadline = deadline.within(pool.connect_timeout);
        let mut plain = pool.connection.clone();
        if let Some(config) = driver_config {
            let key = Startup::DRIVER_CONFIG.to_owned();
            plain.startup_options.entry(key).or_insert_with(|| config.clone());
        }
        // The keyspace of requests is no concern of this connection, and may not exist yet.
        plain.keyspace = None;
        plain.max_envelope_bytes = plain.max_envelope_bytes.min(MAX_RESPONSE_BYTES);
        let connection = Connection::open_at(&address, &plain, deadline).await?;
        Ok(Self { address, connection })
    }

    pub(crate) const fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// Has the server push what happens to the cluster from now on. What it is asked after that is
    /// no older than the first event.
    ///
    /// A server that refuses is one that does not push: then the cluster is only listed.
    pub(crate) async fn register(&self, deadline: Deadline) -> Result<(), ContactFailure> {
        match self.connection.register(&EVENTS, deadline).await {
            Err(AskError::Server(error)) => {
                let (log, host) = (self.log(), self.address());
                if log.is_news("no events", host) {
                    let session = log.id();
                    tracing::warn!(%session, %host, %error, "no events: changes are seen when hosts are listed");
                }
                Ok(())
            }
            registered => Ok(registered?),
        }
    }

    /// The next event; `None` once the connection is over.
    pub(crate) async fn next_event(&self) -> Option<Event> {
        loop {
            let envelope = self.connection.next_event().await?;
            match decode_response(&envelope).map(|decoded| decoded.response) {
                Ok(Response::Event(event)) => return Some(event),
                Ok(other) => self.log_no_event(&format_args!("{} is none", other.opcode())),
                Err(error) => self.log_no_event(&error),
            }
        }
    }

    /// A server that pushes what is no event may do so often.
    fn log_no_event(&self, error: &dyn Display) {
        if let Some(passed_over) = self.log().now_and_then("no event", self.address(), EVERY) {
            let (session, host) = (self.log().id(), self.address());
            tracing::warn!(%session, %host, %error, passed_over, "an event cannot be read: passed over");
        }
    }

    fn log(&self) -> &SessionLog {
        self.connection.log()
    }

    /// How many events were dropped, since nobody read them in time.
    pub(crate) fn dropped_events(&self) -> u64 {
        self.connection.dropped_events()
    }

    /// Asks the server which servers there are, and where they are reached: if that cannot be found
    /// out, where they were known to be.
    pub(crate) async fn list(
        &self,
        deadline: Deadline,
        settings: &Settings,
        known: Option<&Topology>,
    ) -> Result<ClusterRows, ContactFailure> {
        let local = self.connection.ask(system::LOCAL, deadline).await?;
        let peers = match self.connection.ask(system::PEERS_V2, deadline).await {
            // Before 4.0 there is no such table, and all servers listen on the same port.
            Err(AskError::Server(error)) if error.code == ErrorCode::Invalid => {
                self.connection.ask(system::PEERS, deadline).await?
            }
            peers => peers?,
        };
        let mut rows = system::read(&local, &peers, &self.address, settings)?;
        rows.replications = self.replications(deadline).await?;
        if let Some(translator) = &settings.address_translator {
            let translating = translate(&**translator, &mut rows.hosts, known, settings.log());
            deadline.bound(translating).await.map_err(|_| ContactFailure::TranslationTimeout)?;
        }
        Ok(rows)
    }

    /// How the keyspaces are replicated. A server that does not say so is one whose requests are
    /// routed without tokens.
    async fn replications(&self, deadline: Deadline) -> Result<Replications, ContactFailure> {
        let scope = SchemaScope::Replication;
        let settings = SchemaSettings { scope, ..SchemaSettings::default() };
        let (all, none) = (SchemaRefresh::Whole, Schema::default());
        match schema::read(&self.connection, &all, &none, &settings, deadline).await {
            Ok(schema) => Ok(placement::replications(&schema)),
            Err(error) if error.is_of_server() => {
                let (log, host) = (self.log(), self.address());
                if log.is_news("no replication", host) {
                    let session = log.id();
                    tracing::warn!(%session, %host, %error, "the replication of keyspaces is not known");
                }
                Ok(Replications::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) async fn ended(&self) -> Arc<ConnectionEnd> {
        self.connection.ended().await
    }
}
