//! One request under way: a future of its answer.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cqlwire_codec::Envelope;
use cqlwire_mux::{Outcome, Reached, Ticket};

use crate::deadline::now;
use crate::shared::Shared;
use crate::{Deadline, RequestError, RequestFailure};

/// A request that a connection has taken in. Resolves, once, to the server's answer or to what
/// prevented it; the deadline that it was sent with is kept by the connection, so that it costs no
/// timer here.
///
/// It goes on whether or not it is polled: it is the connection that writes, reads and tells the
/// time. An answer that comes before the first poll is delivered by the first poll. It may be
/// polled by any task of any runtime, or of none.
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
}

/// Which waker, as `will_wake` tells them apart. The connection holds a clone of it meanwhile, so
/// that no other can be mistaken for it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Identity {
    data: usize,
    vtable: usize,
}

impl Identity {
    fn of(waker: &Waker) -> Self {
        Self { data: waker.data().addr(), vtable: ptr::from_ref(waker.vtable()).addr() }
    }
}

impl Request {
    pub(crate) fn new(shared: Arc<Shared>, ticket: Ticket, deadline: Deadline) -> Self {
        shared.add_load();
        Self { shared, ticket: Some(ticket), deadline, watched_by: None }
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
}

impl Future for Request {
    type Output = Result<Envelope, RequestError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(ticket) = self.ticket.take() else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        // A waker is cloned and dropped outside of the lock: either may run anything.
        let identity = Some(Identity::of(context.waker()));
        let mut waker = (self.watched_by != identity).then(|| context.waker().clone());
        let polled = self.shared.core().poll_outcome(ticket, &mut waker);
        match polled {
            Ok(Outcome::Response(envelope)) => Poll::Ready(Ok(envelope)),
            Ok(Outcome::DeadlinePassed(reached)) => {
                Poll::Ready(Err(self.failed(RequestFailure::DeadlinePassed(reached))))
            }
            Ok(Outcome::ConnectionEnded(reached)) => Poll::Ready(Err(self.ended(reached))),
            Err(ticket) => {
                self.ticket = Some(ticket);
                self.watched_by = identity;
                Poll::Pending
            }
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.shared.remove_load();
        if let Some(ticket) = self.ticket.take() {
            let abandoned = self.shared.core().abandon(ticket, now());
            if let Some(driver) = abandoned.wake {
                driver.wake();
            }
        }
    }
}
