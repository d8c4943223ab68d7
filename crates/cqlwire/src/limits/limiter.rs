//! The queue behind its lock, and the guards: a permit, and a place in the queue, each given back
//! wherever it is dropped. `make loom` goes through the interleavings of those who come, wait, leave
//! and are dropped.

use std::ops::Deref;
#[cfg(not(loom))]
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

#[cfg(loom)]
use loom::sync::{Mutex, MutexGuard};

use super::queue::{Entered, Full, Presence, Queue};

/// So many permits, and the queue for them.
#[derive(Debug)]
pub(crate) struct Limiter {
    queue: Mutex<Queue>,
}

/// A request may be in flight, until this is dropped.
#[derive(Debug)]
#[must_use = "whoever drops it may have nothing in flight any more"]
pub(crate) struct RequestPermit<L: Deref<Target = Limiter>> {
    limiter: L,
}

/// A place in the queue. Dropped, it is given up, and its permit goes to the next.
#[derive(Debug)]
#[must_use = "whoever drops it loses its place"]
pub(crate) struct Place<L: Deref<Target = Limiter>> {
    limiter: L,
    /// `None` once its permit was taken.
    number: Option<u64>,
    presence: Presence,
}

impl Limiter {
    pub(crate) fn new(limit: usize, max_waiting: usize) -> Self {
        Self { queue: Mutex::new(Queue::new(limit, max_waiting)) }
    }

    /// Takes back what was lent to those who do not come, for those who wait.
    pub(crate) fn take_back(&self, now: Instant) {
        loop {
            let handed = self.queue().take_back(now);
            match handed {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    /// How many permits are held, and how many wait for one.
    pub(crate) fn usage(&self) -> (usize, usize) {
        let queue = self.queue();
        (queue.held(), queue.waiting())
    }

    #[cfg(not(loom))]
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(loom)]
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap()
    }
}

impl<L: Deref<Target = Limiter> + Clone> RequestPermit<L> {
    /// A permit, if one is free and nobody waits for it.
    pub(crate) fn try_of(limiter: &L) -> Option<Self> {
        let entered = limiter.queue().enter();
        entered.then(|| Self { limiter: limiter.clone() })
    }

    /// A permit, however many are held: for what is in flight all the same.
    pub(crate) fn over_the_limit(limiter: &L) -> Self {
        limiter.queue().enter_over_the_limit();
        Self { limiter: limiter.clone() }
    }
}

impl<L: Deref<Target = Limiter>> Drop for RequestPermit<L> {
    fn drop(&mut self) {
        let handed = self.limiter.queue().give_back();
        if let Some(waker) = handed {
            waker.wake();
        }
    }
}

impl<L: Deref<Target = Limiter> + Clone> Place<L> {
    /// A permit, or else a place behind all others, with the task of `context` to be woken.
    ///
    /// # Errors
    ///
    /// As many wait as may.
    pub(crate) fn join(
        limiter: &L,
        presence: Presence,
        context: &Context<'_>,
    ) -> Result<Joined<L>, Full> {
        let mut waker = Some(context.waker().clone());
        let entered = limiter.queue().join(presence, &mut waker)?;
        let limiter = limiter.clone();
        Ok(match entered {
            Entered::Permit => Joined::Permit(RequestPermit { limiter }),
            Entered::Place(number) => {
                Joined::Place(Self { limiter, number: Some(number), presence })
            }
        })
    }

    /// Its permit, once.
    pub(crate) fn poll(&mut self, context: &Context<'_>) -> Poll<RequestPermit<L>> {
        let Some(number) = self.number else { return Poll::Pending };
        let mut waker = Some(context.waker().clone());
        let taken = self.limiter.queue().take(number, self.presence, &mut waker);
        drop(waker);
        if taken {
            self.number = None;
            return Poll::Ready(RequestPermit { limiter: self.limiter.clone() });
        }
        Poll::Pending
    }
}

impl<L: Deref<Target = Limiter>> Drop for Place<L> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let left = self.limiter.queue().leave(number, self.presence);
        drop(left.unused);
        if let Some(waker) = left.wake {
            waker.wake();
        }
    }
}

/// What somebody has who has no permit at once.
pub(crate) enum Joined<L: Deref<Target = Limiter>> {
    Permit(RequestPermit<L>),
    Place(Place<L>),
}
