//! The keyspaces of a session: that of its connections, and those that other handles are in, one of
//! each name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cqlwire_cluster::Cluster;
use foldhash::quality::RandomState;

use super::Keyspace;
use crate::prepared::Origin;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Keyspaces {
    of_session: Arc<Keyspace>,
    open: Mutex<HashMap<Arc<str>, Weak<Keyspace>, RandomState>>,
}

impl Keyspaces {
    pub(crate) fn new(of_session: Keyspace) -> Self {
        Self { of_session: Arc::new(of_session), open: Mutex::default() }
    }

    /// That of the session's connections.
    pub(crate) const fn of_session(&self) -> &Arc<Keyspace> {
        &self.of_session
    }

    /// The one of this name, as it is open, or opened.
    pub(crate) fn open(&self, cluster: &Cluster, name: &str) -> Arc<Keyspace> {
        if self.of_session.name() == Some(name) {
            return Arc::clone(&self.of_session);
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keyspace) = open.get(name).and_then(Weak::upgrade) {
            return keyspace;
        }
        // Before it would grow, so that it does not grow for those that are gone.
        if open.len() == open.capacity() {
            open.retain(|_, keyspace| keyspace.strong_count() > 0);
        }
        let name: Arc<str> = name.into();
        let origin = self.of_session.origin().in_keyspace(Arc::clone(&name));
        let connections = cluster.keyspace(Arc::clone(&name));
        let keyspace = Arc::new(Keyspace::with_connections(origin, connections));
        open.insert(name, Arc::downgrade(&keyspace));
        keyspace
    }

    /// How many are on the list, those that are gone included.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.open.lock().unwrap().len()
    }

    /// The one that a statement was prepared in.
    pub(crate) fn of(&self, origin: &Origin, cluster: &Cluster) -> Arc<Keyspace> {
        match &origin.keyspace {
            Some(name) => self.open(cluster, name),
            None => Arc::clone(&self.of_session),
        }
    }

    /// Is anybody in the one that a statement was prepared in?
    pub(crate) fn is_open(&self, origin: &Origin) -> bool {
        let Some(name) = origin.keyspace.as_ref() else { return true };
        let open = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        self.of_session.name() == Some(name)
            || open().get(name).is_some_and(|keyspace| keyspace.strong_count() > 0)
    }
}
