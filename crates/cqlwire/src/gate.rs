//! The gate of a session: who is inside finishes, and once it is closed nobody comes in.
//!
//! ```text
//!   open ---close---> closed, some inside ---the last leaves---> closed and empty
//! ```
//!
//! Closed or not and how many are inside are one number, so that there is no moment between looking
//! and entering; how many requests there were so far is in it too, so that counting them costs no
//! operation of its own. `make loom` goes through the interleavings of those who come, leave, close and wait.

#[cfg(not(loom))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

#[cfg(loom)]
use loom::sync::atomic::AtomicU64;
#[cfg(not(loom))]
use tokio::sync::Notify;

#[cfg(loom)]
use crate::notify::Notify;

/// Set once the gate is closed. Each one inside counts [`ONE`], below [`BEGUN`].
const CLOSED: u64 = 1;
const ONE: u64 = 2;

/// Each request that was begun, to the end of the number, where it wraps around.
const BEGUN: u64 = 1 << 32;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: AtomicU64,
    empty: Notify,
}

/// A call is inside, until this is dropped.
#[derive(Debug)]
#[must_use = "whoever drops it is outside again"]
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Comes in with a request, at the cost of one atomic operation; `None` once the gate is closed.
    pub(crate) fn enter(&self) -> Option<Permit<'_>> {
        self.add(ONE | BEGUN)
    }

    /// Comes in without one.
    #[cfg(not(loom))]
    pub(crate) fn step_in(&self) -> Option<Permit<'_>> {
        self.add(ONE)
    }

    fn add(&self, visitor: u64) -> Option<Permit<'_>> {
        let before = self.state.fetch_add(visitor, Ordering::AcqRel);
        let permit = Permit { gate: self };
        // Whoever comes too late leaves again at once, by way of the drop.
        (before & CLOSED == 0).then_some(permit)
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Waits until nobody is inside. Only of a closed gate is that so for good.
    pub(crate) async fn empty(&self) {
        loop {
            let mut left = std::pin::pin!(self.empty.notified());
            // Heard from here on, so that nobody leaves between the look and the wait.
            left.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            left.await;
        }
    }

    /// How many are inside.
    pub(crate) fn count(&self) -> usize {
        let inside = self.state.load(Ordering::Acquire) % BEGUN / ONE;
        usize::try_from(inside).unwrap_or(usize::MAX)
    }

    /// Counts a request of somebody who came in without one.
    #[cfg(not(loom))]
    pub(crate) fn begin(&self) {
        self.state.fetch_add(BEGUN, Ordering::Relaxed);
    }

    /// How many requests there have been. The number wraps around.
    #[cfg(not(loom))]
    pub(crate) fn begun(&self) -> u32 {
        u32::try_from(self.state.load(Ordering::Acquire) / BEGUN).unwrap_or_default()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let before = self.gate.state.fetch_sub(ONE, Ordering::AcqRel);
        if before % BEGUN == ONE | CLOSED {
            self.gate.empty.notify_waiters();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use cqlwire_testkit::cancel::poll_once;

    use super::*;

    #[tokio::test]
    async fn g10_1_who_is_inside_finishes_and_nobody_comes_in_later() {
        let gate = Gate::default();
        let first = gate.enter().unwrap();
        let second = gate.enter().unwrap();
        gate.close();
        assert!(gate.enter().is_none());
        let mut empty = Box::pin(gate.empty());
        assert!(poll_once(&mut empty).await.is_pending());
        drop(first);
        assert!(poll_once(&mut empty).await.is_pending());
        drop(second);
        assert!(poll_once(&mut empty).await.is_ready());
        assert_eq!(gate.count(), 0);
    }

    #[test]
    fn requests_are_counted_whoever_is_inside() {
        let gate = Gate::default();
        let call = gate.enter();
        let reader = gate.step_in();
        assert_eq!((gate.begun(), gate.count()), (1, 2));
        gate.begin();
        drop(call);
        assert_eq!((gate.begun(), gate.count()), (2, 1));
        gate.state.fetch_add(BEGUN * u64::from(u32::MAX - 1), Ordering::Relaxed);
        assert_eq!((gate.begun(), gate.count()), (0, 1), "it wraps around");
        drop(reader);
        gate.close();
        assert!(gate.enter().is_none() && gate.is_closed());
        assert_eq!(gate.count(), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn g10_1_no_race_of_close_leaves_anybody_inside() {
        for _ in 0..2_000 {
            let gate = Arc::new(Gate::default());
            let visitor = tokio::spawn({
                let gate = Arc::clone(&gate);
                async move {
                    let came_in = gate.enter().is_some();
                    let still_closed = gate.enter().is_none();
                    came_in || still_closed
                }
            });
            gate.close();
            gate.empty().await;
            assert!(gate.enter().is_none());
            assert!(visitor.await.unwrap(), "refused once is refused for good");
            assert_eq!(gate.count(), 0);
        }
    }
}
