//! The connections of a pool: those that can be picked, readable without a lock, and all that have
//! not ended yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use cqlwire_net::Connection;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::offer::Offer;
use crate::totals::PoolTotals;

/// The connections of a pool.
#[derive(Debug)]
pub(crate) struct Open {
    /// Those that can be picked; replaced as a whole: rarely written, read for every request.
    listed: ArcSwap<Vec<(u64, Connection)>>,
    /// Those that have not ended, draining ones included. Whoever holds the lock writes the list.
    known: Mutex<Known>,
    /// Notified when the first is listed, and when the last is listed no more.
    changed: Arc<Notify>,
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
    /// How many requests those on the list may have in flight together.
    max_in_flight: Option<usize>,
    /// Of those that have ended; and how many were opened.
    totals: PoolTotals,
}

impl Open {
    pub(crate) fn new(changed: Arc<Notify>, max_in_flight: Option<usize>) -> Self {
        let (connections, since) = (Vec::new(), Instant::now());
        let totals = PoolTotals::default();
        let known = Known { connections, since, next: 0, closed: false, max_in_flight, totals };
        Self { listed: ArcSwap::default(), known: Mutex::new(known), changed }
    }

    /// Is any on the list, and since when is that so?
    pub(crate) fn state(&self) -> (bool, Instant) {
        let known = self.known();
        (!self.listed.load().is_empty(), known.since)
    }

    /// The least busy of those that can be picked; one that is quiet only if all are.
    pub(crate) fn least_busy(&self) -> Option<Connection> {
        let listed = self.listed.load();
        let open = in_turn(&listed);
        open.min_by_key(|connection| (connection.is_quiet(), connection.load())).cloned()
    }

    /// The least busy of those that are not quiet, with what all of them owe.
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
        least.map(|(connection, _)| Offer { connection: connection.clone(), load: all })
    }

    /// What the connections owe that can be picked; `None` if there is none, or all are quiet.
    #[inline]
    pub(crate) fn load(&self) -> Option<usize> {
        let listed = self.listed.load();
        let open = listed.iter().map(|(_, connection)| connection).filter(|one| one.is_open());
        // What a quiet one owes is no work for the others, and they have to take its share.
        let well = open.filter(|one| !one.is_quiet());
        well.map(Connection::load).reduce(|sum, load| sum + load)
    }

    /// Those on the list may have so many requests in flight together from now on.
    pub(crate) fn limit_in_flight(&self, requests: usize) {
        self.known().max_in_flight = Some(requests);
        self.share_out();
    }

    /// Shares out among those on the list how many requests may be in flight.
    fn share_out(&self) {
        let Some(all) = self.known().max_in_flight else { return };
        let listed = self.listed.load();
        for (index, (_, connection)) in listed.iter().enumerate() {
            let share = all / listed.len() + usize::from(index < all % listed.len());
            connection.limit_in_flight(u16::try_from(share).unwrap_or(u16::MAX));
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
        let mut listed = Vec::clone(&self.listed.load());
        listed.push((number, connection.clone()));
        self.store(listed, known);
        Some(Listed { open: Arc::clone(self), connection, number })
    }

    fn delist(&self, number: u64) {
        let known = self.known();
        let mut listed = Vec::clone(&self.listed.load());
        listed.retain(|(listed, _)| *listed != number);
        self.store(listed, known);
    }

    fn store(&self, listed: Vec<(u64, Connection)>, mut known: MutexGuard<'_, Known>) {
        let (is_up, was_up) = (!listed.is_empty(), !self.listed.load().is_empty());
        self.listed.store(Arc::new(listed));
        if is_up != was_up {
            known.since = Instant::now();
        }
        drop(known);
        self.share_out();
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
fn in_turn(listed: &[(u64, Connection)]) -> impl Iterator<Item = &Connection> {
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
        let open = Arc::new(Open::new(Arc::default(), None));
        for _ in 0..3 {
            let stream = node.connect();
            let connection = Connection::over(stream, "node", &settings, soon).await.unwrap();
            let listed = open.list(connection.clone()).unwrap();
            assert_eq!((open.listed.load().len(), open.all().len()), (1, 1));
            drop(listed);
            assert!(!connection.is_open());
            assert_eq!(open.listed.load().len(), 0);
            connection.ended().await;
        }
        assert_eq!(open.all().len(), 0);
    }
}
