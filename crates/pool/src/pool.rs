//! The handle of a pool.

use std::sync::Arc;

use cqlwire_net::{Connection, Deadline, RequestKind, ServerAddress};
use tokio_util::sync::DropGuard;

use crate::offer::Offer;
use crate::shared::Shared;
use crate::{LatencyHistogram, NotConnected, PoolState, PoolTotals, PoolUsage, Target};

/// The connections to one host. See the [crate](crate).
///
/// Handles are cheap to clone. When the last one is dropped, the connections finish what was sent
/// and close.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    _stop: Arc<DropGuard>,
}

impl Pool {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let stop = Arc::new(shared.stopped.clone().drop_guard());
        Self { shared, _stop: stop }
    }

    /// The least busy connection; of several that are equally busy, any. One that is
    /// [quiet](Connection::is_quiet) only if all are. It may have ended since;
    /// sending on it says so, and gives the request back.
    ///
    /// # Errors
    ///
    /// [`NotConnected`], with the reason: at once, without waiting for an attempt.
    pub fn pick(&self) -> Result<Connection, NotConnected> {
        self.shared.open.least_busy().ok_or_else(|| self.not_connected())
    }

    /// How many responses are owed by the connections that can be picked, with those of the other pools
    /// of the host, to choose among hosts; `None` if there is no such connection here, or all of them
    /// are [quiet](Connection::is_quiet). Takes no lock.
    #[inline]
    pub fn load(&self) -> Option<usize> {
        self.shared.open.load()
    }

    /// The least busy connection with the [load](Self::load), in one look; `None` where that is
    /// `None`. Waits for no lock.
    #[inline]
    pub fn offer(&self) -> Option<Offer> {
        self.shared.open.offer()
    }

    /// Is there a connection to the host that is [quiet](Connection::is_quiet), in whichever of its
    /// pools?
    pub fn has_quiet(&self) -> bool {
        self.shared.open.host().has_quiet()
    }

    /// From now on, has so many requests in flight at the host at once, shared out among the
    /// connections of all its pools that can be picked, each of which has at least one: by what the
    /// pools have to do, and evenly within each. What is more waits for them.
    pub fn limit_in_flight(&self, requests: usize) {
        self.shared.open.host().limit_in_flight(requests);
    }

    /// Waits for the first connection, or for as many failed attempts as it has slots.
    ///
    /// # Errors
    ///
    /// [`NotConnected`]: the attempts failed, or the deadline passed before.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the pool goes on connecting.
    pub async fn ready(&self, deadline: Deadline) -> Result<Connection, NotConnected> {
        self.shared.attempted(deadline).await;
        self.pick()
    }

    /// The server that it is for.
    pub fn target(&self) -> &Target {
        &self.shared.target
    }

    /// How many connections it is to have.
    pub fn size(&self) -> usize {
        self.shared.slots().len()
    }

    /// The host.
    pub fn address(&self) -> &ServerAddress {
        &self.shared.target.address
    }

    /// Is the host connected to, since when, and if not, why?
    pub fn state(&self) -> PoolState {
        self.shared.state()
    }

    /// The next attempts to connect begin at once, whatever back-off they wait for; those that are
    /// under way are followed by another at once if they fail.
    pub fn attempt_now(&self) {
        self.shared.hopes.send_modify(|hopes| *hopes = hopes.wrapping_add(1));
    }

    /// A request has found no connection: the next attempt waits no longer than
    /// [`backoff_under_demand`](crate::Settings::backoff_under_demand), however long its back-off
    /// has become. To be said as often as it happens: the rate of the attempts is bounded.
    #[cold]
    pub fn hasten(&self) {
        self.shared.demand.announce();
    }

    /// What the connections hold at the moment.
    pub fn usage(&self) -> PoolUsage {
        self.shared.open.connections.usage()
    }

    /// What the connections of all pools of the host hold at the moment.
    pub fn host_usage(&self) -> PoolUsage {
        self.shared.open.host().usage()
    }

    /// Which pool it is of those that its registry has started, from 1: a server that went and came
    /// back has another one, whose figures begin anew.
    pub fn number(&self) -> u64 {
        self.shared.number
    }

    /// What has become of its connections and their requests.
    pub fn totals(&self) -> PoolTotals {
        self.shared.open.connections.totals()
    }

    /// What has become of the connections of all pools of the host, and of their requests; those of
    /// pools that are not there any more included.
    pub fn host_totals(&self) -> PoolTotals {
        self.shared.open.host().totals()
    }

    /// How long the requests of this kind to the host took, each attempt being one; `None` if there
    /// were none. Those that ended a moment ago are among them once
    /// [`host_totals`](Self::host_totals) were looked at.
    pub fn latency(&self, kind: RequestKind) -> Option<LatencyHistogram> {
        self.shared.latencies.of(kind)
    }

    /// Connects no more and takes no more requests; what was sent finishes, then the connections
    /// close. Does not wait for it.
    pub fn stop(&self) {
        self.shared.stop();
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn not_connected(&self) -> NotConnected {
        NotConnected { address: self.address().clone(), reason: self.shared.reason() }
    }
}
