//! The connections of a pool: those that can be picked, readable without a lock, and all that have
//! not ended yet.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use cqlwire_net::{Connection, Usage};
use tokio::time::Instant;

use crate::totals::PoolTotals;
use crate::usage::PoolUsage;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Connections {
    /// Those that can be picked; replaced as a whole: rarely written, read for every request.
    listed: ArcSwap<Listing>,
    /// Those that have not ended, draining ones included. Whoever holds the lock writes the list.
    known: Mutex<Known>,
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

    /// Those that are open, each with its place, from another one on each time, at random: of several
    /// that are equally busy the first may be one that no response comes from.
    #[inline]
    pub(crate) fn in_turn(&self) -> impl Iterator<Item = (usize, &Connection)> {
        let Self(listed) = self;
        let start = if listed.len() > 1 { fastrand::usize(..listed.len()) } else { 0 };
        let (before, after) = listed.split_at_checked(start).unwrap_or_default();
        let all = (start..).zip(after).chain((0..).zip(before));
        let all = all.map(|(at, (_, connection))| (at, connection));
        all.filter(|(_, connection)| connection.is_open())
    }

    /// The one that has this place.
    #[inline]
    pub(crate) fn at(&self, place: usize) -> &Connection {
        &self.0[place].1
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

impl Connections {
    /// None yet.
    pub(crate) fn new() -> Self {
        let (connections, since) = (Vec::new(), Instant::now());
        let totals = PoolTotals::default();
        let known = Mutex::new(Known { connections, since, next: 0, closed: false, totals });
        Self { listed: ArcSwap::default(), known, share: AtomicUsize::new(usize::MAX) }
    }

    /// Those that can be picked.
    #[inline]
    pub(crate) fn listing(&self) -> Guard<Arc<Listing>> {
        self.listed.load()
    }

    /// Is any on the list, and since when is that so?
    pub(crate) fn state(&self) -> (bool, Instant) {
        let known = self.known();
        (!self.listed.load().0.is_empty(), known.since)
    }

    /// How many requests each may have in flight; more than there are, if the host has no limit.
    pub(crate) fn share(&self) -> usize {
        self.share.load(Relaxed)
    }

    /// From now on each may have so many requests in flight.
    pub(crate) fn set_share(&self, requests: usize) {
        self.share.store(requests, Relaxed);
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

    /// Lists one more, and gives its number, and whether it is the first; `None` once nothing is listed
    /// any more.
    pub(crate) fn list(&self, connection: Connection) -> Option<(u64, Change)> {
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
        listed.0.push((number, connection));
        Some((number, self.store(listed, known)))
    }

    /// Lists the one of this number no more.
    pub(crate) fn delist(&self, number: u64) -> Change {
        let known = self.known();
        let mut listed = Listing::clone(&self.listed.load());
        listed.0.retain(|(listed, _)| *listed != number);
        self.store(listed, known)
    }

    fn store(&self, listed: Listing, mut known: MutexGuard<'_, Known>) -> Change {
        let (is_up, was_up) = (!listed.0.is_empty(), !self.listed.load().0.is_empty());
        self.listed.store(Arc::new(listed));
        if is_up == was_up {
            return Change::Number;
        }
        known.since = Instant::now();
        Change::State
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What another list means.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Change {
    /// It is the first, or was the last.
    State,
    /// There are more of them, or fewer.
    Number,
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
