//! What one handle of a session is in, and its clones with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use cqlwire_net::Deadline;
use tokio::runtime::Handle as Runtime;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{InKeyspace, Keyspace};
use crate::timed::timed;

/// The keyspace of a handle. One that was never switched costs its requests one look at a flag.
#[derive(Debug)]
pub(crate) struct Handle {
    /// That which it began with.
    first: Arc<Keyspace>,
    is_switched: AtomicBool,
    /// That which it was switched to since, if it was.
    now: ArcSwapOption<Keyspace>,
    /// Held by whoever switches.
    switching: Arc<Mutex<()>>,
}

impl Handle {
    pub(crate) fn new(first: Arc<Keyspace>) -> Self {
        let (is_switched, now) = (AtomicBool::new(false), ArcSwapOption::empty());
        Self { first, is_switched, now, switching: Arc::default() }
    }

    /// That of the requests which are made from now on.
    #[inline]
    pub(crate) fn keyspace(&self) -> InKeyspace<'_> {
        if self.is_switched.load(Ordering::Acquire) {
            return self.switched_to();
        }
        InKeyspace::Borrowed(&self.first)
    }

    #[inline(never)]
    fn switched_to(&self) -> InKeyspace<'_> {
        match self.now.load_full() {
            Some(now) => InKeyspace::Owned(now),
            None => InKeyspace::Borrowed(&self.first),
        }
    }

    /// Waits until nobody else switches; `None` if that is not so by then.
    pub(crate) async fn turn(
        &self,
        deadline: Deadline,
        home: &Runtime,
    ) -> Option<OwnedMutexGuard<()>> {
        let turn = Arc::clone(&self.switching).lock_owned();
        timed(home, async move { deadline.bound(turn).await }).await?.ok()
    }

    /// Requests that are made from now on are in this one.
    pub(crate) fn switch(&self, to: Arc<Keyspace>) {
        self.now.store(Some(to));
        self.is_switched.store(true, Ordering::Release);
    }
}
