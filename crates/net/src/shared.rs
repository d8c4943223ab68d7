//! What the handles of a connection, its requests and its driver have in common.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cqlwire_codec::{Compression, ProtocolVersion};
use cqlwire_mux as mux;
use tokio_util::sync::CancellationToken;

use crate::ConnectionEnd;

/// The state machine behind its short lock, and what never changes beside it.
///
/// Under the lock: no user code, no await, no system call, no wake-up.
pub(crate) struct Shared {
    core: Mutex<mux::Connection>,
    /// Requests whose futures exist, for choosing the least busy connection without the lock.
    load: AtomicUsize,
    /// Does the core take requests? Kept beside it to be looked at without the lock.
    open: AtomicBool,
    pub(crate) peer: Peer,
    /// Why the connection is over; set before its requests are told.
    end: OnceLock<Arc<ConnectionEnd>>,
    /// Cancelled once too many answers are owed to nobody, or one for too long.
    pub(crate) retiring: CancellationToken,
    /// Cancelled last, when the socket is gone.
    pub(crate) ended: CancellationToken,
}

/// Who is at the other end, and what the handshake settled.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The server as it was named.
    pub(crate) name: Arc<str>,
    pub(crate) version: ProtocolVersion,
    pub(crate) compression: Option<Compression>,
}

impl Shared {
    pub(crate) fn new(core: mux::Connection, peer: Peer) -> Self {
        Self {
            core: Mutex::new(core),
            load: AtomicUsize::new(0),
            open: AtomicBool::new(true),
            peer,
            end: OnceLock::new(),
            retiring: CancellationToken::new(),
            ended: CancellationToken::new(),
        }
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, mux::Connection> {
        // The state machine does not panic; whoever did held no invariant of it.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// To be called before the core is told.
    pub(crate) fn set_not_open(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    pub(crate) fn add_load(&self) {
        self.load.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn remove_load(&self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
    }

    /// Why the connection is over; meaningful once it is.
    pub(crate) fn end(&self) -> Arc<ConnectionEnd> {
        Arc::clone(self.end.get_or_init(|| Arc::new(ConnectionEnd::RuntimeGone)))
    }

    /// The first reason counts.
    pub(crate) fn set_end(&self, end: ConnectionEnd) {
        self.end.get_or_init(|| Arc::new(end));
    }
}

impl fmt::Debug for Shared {
    /// Which connection, and how it is; not what it carries, which may be anybody's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("peer", &self.peer)
            .field("open", &self.is_open())
            .field("load", &self.load())
            .field("end", &self.end.get())
            .finish_non_exhaustive()
    }
}
