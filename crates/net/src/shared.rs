//! What the handles of a connection, its requests and its driver have in common.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cqlwire_codec::{Compression, ProtocolVersion};
use cqlwire_mux::{self as mux, Sample};
use tokio::runtime;
use tokio_util::sync::CancellationToken;

use crate::{ConnectionEnd, Recorder, SessionLog};

/// The state machine behind its short lock, and what never changes beside it.
///
/// Under the lock: no user code, no await, no system call, no wake-up.
pub(crate) struct Shared {
    core: Mutex<mux::Connection>,
    /// Requests that somebody waits for, and responses that are owed to nobody any more, as the core had
    /// them when its lock was released last: for choosing the least busy connection without the lock.
    awaited: AtomicUsize,
    orphaned: AtomicUsize,
    /// Does the core take requests? Kept beside it to be looked at without the lock.
    open: AtomicBool,
    /// Is the server silent although it owes responses? As the driver saw it last.
    quiet: AtomicBool,
    /// How often it has turned quiet: each time all who wait are woken, and have to be watched for anew.
    silences: AtomicU32,
    pub(crate) peer: Peer,
    /// Why the connection is over; set before its requests are ended.
    end: OnceLock<Arc<ConnectionEnd>>,
    /// Where the times of requests go.
    recorder: OnceLock<Arc<dyn Recorder>>,
    /// The runtime that the driver is a task of, if that may be there and yet not run: as one of a
    /// single thread is that nobody blocks on. Those of several threads run by themselves.
    pub(crate) idle_home: Option<runtime::Id>,
    /// Cancelled once too many responses are owed to nobody, or one for too long.
    pub(crate) retiring: CancellationToken,
    /// Cancelled last, when the socket is gone.
    pub(crate) ended: CancellationToken,
}

/// Who is at the other end, and what the handshake agreed on.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The server as it was named.
    pub(crate) name: Arc<str>,
    pub(crate) version: ProtocolVersion,
    pub(crate) compression: Option<Compression>,
    /// Whose connection it is.
    pub(crate) log: SessionLog,
}

impl Shared {
    pub(crate) fn new(core: mux::Connection, peer: Peer) -> Self {
        Self {
            core: Mutex::new(core),
            awaited: AtomicUsize::new(0),
            orphaned: AtomicUsize::new(0),
            open: AtomicBool::new(true),
            quiet: AtomicBool::new(false),
            silences: AtomicU32::new(0),
            peer,
            end: OnceLock::new(),
            recorder: OnceLock::new(),
            idle_home: home_that_may_idle(),
            retiring: CancellationToken::new(),
            ended: CancellationToken::new(),
        }
    }

    pub(crate) fn core(&self) -> Core<'_> {
        // The state machine does not panic; whoever did held no invariant of it.
        let locked = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        Core { locked, awaited: &self.awaited, orphaned: &self.orphaned }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// To be called before the core ends or closes.
    pub(crate) fn set_not_open(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet.load(Ordering::Relaxed)
    }

    /// The driver's alone, under the lock under which it takes the wakers of those who wait. Whoever reads
    /// it keeps its cache line while it does not change.
    pub(crate) fn set_quiet(&self, quiet: bool) {
        if self.is_quiet() != quiet {
            self.quiet.store(quiet, Ordering::Relaxed);
            if quiet {
                self.silences.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How often all who wait were woken since the server had turned quiet.
    pub(crate) fn silences(&self) -> u32 {
        self.silences.load(Ordering::Relaxed)
    }

    /// What the server owes: responses to requests that somebody waits for, and to orphans.
    pub(crate) fn load(&self) -> usize {
        self.awaited() + self.orphaned.load(Ordering::Relaxed)
    }

    /// How many requests have somebody who may wait for them.
    pub(crate) fn awaited(&self) -> usize {
        self.awaited.load(Ordering::Relaxed)
    }

    /// The first one counts.
    pub(crate) fn set_recorder(&self, recorder: Arc<dyn Recorder>) {
        self.recorder.get_or_init(|| recorder);
    }

    /// Has these recorded, unless somebody else is about it: then they stay.
    pub(crate) fn record(&self, samples: &mut Vec<Sample>, wait: bool) {
        if !samples.is_empty()
            && self.recorder.get().is_none_or(|recorder| recorder.record(samples, wait))
        {
            samples.clear();
        }
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

/// The runtime that this is called on, if there is one.
pub(crate) fn here() -> Option<runtime::Id> {
    runtime::Handle::try_current().ok().map(|handle| handle.id())
}

fn home_that_may_idle() -> Option<runtime::Id> {
    let handle = runtime::Handle::try_current().ok()?;
    let runs_by_itself = handle.runtime_flavor() == runtime::RuntimeFlavor::MultiThread;
    (!runs_by_itself).then(|| handle.id())
}

/// The state machine, locked. However it changes meanwhile, what is owed is noted beside it when the
/// lock is released, so that choosing a connection takes no lock.
pub(crate) struct Core<'a> {
    locked: MutexGuard<'a, mux::Connection>,
    awaited: &'a AtomicUsize,
    orphaned: &'a AtomicUsize,
}

impl Deref for Core<'_> {
    type Target = mux::Connection;

    fn deref(&self) -> &mux::Connection {
        &self.locked
    }
}

impl DerefMut for Core<'_> {
    fn deref_mut(&mut self) -> &mut mux::Connection {
        &mut self.locked
    }
}

impl Drop for Core<'_> {
    fn drop(&mut self) {
        renew(self.awaited, self.locked.awaited());
        renew(self.orphaned, self.locked.orphaned());
    }
}

/// Notes a figure, if it is another one: whoever reads it keeps its cache line else. Written under the
/// lock alone, so that a plain store does.
fn renew(noted: &AtomicUsize, figure: usize) {
    if noted.load(Ordering::Relaxed) != figure {
        noted.store(figure, Ordering::Relaxed);
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
