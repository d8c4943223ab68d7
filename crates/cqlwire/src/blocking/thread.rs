//! The thread that serves the connections of one blocking session, and nothing else.
//!
//! ```text
//!   started --> serves --told to end: closed, or nobody holds the session--> tasks finish --> ended
//!                 |                                                                             ^
//!                 +------------------------------- it panics -----------------------------------+
//! ```
//!
//! However it ends, its runtime ends with it: each request that is under way is told so by the driver of
//! its connection, and whoever waits for anything else sees that `ended` has no sender any more.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::error::Unserved;

/// What the system calls it; it shows 15 characters.
const NAME: &str = "cqlwire-session";

/// See the [module](self). Dropped, it is told to end, and not waited for.
pub(crate) struct RuntimeThread {
    id: ThreadId,
    handle: Handle,
    /// What it lets finish before it ends.
    tasks: Arc<OnceLock<TaskTracker>>,
    stop: DropGuard,
    /// Nothing ever comes; it is disconnected once the thread has ended, and its runtime with it.
    ended: Receiver<Infallible>,
}

impl RuntimeThread {
    /// # Errors
    ///
    /// The system has no thread, or no descriptors for a runtime.
    pub(super) fn start() -> Result<Self, Unserved> {
        Self::start_beside(std::future::pending())
    }

    /// The same; it ends when this does, too.
    pub(crate) fn start_beside(
        other: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, Unserved> {
        let (stop, tasks) = (CancellationToken::new(), Arc::new(OnceLock::new()));
        let until = until_finished(stop.clone(), Arc::clone(&tasks));
        let serving = async move {
            tokio::select! {
                () = until => {}
                () = other => {}
            }
        };
        let (id, handle, ended) = spawn(serving).map_err(|error| Unserved::no_thread(&error))?;
        Ok(Self { id, handle, tasks, stop: stop.drop_guard(), ended })
    }

    /// These finish before it ends.
    pub(super) fn lets_finish(&self, tasks: &TaskTracker) {
        self.tasks.get_or_init(|| tasks.clone());
    }

    /// Is disconnected once it has ended.
    #[cfg(test)]
    pub(crate) fn end(&self) -> Receiver<Infallible> {
        self.ended.clone()
    }

    pub(crate) const fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Is it the one that this is called on?
    pub(super) fn is_this(&self) -> bool {
        thread::current().id() == self.id
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Has it end, and waits for that until then.
    pub(super) fn end_by(&self, at: Instant) {
        self.stop.token().cancel();
        if !self.is_this() {
            let Err(_ended_or_late) = self.ended.recv_deadline(at);
        }
    }
}

/// Waits until it is told to end, and then until what was begun has finished.
async fn until_finished(stop: CancellationToken, tasks: Arc<OnceLock<TaskTracker>>) {
    stop.cancelled().await;
    if let Some(tasks) = tasks.get() {
        tasks.close();
        tasks.wait().await;
    }
}

/// The runtime is made where it is dropped: not everywhere it could be.
fn spawn(
    serving: impl Future<Output = ()> + Send + 'static,
) -> io::Result<(ThreadId, Handle, Receiver<Infallible>)> {
    let ((alive, ended), (told, started)) = (bounded(0), bounded(1));
    let thread = thread::Builder::new().name(NAME.to_owned()).spawn(move || {
        // Dropped last, whatever panics.
        let _alive: Sender<Infallible> = alive;
        let Some(runtime) = started_runtime(&told) else { return };
        runtime.block_on(serving);
        // What blocks there may go on, and holds nobody up.
        runtime.shutdown_background();
    })?;
    let gone = || io::Error::other("the thread has ended before it began");
    let handle = started.recv().unwrap_or_else(|_| Err(gone()))?;
    Ok((thread.thread().id(), handle, ended))
}

fn started_runtime(told: &Sender<io::Result<Handle>>) -> Option<Runtime> {
    let started = Builder::new_current_thread().enable_all().build();
    let (runtime, outcome) = match started {
        Ok(runtime) => {
            let handle = runtime.handle().clone();
            (Some(runtime), Ok(handle))
        }
        Err(error) => (None, Err(error)),
    };
    told.send(outcome).ok().and(runtime)
}

impl fmt::Debug for RuntimeThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeThread").field("ended", &self.has_ended()).finish_non_exhaustive()
    }
}
