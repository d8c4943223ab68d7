//! Cancellation: a future dropped at a chosen point, and a driver that tries every such point.
//!
//! A future can be let go of at two kinds of points, and they find different bugs: right after a
//! poll that left it pending (nothing has happened yet), and after it was woken but before it
//! looked (what it waited for is there, and somebody else has to give it back).

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// More polls than any future of a test takes: one that gets here never completes.
const MOST_POLLS: usize = 10_000;

/// Where a future is dropped.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Right after so many polls left it pending; after 0 it was never polled at all.
    AfterPolls(usize),
    /// When it is woken after so many polls, instead of being polled once more.
    WhenWokenAfter(usize),
}

impl Cut {
    /// How many times the future is polled, at most, before it is dropped.
    pub const fn polls(self) -> usize {
        match self {
            Self::AfterPolls(polls) | Self::WhenWokenAfter(polls) => polls,
        }
    }
}

/// A future that is polled up to a [`Cut`] and then dropped, inside the task that polled it.
///
/// Gives `Some` of the output if the future completed before, `None` if it was dropped.
#[derive(Debug)]
pub struct Cancellable<F> {
    future: Option<Pin<Box<F>>>,
    cut: Cut,
    polled: usize,
}

impl<F: Future> Cancellable<F> {
    /// Polls `future` at most `polls` times and drops it at once if the last of them left it
    /// pending.
    pub fn new(future: F, polls: usize) -> Self {
        Self::at(future, Cut::AfterPolls(polls))
    }

    /// Drops `future` at `cut`.
    pub fn at(future: F, cut: Cut) -> Self {
        Self { future: Some(Box::pin(future)), cut, polled: 0 }
    }
}

impl<F: Future> Future for Cancellable<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Whoever is polled again after the last poll that it was to have has been woken.
        if self.polled == self.cut.polls() {
            self.future = None;
        }
        let Some(future) = &mut self.future else {
            return Poll::Ready(None);
        };
        let outcome = future.as_mut().poll(context).map(Some);
        self.polled += 1;
        if outcome.is_pending() && self.cut != Cut::AfterPolls(self.polled) {
            return Poll::Pending;
        }
        self.future = None;
        match outcome {
            Poll::Ready(output) => Poll::Ready(output),
            Poll::Pending => Poll::Ready(None),
        }
    }
}

/// Drops a fresh future at every point at which it can be dropped, one after the other, until it
/// completes by itself, and calls `check` after each drop and after the completion. Gives the
/// output and how many times the future was dropped on the way.
///
/// `check` is where a test asserts that everything came back; it may wait. Works under paused
/// time.
///
/// # Panics
///
/// If the future takes more than 10,000 polls.
pub async fn cancel_at_every_poll<F, Fresh, Check>(
    mut fresh: Fresh,
    mut check: Check,
) -> (F::Output, usize)
where
    F: Future,
    Fresh: FnMut() -> F,
    Check: AsyncFnMut(Cut),
{
    let mut dropped = 0;
    for polls in 0..MOST_POLLS {
        for cut in [Cut::AfterPolls(polls), Cut::WhenWokenAfter(polls + 1)] {
            let outcome = Cancellable::at(fresh(), cut).await;
            check(cut).await;
            match outcome {
                Some(output) => return (output, dropped),
                None => dropped += 1,
            }
        }
    }
    panic!("not complete after {MOST_POLLS} polls")
}

/// Polls `future` once, with the waker of the task that awaits this, and keeps it: the way to
/// start something and then look at the state that it left.
pub async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context))).await
}

#[cfg(test)]
mod tests;
