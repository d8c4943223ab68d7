//! What the handles of a pool, its slots and its registry have in common.

use std::borrow::Cow;
use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cqlwire_net::{Connection, ConnectionEnd, Deadline, SessionLog};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::demand::Demand;
use crate::host_pools::HostPools;
use crate::latency::{HostLatencies, SessionLatencies};
use crate::open::{Listed, Open};
use crate::{ConnectionChange, ConnectionChangeKind, PoolState, Settings, Target, Unconnected};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Shared {
    /// Which one of those that its registry has started.
    pub(crate) number: u64,
    pub(crate) target: Target,
    pub(crate) settings: Arc<Settings>,
    pub(crate) stopped: CancellationToken,
    pub(crate) open: Arc<Open>,
    /// How long the requests to its host took.
    pub(crate) latencies: Arc<HostLatencies>,
    /// What stops each slot, in the order in which they began.
    pub(crate) slots: Mutex<Vec<CancellationToken>>,
    /// How often somebody had reason to think that an attempt would succeed by then.
    pub(crate) hopes: watch::Sender<u64>,
    /// Requests that found no connection.
    pub(crate) demand: Demand,
    /// Whoever follows the states of all pools.
    changed: Arc<Notify>,
    /// Whoever has one of them may connect; those of all pools.
    pub(crate) turns: Arc<Semaphore>,
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
    /// The first pool of a host.
    pub(crate) fn new(
        number: u64,
        target: Target,
        settings: Arc<Settings>,
        changed: Arc<Notify>,
        turns: Arc<Semaphore>,
        latencies: Arc<SessionLatencies>,
    ) -> Self {
        let open =
            Open::start(Arc::clone(&changed), Arc::new(HostPools::new(settings.max_in_flight)));
        let latencies = Arc::new(HostLatencies::new(latencies));
        Self::with(number, target, settings, changed, turns, open, latencies)
    }

    /// Another one of the same host, whose connections are in this keyspace.
    pub(crate) fn beside(&self, number: u64, keyspace: Arc<str>) -> Self {
        let target = Target { keyspace: Some(keyspace), ..self.target.clone() };
        let (settings, changed) = (Arc::clone(&self.settings), Arc::clone(&self.changed));
        let open = Open::start(Arc::clone(&changed), Arc::clone(self.open.host()));
        let (turns, latencies) = (Arc::clone(&self.turns), Arc::clone(&self.latencies));
        Self::with(number, target, settings, changed, turns, open, latencies)
    }

    fn with(
        number: u64,
        target: Target,
        settings: Arc<Settings>,
        changed: Arc<Notify>,
        turns: Arc<Semaphore>,
        open: Arc<Open>,
        latencies: Arc<HostLatencies>,
    ) -> Self {
        Self {
            number,
            target,
            stopped: CancellationToken::new(),
            open,
            latencies,
            settings,
            slots: Mutex::default(),
            hopes: watch::Sender::new(0),
            demand: Demand::default(),
            changed,
            turns,
            reason: Mutex::new(Unconnected::NotYet),
            attempts: watch::Sender::new(Attempts::default()),
        }
    }

    /// The log of the session that it belongs to.
    pub(crate) fn log(&self) -> &SessionLog {
        &self.settings.connection.log
    }

    fn hand_on(&self, kind: impl FnOnce() -> ConnectionChangeKind) {
        if let Some(sink) = &self.settings.on_change {
            sink.hand_on(ConnectionChange::of(&self.target, kind()));
        }
    }

    /// Each slot tries again and again: what an attempt failed with is said once, as long as others
    /// fail with the same.
    fn log_failed(&self, reason: &Unconnected) {
        let (session, host) = (self.log().id(), &self.target.address);
        let kind = match reason {
            Unconnected::Failed(error) => Some((error.phase, discriminant(&error.cause))),
            _ => None,
        };
        if self.log().is_news("no connection", (host, discriminant(reason), kind)) {
            tracing::warn!(%session, %host, %reason, "no connection: trying on, and saying so when it fails in another way");
        } else {
            tracing::debug!(%session, %host, %reason, "no connection");
        }
    }

    /// What its connections are like.
    pub(crate) fn connection_settings(&self) -> Cow<'_, cqlwire_net::Settings> {
        let settings = &self.settings.connection;
        match &self.target.keyspace {
            None => Cow::Borrowed(settings),
            Some(keyspace) => {
                let mut settings = settings.clone();
                settings.keyspace = Some((**keyspace).to_owned());
                Cow::Owned(settings)
            }
        }
    }

    /// A connection is open, and can be picked for as long as the listing lives; `None` once the
    /// pool is stopped.
    pub(crate) fn opened(&self, connection: Connection) -> Option<Listed> {
        connection.record_to(Arc::<HostLatencies>::clone(&self.latencies));
        let listed = self.open.list(connection)?;
        self.hand_on(|| ConnectionChangeKind::Opened);
        self.attempts.send_modify(|attempts| attempts.opened += 1);
        Some(listed)
    }

    pub(crate) fn failed(&self, reason: Unconnected) {
        self.log_failed(&reason);
        self.hand_on(|| ConnectionChangeKind::Failed(reason.clone()));
        let elsewhere = matches!(reason, Unconnected::Elsewhere(_));
        *self.locked_reason() = reason;
        self.open.connections.failed();
        if elsewhere {
            // The list of hosts is out of date.
            self.changed.notify_one();
        }
        self.attempts.send_modify(|attempts| attempts.failed += 1);
    }

    pub(crate) fn lost(&self, end: Arc<ConnectionEnd>) {
        let (session, host) = (self.log().id(), &self.target.address);
        match *end {
            ConnectionEnd::ClosedHere => tracing::debug!(%session, %host, "closed a connection"),
            _ => {
                tracing::info!(%session, %host, reason = %end, "lost a connection");
                self.hand_on(|| ConnectionChangeKind::Lost(Arc::clone(&end)));
            }
        }
        *self.locked_reason() = Unconnected::Lost(end);
    }

    /// The server has said that it is about to go.
    pub(crate) fn leaving(&self) {
        let (session, host) = (self.log().id(), &self.target.address);
        tracing::info!(%session, %host, "a server is about to go");
        *self.locked_reason() = Unconnected::Leaving;
    }

    /// Those made from now on are the first.
    pub(crate) fn forget_attempts(&self) {
        self.attempts.send_replace(Attempts::default());
    }

    /// Waits for a connection, or for as many failures as there are slots, but no longer than the
    /// deadline.
    pub(crate) async fn attempted(&self, deadline: Deadline) {
        let slots = self.slots().len();
        let mut attempts = self.attempts.subscribe();
        let any = attempts.wait_for(|attempts| attempts.opened > 0 || attempts.failed >= slots);
        // What counts is what there is by then.
        drop(deadline.bound(any).await);
    }

    pub(crate) fn reason(&self) -> Unconnected {
        if self.stopped.is_cancelled() {
            Unconnected::Closed
        } else if self.slots().is_empty() {
            Unconnected::NotWanted
        } else {
            self.locked_reason().clone()
        }
    }

    pub(crate) fn state(&self) -> PoolState {
        let (is_up, since) = self.open.connections.state();
        PoolState { since, down: (!is_up).then(|| self.reason()) }
    }

    pub(crate) fn slots(&self) -> MutexGuard<'_, Vec<CancellationToken>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects no more, and takes no more requests.
    pub(crate) fn stop(&self) {
        self.stopped.cancel();
        self.open.connections.close().iter().for_each(Connection::stop);
    }

    /// A slot has lost its task.
    pub(crate) fn unattended(&self, stopped: &CancellationToken) {
        if !stopped.is_cancelled() {
            *self.locked_reason() = Unconnected::RuntimeGone;
        }
    }

    fn locked_reason(&self) -> MutexGuard<'_, Unconnected> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
