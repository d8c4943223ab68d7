//! The connections that are open at the moment, readable without a lock.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use cqlwire_net::Connection;

/// A list that is replaced as a whole: rarely written, read for every request.
#[derive(Debug, Default)]
pub(crate) struct Open {
    connections: ArcSwap<Vec<(u64, Connection)>>,
    /// Writers take turns; also the number of the next entry.
    writing: Mutex<u64>,
}

impl Open {
    /// The least busy one.
    pub(crate) fn least_busy(&self) -> Option<Connection> {
        let connections = self.connections.load();
        let least = connections.iter().min_by_key(|(_, connection)| connection.load());
        least.map(|(_, connection)| connection.clone())
    }

    pub(crate) fn all(&self) -> Vec<Connection> {
        self.connections.load().iter().map(|(_, connection)| connection.clone()).collect()
    }

    /// Adds a connection, which is taken off the list when the listing is dropped.
    pub(crate) fn list(self: &Arc<Self>, connection: Connection) -> Listed {
        let mut next = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *next;
        *next += 1;
        let mut connections = Vec::clone(&self.connections.load());
        connections.push((number, connection));
        self.connections.store(Arc::new(connections));
        drop(next);
        Listed { open: Arc::clone(self), number }
    }

    fn remove(&self, number: u64) {
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connections = Vec::clone(&self.connections.load());
        connections.retain(|(listed, _)| *listed != number);
        self.connections.store(Arc::new(connections));
    }
}

/// One connection's place on the list.
#[derive(Debug)]
pub(crate) struct Listed {
    open: Arc<Open>,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.open.remove(self.number);
    }
}
