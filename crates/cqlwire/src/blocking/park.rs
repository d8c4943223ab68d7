//! Waiting for a future on the thread that asks for it.
//!
//! ```text
//!   poll --ready--> done
//!    ^  |
//!    |  +--not yet--> sleep --woken------------------------------------------+
//!    |                  |                                                    |
//!    |                  +--nobody woke it for a while--> is the session's    |
//!    |                                                   thread all right? --+--> poll
//!    +-------------------------------------------------------|---------------+
//!                                                            +--no--> unserved
//! ```
//!
//! Deadlines are those of what is waited for. That of a request is kept by its connection, and, should
//! the session's thread stand still, by the request itself whenever it is looked at. The rest of what
//! could be waited for is on that thread, which is asked for signs of life meanwhile.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, coop};

use super::thread::RuntimeThread;
use crate::error::Unserved;
use crate::shared::Shared;
use crate::timed::Blocks;

/// How often somebody looks who is not woken.
const LOOK: Duration = Duration::from_millis(100);

/// How long the session's thread may owe a sign of life. It has little to do, but on a machine that may
/// have much.
const SILENCE: Duration = Duration::from_secs(10);

/// How much later than its deadline a wait may end by itself, on a machine that is busy.
const LATE: Duration = Duration::from_secs(1);

/// Waits for a future of a session's, which ends by itself within this time, or when it likes.
///
/// # Errors
///
/// The thread of the session cannot serve it. The future is dropped by then.
pub(super) fn wait<F: Future>(
    shared: &Shared,
    limit: Option<Duration>,
    future: F,
) -> Result<F::Output, Unserved> {
    let thread = shared.thread.get().ok_or(Unserved::NotBlocking)?;
    wait_on(thread, limit, future)
}

/// The same, of a session whose thread is this one.
pub(crate) fn wait_on<F: Future>(
    thread: &RuntimeThread,
    limit: Option<Duration>,
    future: F,
) -> Result<F::Output, Unserved> {
    if thread.is_this() {
        return Err(Unserved::OwnThread);
    }
    let _blocks = Blocks::enter(thread.handle());
    // A task of tokio's would never be given another turn: it cannot have one before this returns.
    let mut future = pin!(coop::unconstrained(future));
    let borrowed = Borrowed::of_this_thread();
    let waker = Waker::from(Arc::clone(&borrowed.parker));
    let mut watch = None;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(output);
        }
        if !borrowed.parker.park(LOOK) {
            watch.get_or_insert_with(|| Watch::new(limit)).look(thread)?;
        }
    }
}

/// A thread that sleeps until it is woken.
struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Parker {
    /// Sleeps until it is woken; false if it was not, for so long.
    fn park(&self, limit: Duration) -> bool {
        let mut until = None;
        // It may be unparked by others, for what concerns them.
        while !self.woken.swap(false, Ordering::Acquire) {
            let now = Instant::now();
            let left = until.get_or_insert(now + limit).saturating_duration_since(now);
            if left.is_zero() {
                return false;
            }
            thread::park_timeout(left);
        }
        true
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}

thread_local! {
    /// That of this thread, while it waits for nothing: one that waits within a wait, in a hook that
    /// asks for something itself, has another one, so that it takes no wake-up from the first.
    static SPARE: Cell<Option<Arc<Parker>>> = const { Cell::new(None) };
}

/// The parker of this thread, which is given back when this is dropped.
struct Borrowed {
    parker: Arc<Parker>,
}

impl Borrowed {
    fn of_this_thread() -> Self {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let new = || Parker { thread: thread::current(), woken: AtomicBool::new(false) };
        Self { parker: spare.unwrap_or_else(|| Arc::new(new())) }
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let spare = Arc::clone(&self.parker);
        // A thread that ends keeps none.
        SPARE.try_with(|kept| kept.set(Some(spare))).unwrap_or_default();
    }
}

/// Whether it is worth waiting on, looked at now and then.
struct Watch {
    /// When a wait ends that did not end by itself.
    until: Option<Instant>,
    /// A sign of life that the thread was asked for, and when.
    asked: Option<(JoinHandle<()>, Instant)>,
    /// It had ended before the last look.
    has_ended: bool,
}

impl Watch {
    /// For a wait that has been going on for one look, and may for so long.
    fn new(limit: Option<Duration>) -> Self {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit.saturating_add(LATE)));
        Self { until, asked: None, has_ended: false }
    }

    /// # Errors
    ///
    /// It is not.
    fn look(&mut self, thread: &RuntimeThread) -> Result<(), Unserved> {
        if self.has_ended {
            return Err(Unserved::Ended);
        }
        // What its end has brought is waited for once more.
        self.has_ended = thread.has_ended();
        let now = Instant::now();
        let is_late = self.until.is_some_and(|until| now >= until);
        match &self.asked {
            Some((sign, _)) if sign.is_finished() => self.asked = None,
            Some((_, since)) if is_late || now.duration_since(*since) >= SILENCE => {
                return Err(Unserved::StandsStill);
            }
            Some(_) => {}
            None => self.asked = Some((thread.handle().spawn(async {}), now)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_is_taken_once_and_only_by_whom_it_is_for() {
        // There is a spare one from here on.
        drop(Borrowed::of_this_thread());
        let outer = Borrowed::of_this_thread();
        let inner = Borrowed::of_this_thread();
        outer.parker.wake_by_ref();
        assert!(!inner.parker.park(Duration::ZERO), "it is the other's");
        assert!(outer.parker.park(Duration::ZERO));
        thread::current().unpark();
        assert!(!outer.parker.park(Duration::from_millis(1)), "unparked by somebody else");
        drop(inner);
        let kept = Borrowed::of_this_thread();
        assert!(!Arc::ptr_eq(&kept.parker, &outer.parker), "who waits keeps its own");
    }
}
