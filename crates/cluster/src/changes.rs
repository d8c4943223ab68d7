//! What happened to the cluster, for whoever follows it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cqlwire_net::ServerAddress;
use cqlwire_pool::Sink;
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

/// How many changes are kept for a reader that does not come; then the oldest go.
const MOST_UNREAD: usize = 1024;

/// Something that happened to the cluster, as this client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterChange {
    /// A host joined, or is listed for the first time.
    HostAdded {
        /// Its id.
        host_id: Uuid,
        /// Where it is.
        address: ServerAddress,
    },
    /// A host left, or is listed no more.
    HostRemoved {
        /// Its id.
        host_id: Uuid,
        /// Where it was.
        address: ServerAddress,
    },
    /// A host is at another address.
    HostMoved {
        /// Its id.
        host_id: Uuid,
        /// Where it was.
        from: ServerAddress,
        /// Where it is.
        to: ServerAddress,
    },
    /// A host got its first connection.
    HostUp {
        /// Its id.
        host_id: Uuid,
        /// Where it is.
        address: ServerAddress,
    },
    /// A host lost its last connection.
    HostDown {
        /// Its id.
        host_id: Uuid,
        /// Where it is.
        address: ServerAddress,
        /// Why, in words.
        reason: Arc<str>,
    },
    /// The schema was read anew.
    SchemaChanged,
    /// So many changes were lost, since they were not read in time: what there is by now is in the
    /// topology and the schema.
    Missed(u64),
}

/// The changes of a cluster from the moment on when this was asked for. Of those that are not read
/// the oldest go when there are 1,024; that some were lost is a [change](ClusterChange::Missed) too.
#[derive(Debug)]
pub struct ClusterChanges {
    receiver: broadcast::Receiver<ClusterChange>,
}

impl ClusterChanges {
    /// The next one; `None` once the cluster is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it loses no change.
    pub async fn next(&mut self) -> Option<ClusterChange> {
        match self.receiver.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(missed)) => Some(ClusterChange::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}

/// Where changes are published, until it is closed.
#[derive(Debug)]
pub(crate) struct Publisher {
    followers: Mutex<Option<broadcast::Sender<ClusterChange>>>,
    sink: Option<Sink<ClusterChange>>,
}

impl Publisher {
    /// Whoever follows is told, and this sink.
    pub(crate) fn new(sink: Option<Sink<ClusterChange>>) -> Self {
        Self { followers: Mutex::new(Some(broadcast::Sender::new(MOST_UNREAD))), sink }
    }

    /// Of one that is closed there is nothing to come.
    pub(crate) fn subscribe(&self) -> ClusterChanges {
        let closed = || broadcast::channel(1).1;
        let receiver = self.sender().as_ref().map_or_else(closed, broadcast::Sender::subscribe);
        ClusterChanges { receiver }
    }

    pub(crate) fn publish(&self, change: ClusterChange) {
        if let Some(sink) = &self.sink {
            sink.hand_on(change.clone());
        }
        if let Some(sender) = &*self.sender() {
            // Nobody listens: nothing is kept either.
            sender.send(change).unwrap_or_default();
        }
    }

    pub(crate) fn close(&self) {
        self.sender().take();
    }

    fn sender(&self) -> MutexGuard<'_, Option<broadcast::Sender<ClusterChange>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
