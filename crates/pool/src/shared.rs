//! What the handles of a pool, its slots and its registry have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cqlwire_net::{ConnectError, Connection, ConnectionEnd, Deadline, ServerAddress, Usage};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::open::{Listed, Open};
use crate::{PoolUsage, Settings, Unconnected};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: ServerAddress,
    pub(crate) settings: Arc<Settings>,
    pub(crate) stopped: CancellationToken,
    pub(crate) open: Arc<Open>,
    /// Why there would be no connection, if there was none.
    reason: Mutex<Unconnected>,
    attempts: watch::Sender<Attempts>,
}

/// How many attempts to connect were made so far.
#[derive(Copy, Clone, Debug, Default)]
struct Attempts {
    opened: usize,
    failed: usize,
}

impl Shared {
    pub(crate) fn new(address: ServerAddress, settings: Arc<Settings>) -> Self {
        Self {
            address,
            settings,
            stopped: CancellationToken::new(),
            open: Arc::default(),
            reason: Mutex::new(Unconnected::NotYet),
            attempts: watch::Sender::new(Attempts::default()),
        }
    }

    /// A connection is open, and can be picked for as long as the listing lives; `None` once the
    /// pool is stopped.
    pub(crate) fn opened(&self, connection: Connection) -> Option<Listed> {
        let listed = self.open.list(connection)?;
        self.attempts.send_modify(|attempts| attempts.opened += 1);
        Some(listed)
    }

    pub(crate) fn failed(&self, error: ConnectError) {
        tracing::warn!(%error, "no connection");
        *self.locked_reason() = Unconnected::Failed(Box::new(error));
        self.attempts.send_modify(|attempts| attempts.failed += 1);
    }

    pub(crate) fn lost(&self, end: Arc<ConnectionEnd>) {
        tracing::info!(host = %self.address, reason = %end, "lost a connection");
        *self.locked_reason() = Unconnected::Lost(end);
    }

    /// Waits for a connection, or for as many failures as there are slots, but no longer than the
    /// deadline.
    pub(crate) async fn attempted(&self, deadline: Deadline) {
        let slots = self.settings.connections.get();
        let mut attempts = self.attempts.subscribe();
        let any = attempts.wait_for(|attempts| attempts.opened > 0 || attempts.failed >= slots);
        // What counts is what there is by then.
        drop(deadline.bound(any).await);
    }

    pub(crate) fn reason(&self) -> Unconnected {
        if self.stopped.is_cancelled() { Unconnected::Closed } else { self.locked_reason().clone() }
    }

    /// Connects no more, and takes no more requests.
    pub(crate) fn stop(&self) {
        self.stopped.cancel();
        self.open.close().iter().for_each(Connection::stop);
    }

    pub(crate) fn usage(&self) -> PoolUsage {
        let connections = self.open.all();
        let sum = connections.iter().fold(Usage::default(), |sum, c| sum + c.usage());
        PoolUsage { connections: connections.len(), usage: sum }
    }

    /// A slot has lost its task.
    pub(crate) fn unattended(&self) {
        if !self.stopped.is_cancelled() {
            *self.locked_reason() = Unconnected::RuntimeGone;
        }
    }

    fn locked_reason(&self) -> MutexGuard<'_, Unconnected> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
