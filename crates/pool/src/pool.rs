//! The handle of a pool.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cqlwire_net::{ConnectError, Connection, ConnectionEnd, Deadline, Endpoint, Usage};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::open::{Listed, Open};
use crate::{Settings, place};

/// The connections to one host. See the [crate](crate).
///
/// Handles are cheap to clone. When the last one is dropped, the connections finish what was sent
/// and close.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    _stop: Arc<DropGuard>,
}

/// What the handles and the tasks have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) settings: Settings,
    pub(crate) stopped: CancellationToken,
    open: Arc<Open>,
    /// Why there would be no connection, if there was none.
    reason: Mutex<Unconnected>,
    attempts: watch::Sender<Attempts>,
}

/// How many attempts to connect were made so far.
#[derive(Copy, Clone, Debug, Default)]
struct Attempts {
    opened: u64,
    failed: u64,
}

/// There is no connection to this host at the moment.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no connection to {endpoint}: {reason}")]
pub struct NotConnected {
    /// The host, as it was named.
    pub endpoint: Endpoint,
    /// Why.
    #[source]
    pub reason: Unconnected,
}

/// Why there is no connection to a host.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unconnected {
    /// The first attempts are under way.
    #[error("none has been opened yet")]
    NotYet,
    /// The last attempt failed; there will be another.
    #[error(transparent)]
    Failed(Box<ConnectError>),
    /// It was lost a moment ago, and another is being opened.
    #[error("it was lost, and is being opened again: {0}")]
    Lost(#[source] Arc<ConnectionEnd>),
    /// The pool has been closed.
    #[error("the pool is closed")]
    Closed,
}

/// What the connections of a pool hold at the moment.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// Connections that have not ended, draining ones included.
    pub connections: usize,
    /// What they hold, added up.
    pub usage: Usage,
}

impl std::ops::Add for PoolUsage {
    type Output = Self;

    /// What two pools hold together.
    fn add(self, other: Self) -> Self {
        let connections = self.connections + other.connections;
        Self { connections, usage: self.usage + other.usage }
    }
}

impl Pool {
    /// Begins to connect, and returns at once.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub fn start(endpoint: Endpoint, settings: Settings) -> Self {
        let stopped = CancellationToken::new();
        let shared = Arc::new(Shared {
            endpoint,
            settings,
            stopped: stopped.clone(),
            open: Arc::default(),
            reason: Mutex::new(Unconnected::NotYet),
            attempts: watch::Sender::new(Attempts::default()),
        });
        for _ in 0..shared.settings.connections.get() {
            shared.settings.connection.tasks.spawn(place::keep(Arc::clone(&shared)));
        }
        Self { shared, _stop: Arc::new(stopped.drop_guard()) }
    }

    /// The least busy connection. It may have ended since; sending on it says so, and gives the
    /// request back.
    ///
    /// # Errors
    ///
    /// [`NotConnected`], with the reason: at once, without waiting for an attempt.
    pub fn pick(&self) -> Result<Connection, NotConnected> {
        self.shared.open.least_busy().ok_or_else(|| self.not_connected())
    }

    /// Waits for the first connection, or for the first attempt that fails.
    ///
    /// # Errors
    ///
    /// [`NotConnected`]: the attempt failed, or the deadline passed before there was any outcome.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the pool goes on connecting.
    pub async fn ready(&self, deadline: Deadline) -> Result<Connection, NotConnected> {
        let mut attempts = self.shared.attempts.subscribe();
        let any = attempts.wait_for(|attempts| attempts.opened + attempts.failed > 0);
        // However the wait ends, what counts is what there is by then.
        tokio::select! {
            _ = any => {}
            () = tokio::time::sleep_until(deadline.at().into()) => {}
        }
        self.pick()
    }

    /// The host, as it was named.
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// What the connections hold at the moment.
    pub fn usage(&self) -> PoolUsage {
        let connections = self.shared.open.all();
        let sum = connections.iter().fold(Usage::default(), |sum, c| sum + c.usage());
        PoolUsage { connections: connections.len(), usage: sum }
    }

    /// Connects no more and takes no more requests; what was sent finishes, then the connections
    /// close. Does not wait for it.
    pub fn stop(&self) {
        self.shared.stopped.cancel();
        self.shared.open.all().iter().for_each(Connection::stop);
    }

    /// Connects no more, lets what was sent finish, and closes the connections; at the deadline it
    /// closes them all the same. May be called often and by many.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the connections go on closing, without a deadline of their own.
    pub async fn close(&self, deadline: Deadline) {
        self.stop();
        for connection in self.shared.open.all() {
            connection.close(deadline).await;
        }
    }

    fn not_connected(&self) -> NotConnected {
        let shared = &self.shared;
        let reason = if shared.stopped.is_cancelled() {
            Unconnected::Closed
        } else {
            shared.reason().clone()
        };
        NotConnected { endpoint: shared.endpoint.clone(), reason }
    }
}

impl Shared {
    /// A connection is open, and can be picked for as long as the listing lives.
    pub(crate) fn opened(&self, connection: Connection) -> Listed {
        let listed = self.open.list(connection);
        self.attempts.send_modify(|attempts| attempts.opened += 1);
        listed
    }

    pub(crate) fn failed(&self, error: ConnectError) {
        tracing::warn!(%error, "no connection");
        *self.reason() = Unconnected::Failed(Box::new(error));
        self.attempts.send_modify(|attempts| attempts.failed += 1);
    }

    pub(crate) fn lost(&self, end: Arc<ConnectionEnd>) {
        tracing::info!(host = %self.endpoint, reason = %end, "lost a connection");
        *self.reason() = Unconnected::Lost(end);
    }

    fn reason(&self) -> MutexGuard<'_, Unconnected> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
