//! One request under way: a future of its response.

use std::future::Future;
use std::num::NonZero;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use cqlwire_codec::{Envelope, Oversized};
use cqlwire_mux::{Outcome, Reached, Ticket};
use tokio::runtime;
use tokio::time::{Sleep, sleep_until};

use crate::deadline::now;
use crate::shared::{Shared, here};
use crate::{Deadline, RequestError, RequestFailure};

/// A request that a connection has taken in. Resolves, once, to the server's response or to what
/// prevented it; the deadline that it was sent with is kept by the connection, so that it costs no
/// timer here.
///
/// It goes on whether or not it is polled: it is the connection that writes, reads and tells the
/// time. A response that comes before the first poll is delivered by the first poll.
///
/// It may be polled by any task of any runtime, or of none. On a tokio runtime other than the one
/// that the connection was opened on it keeps its deadline itself, with a timer of that runtime:
/// the connection's own may be there and yet not run, as one is that was left after a `block_on`.
/// Outside of tokio there is no timer to be had: there it ends within its deadline as long as the
/// connection's runtime runs, or is shut down; where that has one thread, which may stand still, also
/// when it is polled again after that.
///
/// # Panics
///
/// Polled on another tokio runtime, and that one was built without its timer (`enable_time`).
///
/// # Cancel safety
///
/// Dropped before its bytes were taken for writing, it is never sent, and its stream id is free at
/// once. Dropped later, the server may run it; the stream id stays in use until the late answer
/// has come, which is then thrown away.
#[derive(Debug)]
#[must_use = "a request that is dropped is given up"]
pub struct Request {
    shared: Arc<Shared>,
    /// Gone once the outcome was taken.
    ticket: Option<Ticket>,
    deadline: Deadline,
    /// Who is woken, once somebody is.
    watched_by: Option<Identity>,
    /// How often the server had turned quiet before that.
    silences: u32,
    /// The runtime on which it was polled by whoever is woken, where that matters.
    watched_on: Option<runtime::Id>,
    /// Keeps the deadline, where it is polled on another runtime than the connection's: a timer of
    /// that one.
    timer: Option<Pin<Box<Sleep>>>,
}

/// How long the connection has, from the deadline on, to say by itself that it has passed, before
/// another runtime's timer does.
const GRACE: Duration = Duration::from_millis(20);

/// Which waker, as `will_wake` tells them apart. The connection holds a clone of it meanwhile, so
/// that no other can be mistaken for it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Identity {
    data: usize,
    /// Never null, so that none takes no more room than one.
    vtable: NonZero<usize>,
}

impl Identity {
    fn of(waker: &Waker) -> Self {
        Self { data: waker.data().addr(), vtable: NonNull::from(waker.vtable()).addr() }
    }
}

impl Request {
    #[inline]
    pub(crate) fn new(shared: Arc<Shared>, ticket: Ticket, deadline: Deadline) -> Self {
        let (ticket, silences) = (Some(ticket), shared.silences());
        let (watched_by, watched_on, timer) = (None, None, None);
        Self { shared, ticket, deadline, watched_by, silences, watched_on, timer }
    }

    /// It was handed over together with its waker, when the server had turned quiet so often: one who
    /// is woken since, because it has turned so once more, watches anew.
    #[inline]
    pub(crate) fn watched_from_the_start(&mut self, silences: u32, context: &mut Context<'_>) {
        self.silences = silences;
        self.watch(Identity::of(context.waker()), context);
    }

    /// Is the server silent although it owes responses, and was when it was asked for a sign of
    /// life? Whoever waits is woken when it turns so, to ask another one perhaps. This one is still
    /// under way all the same.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.shared.is_quiet()
    }

    #[cold]
    fn failed(&self, failure: RequestFailure) -> RequestError {
        let host = Arc::clone(&self.shared.peer.name);
        RequestError { host, elapsed: self.deadline.elapsed(), failure }
    }

    #[cold]
    fn ended(&self, reached: Reached) -> RequestError {
        let end = self.shared.end();
        self.failed(match reached {
            Reached::Written => RequestFailure::ConnectionLost(end),
            Reached::Waiting | Reached::Queued => RequestFailure::Unsent(end),
        })
    }

    /// It is woken by this waker from now on. On another runtime than the connection's, whose tasks
    /// may run while the connection's do not, it keeps its deadline by itself.
    #[inline]
    fn watch(&mut self, identity: Identity, context: &mut Context<'_>) {
        self.watched_by = Some(identity);
        if let Some(home) = self.shared.idle_home {
            self.watch_here(home, context);
        }
    }

    /// The connection's runtime may be there and yet not run.
    #[inline(never)]
    fn watch_here(&mut self, home: runtime::Id, context: &mut Context<'_>) {
        self.watched_on = here();
        if self.watched_on != Some(home) || self.timer.is_some() {
            self.watch_from_elsewhere(home, context);
        }
    }

    /// It is polled, or was before, on another runtime than the connection's.
    #[cold]
    fn watch_from_elsewhere(&mut self, home: runtime::Id, context: &mut Context<'_>) {
        let elsewhere = self.watched_on.filter(|here| *here != home);
        let at = self.deadline.at() + GRACE;
        self.timer = elsewhere.map(|_| Box::pin(sleep_until(at.into())));
        if self.is_overdue(context) {
            context.waker().wake_by_ref();
        }
    }

    /// Is it polled on another runtime than before? Wakers alone do not tell: those of two runtimes
    /// that a thread blocks on may be the same, and a future that holds this one may bring its own.
    fn has_moved(&self) -> bool {
        self.shared.idle_home.is_some() && here() != self.watched_on
    }

    /// Has its own timer fired, if it has one, or would it have, where the connection's may not?
    fn is_overdue(&mut self, context: &mut Context<'_>) -> bool {
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(context).is_ready(),
            None => self.shared.idle_home.is_some() && now() >= self.deadline.at() + GRACE,
        }
    }

    /// The deadline has passed, and the connection does not say so.
    #[cold]
    fn give_up(&self, ticket: Ticket) -> Result<Envelope, RequestError> {
        let now = now();
        let mut core = self.shared.core();
        // What has come since is not given up.
        let abandoned = match core.poll_outcome(ticket, &mut None) {
            Ok(outcome) => {
                drop(core);
                return self.resolved(outcome);
            }
            Err(ticket) => core.abandon(ticket, now),
        };
        drop(core);
        // It had no outcome a moment ago, under the same lock.
        let reached = abandoned.reached.unwrap_or(Reached::Written);
        abandoned.wake.into_iter().for_each(Waker::wake);
        Err(self.failed(RequestFailure::DeadlinePassed(reached)))
    }

    /// It has no outcome yet.
    #[inline(never)]
    fn wait_on(
        &mut self,
        ticket: Ticket,
        is_new: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<Envelope, RequestError>> {
        if is_new || self.has_moved() {
            self.ticket = Some(ticket);
            self.watch(Identity::of(context.waker()), context);
        } else if self.is_overdue(context) {
            return Poll::Ready(self.give_up(ticket));
        } else {
            self.ticket = Some(ticket);
        }
        Poll::Pending
    }

    #[cold]
    fn resolved(&self, outcome: Outcome) -> Result<Envelope, RequestError> {
        match outcome {
            Outcome::Response(envelope) => Ok(envelope),
            Outcome::ResponseTooLarge(Oversized { declared, limit, .. }) => {
                Err(self.failed(RequestFailure::ResponseTooLarge { declared, limit }))
            }
            Outcome::DeadlinePassed(reached) => {
                Err(self.failed(RequestFailure::DeadlinePassed(reached)))
            }
            Outcome::ConnectionEnded(reached) => Err(self.ended(reached)),
        }
    }
}

impl Future for Request {
    type Output = Result<Envelope, RequestError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(ticket) = self.ticket.take() else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        // A waker is cloned and dropped outside of the lock: either may run anything.
        let identity = Identity::of(context.waker());
        // Read before the lock is taken: whoever is woken later watches anew then.
        let silences = self.shared.silences();
        let is_new = self.watched_by != Some(identity) || self.silences != silences;
        self.silences = silences;
        let mut waker = is_new.then(|| context.waker().clone());
        let polled = self.shared.core().poll_outcome(ticket, &mut waker);
        match polled {
            Ok(Outcome::Response(envelope)) => Poll::Ready(Ok(envelope)),
            Ok(outcome) => Poll::Ready(self.resolved(outcome)),
            Err(ticket) => self.wait_on(ticket, is_new, context),
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let abandoned = self.shared.core().abandon(ticket, now());
            if let Some(driver) = abandoned.wake {
                driver.wake();
            }
        }
    }
}

#[cfg(test)]
mod tests;
