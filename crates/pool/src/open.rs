//! The connections of a pool: those that can be picked, readable without a lock, and all that have
//! not ended yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use cqlwire_net::Connection;

/// The connections of a pool.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// Those that can be picked; replaced as a whole: rarely written, read for every request.
    listed: ArcSwap<Vec<(u64, Connection)>>,
    /// Those that have not ended, draining ones included. Whoever holds the lock writes the list.
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    connections: Vec<Connection>,
    /// The number of the next entry of the list.
    next: u64,
}

impl Open {
    /// The least busy of those that can be picked.
    pub(crate) fn least_busy(&self) -> Option<Connection> {
        let listed = self.listed.load();
        let open = listed.iter().map(|(_, connection)| connection).filter(|one| one.is_open());
        open.min_by_key(|connection| connection.load()).cloned()
    }

    /// All that have not ended.
    pub(crate) fn all(&self) -> Vec<Connection> {
        let mut known = self.known();
        known.forget_ended();
        known.connections.clone()
    }

    /// Has this connection picked for as long as the listing lives; after that, it drains.
    pub(crate) fn list(self: &Arc<Self>, connection: Connection) -> Listed {
        let mut known = self.known();
        known.forget_ended();
        known.connections.push(connection.clone());
        let number = known.next;
        known.next += 1;
        let mut listed = Vec::clone(&self.listed.load());
        listed.push((number, connection.clone()));
        self.listed.store(Arc::new(listed));
        drop(known);
        Listed { open: Arc::clone(self), connection, number }
    }

    fn delist(&self, number: u64) {
        let _writing = self.known();
        let mut listed = Vec::clone(&self.listed.load());
        listed.retain(|(listed, _)| *listed != number);
        self.listed.store(Arc::new(listed));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget_ended(&mut self) {
        self.connections.retain(|connection| !connection.is_ended());
    }
}

/// One connection's place on the list.
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
