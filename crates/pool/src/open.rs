//! The connections of a pool: those that can be picked, readable without a lock, and all that have
//! not ended yet.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use cqlwire_net::{Connection, Usage};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::host_pools::HostPools;
use crate::offer::Offer;
use crate::totals::PoolTotals;
use crate::usage::PoolUsage;

/// The connections of a pool.
#[derive(Debug)]
pub(crate) struct Open {
    /// Those that can be picked; replaced as a whole: rarely written, read for every request.
    listed: ArcSwap<Listing>,
    /// Those that have not ended, draining ones included. Whoever holds the lock writes the list.
    known: Mutex<Known>,
    /// Notified when the first is listed, and when the last is listed no more.
    changed: Arc<Notify>,
    /// What it has in common with the other pools of its host.
    host: Arc<HostPools>,
    /// How many requests each connection may have in flight, where the host has a limit.
    share: AtomicUsize,
}

/// Connections that can be picked, each with its number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing(Vec<(u64, Connection)>);

impl Listing {
    pub(crate) fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.0.iter().map(|(_, connection)| connection)
    }
}

#[derive(Debug)]
struct Known {
    connections: Vec<Connection>,
    /// Since when there has been one on the list, or none.
    since: Instant,
    /// The number of the next entry of the list.
    next: u64,
    /// Nothing is listed any more.
    closed: bool,
    /// Of those that have ended; and how many were opened.
    totals: PoolTotals,
}

impl Open {
    /// One more pool of this host.
    pub(crate) fn start(changed: Arc<Notify>, host: Arc<HostPools>) -> Arc<Self> {
        let (connections, since) = (Vec::new(), Instant::now());
        let totals = PoolTotals::default();
        let known = Mutex::new(Known { connections, since, next: 0, closed: false, totals });
        let (listed, share) = (ArcSwap::default(), AtomicUsize::new(usize::MAX));
        let open = Arc::new(Self { listed, known, changed, host, share });
        open.host.join(&open);
        open
    }

    /// What it has in common with the other pools of its host.
    pub(crate) const fn host(&self) -> &Arc<HostPools> {
        &self.host
    }

    pub(crate) fn listing(&self) -> Arc<Listing> {
        self.listed.load_full()
    }

    /// Is any on the list, and since when is that so?
    pub(crate) fn state(&self) -> (bool, Instant) {
        let known = self.known();
        (!self.listed.load().0.is_empty(), known.since)
    }

    /// The least busy of those that can be picked; one that is quiet only if all are.
    pub(crate) fn least_busy(&self) -> Option<Connection> {
        let listed = self.listed.load();
        let open = in_turn(&listed);
        let least = open.min_by_key(|connection| (connection.is_quiet(), connection.load()))?;
        if self.host.are_several() {
            self.look_at_share(least.load());
        }
        Some(least.clone())
    }

    /// The least busy of those that are not quiet, with what all of them owe, and those of the other
    /// pools of the host.
    #[inline]
    pub(crate) fn offer(&self) -> Option<Offer> {
        let listed = self.listed.load();
        let mut least: Option<(&Connection, usize)> = None;
        let mut all = 0;
        in_turn(&listed).filter(|one| !one.is_quiet()).for_each(|connection| {
            let load = connection.load();
            all += load;
            if least.is_none_or(|(_, least)| load < least) {
                least = Some((connection, load));
            }
        });
        let (connection, load) = least?;
        if self.host.are_several() {
            self.look_at_share(load);
            all = self.host.load();
        }
        Some(Offer { connection: connection.clone(), load: all })
    }

    /// What the connections owe that can be picked, with those of the other pools of the host; `None`
    /// if there is none here, or all are quiet.
    #[inline]
    pub(crate) fn load(&self) -> Option<usize> {
        let listed = self.listed.load();
        let open = listed.connections().filter(|one| one.is_open());
        // What a quiet one owes is no work for the others, and they have to take its share.
        let well = open.filter(|one| !one.is_quiet());
        let own = well.map(Connection::load).reduce(|sum, load| sum + load)?;
        Some(if self.host.are_several() { self.host.load() } else { own })
    }

    /// From now on each connection may have so many requests in flight.
    pub(crate) fn set_share(&self, requests: usize) {
        self.share.store(requests, Relaxed);
    }

    /// The least busy connection owes so much: is that all that it may?
    #[cold]
    fn look_at_share(&self, least: usize) {
        if least >= self.share.load(Relaxed) {
            self.host.share_out_anew();
        }
    }

    /// All that have not ended.
    pub(crate) fn all(&self) -> Vec<Connection> {
        let mut known = self.known();
        known.forget_ended();
        known.connections.clone()
    }

    /// What has become of all of them.
    pub(crate) fn totals(&self) -> PoolTotals {
        let mut known = self.known();
        known.forget_ended();
        let requests = known.connections.iter().map(Connection::totals);
        let requests = requests.fold(known.totals.requests, |sum, totals| sum + totals);
        PoolTotals { requests, ..known.totals }
    }

    /// What those hold that have not ended.
    pub(crate) fn usage(&self) -> PoolUsage {
        let connections = self.all();
        let usage = connections.iter().fold(Usage::default(), |sum, one| sum + one.usage());
        PoolUsage { connections: connections.len(), usage }
    }

    /// Another one takes the place of one that serves on.
    pub(crate) fn retired(&self) {
        self.known().totals.connections.retired += 1;
    }

    /// An attempt to open one failed.
    pub(crate) fn failed(&self) {
        self.known().totals.connections.failed += 1;
    }

    /// Lists no more, and gives all that have not ended.
    pub(crate) fn close(&self) -> Vec<Connection> {
        let mut known = self.known();
        known.closed = true;
        known.forget_ended();
        known.connections.clone()
    }

    /// Has this connection picked for as long as the listing lives; after that, it drains. `None`
    /// once nothing is listed any more: then it drains at once.
    pub(crate) fn list(self: &Arc<Self>, connection: Connection) -> Option<Listed> {
        let mut known = self.known();
        if known.closed {
            return None;
        }
        known.forget_ended();
        known.totals.connections.opened += 1;
        known.connections.push(connection.clone());
        let number = known.next;
        known.next += 1;
        let mut listed = Listing::clone(&self.listed.load());
        listed.0.push((number, connection.clone()));
        self.store(listed, known);
        Some(Listed { open: Arc::clone(self), connection, number })
    }

    fn delist(&self, number: u64) {
        let known = self.known();
        let mut listed = Listing::clone(&self.listed.load());
        listed.0.retain(|(listed, _)| *listed != number);
        self.store(listed, known);
    }

    fn store(&self, listed: Listing, mut known: MutexGuard<'_, Known>) {
        let (is_up, was_up) = (!listed.0.is_empty(), !self.listed.load().0.is_empty());
        self.listed.store(Arc::new(listed));
        if is_up != was_up {
            known.since = Instant::now();
        }
        drop(known);
        self.host.listed();
        if is_up != was_up {
            self.changed.notify_one();
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that are open, from another one on each time, at random: of several that are equally busy
/// the first may be one that no response comes from.
#[inline]
fn in_turn(Listing(listed): &Listing) -> impl Iterator<Item = &Connection> {
    let start = if listed.len() > 1 { fastrand::usize(..listed.len()) } else { 0 };
    let (before, after) = listed.split_at_checked(start).unwrap_or_default();
    let all = after.iter().chain(before).map(|(_, connection)| connection);
    all.filter(|connection| connection.is_open())
}

impl Known {
    fn forget_ended(&mut self) {
        let totals = &mut self.totals;
        self.connections.retain(|connection| {
            let end = connection.end();
            if let Some(end) = &end {
                totals.connections.ended(end);
                totals.requests = totals.requests + connection.totals();
            }
            end.is_none()
        });
    }
}

/// One connection on the list.
#[derive(Debug)]
pub(crate) struct Listed {
    open: Arc<Open>,
    connection: Connection,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.open.delist(self.number);
        self.connection.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cqlwire_net::{Deadline, Settings};
    use cqlwire_testkit::node::ScriptedNode;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_no_longer_listed_is_forgotten_and_drains() {
        let node = ScriptedNode::builder().in_memory();
        let (settings, soon) = (Settings::default(), Deadline::after(Duration::from_secs(5)));
        let open = Open::start(Arc::default(), Arc::new(HostPools::new(None)));
        for _ in 0..3 {
            let stream = node.connect();
            let connection = Connection::over(stream, "node", &settings, soon).await.unwrap();
            let listed = open.list(connection.clone()).unwrap();
            assert_eq!((open.listed.load().0.len(), open.all().len()), (1, 1));
            drop(listed);
            assert!(!connection.is_open());
            assert_eq!(open.listed.load().0.len(), 0);
            connection.ended().await;
        }
        assert_eq!(open.all().len(), 0);
    }
}
