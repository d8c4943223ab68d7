//! What the shell that owns the socket has to do next.

use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::BytesMut;
use cqlwire_codec::Envelope;

use super::{Connection, Life};

impl Connection {
    /// Move whole envelopes to the empty `batch`, at most [`max_batch_bytes`](crate::Settings::max_batch_bytes)
    /// but at least one, and return how many. They count as written from now on. A request whose deadline has passed
    /// is not among them: it gets that outcome, and whom to wake is pushed to `wakers`.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        batch: &mut BytesMut,
        wakers: &mut Vec<Waker>,
    ) -> usize {
        while self.withdraw_overdue(now, wakers) {
            // Those who have their turn now may be late themselves.
            self.admit();
        }
        let (limit, requests) = (self.settings.max_batch_bytes, &mut self.requests);
        let taken = self.outgoing.take(limit, batch, |key, to| requests.renumber(key, to));
        if taken > 0 && self.is_owed_responses() {
            self.liveness.owes_responses(now);
        }
        self.admit();
        self.note_times(now);
        taken
    }

    /// Take what is late out of the outgoing buffer. True if there was something.
    fn withdraw_overdue(&mut self, now: Instant, wakers: &mut Vec<Waker>) -> bool {
        let mut overdue = std::mem::take(&mut self.expired);
        self.outgoing.overdue(now, &mut overdue);
        let late = !overdue.is_empty();
        for key in overdue.drain(..) {
            self.deadlines.remove(key);
            self.pass_deadline(key, now, wakers);
        }
        self.expired = overdue;
        late
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called next.
    pub fn poll_timeout(&mut self) -> Instant {
        let others = self.deadlines.next().into_iter().chain(self.orphan_due());
        let next = others.fold(self.liveness.next(), Instant::min);
        self.shell.armed = Some(next);
        next
    }

    /// Push whom to wake of all requests that have no outcome yet to `wakers`: when something has happened to the
    /// connection that they may want to know. Who goes on waiting has to give a waker anew.
    pub fn take_wakers(&mut self, wakers: &mut Vec<Waker>) {
        self.requests.take_wakers(wakers);
    }

    /// The next thing the server said unasked, oldest first; `None` after the end of the connection. Else `waker` is
    /// the one to wake for it, and what is left there is the one before, to be dropped outside of the lock. One task
    /// at a time is woken: the last that asked.
    pub fn poll_event(&mut self, waker: &mut Option<Waker>) -> Poll<Option<Envelope>> {
        match self.events.queue.pop_front() {
            Some(event) => {
                self.events.bytes -= event.body.len();
                Poll::Ready(Some(event))
            }
            None if self.life == Life::Ended => Poll::Ready(None),
            None => {
                std::mem::swap(&mut self.events.reader, waker);
                Poll::Pending
            }
        }
    }

    /// The shell goes to sleep: the task of `context` is to be woken by the next command that concerns it.
    /// `wants_transmit` unless it already has bytes that the socket does not take.
    pub fn park(&mut self, context: &Context<'_>, wants_transmit: bool) {
        self.shell.wants_transmit = wants_transmit;
        self.shell.knows_retiring = self.is_retiring();
        match &mut self.shell.waker {
            Some(known) => known.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
    }

    /// Is there nothing to be done once what was taken last is written, until the shell is woken? Else it has to look
    /// again then: for more to write, for a heartbeat that was written, for the end of a connection that closes.
    pub fn rests_once_written(&self) -> bool {
        self.outgoing.bytes() == 0 && !self.liveness.is_queued() && self.life == Life::Open
    }

    /// Is it closing, with no request left to wait for? Then the shell ends it.
    pub fn is_drained(&self) -> bool {
        let idle = self.streams.owed() == 0 && self.waiting.count() == 0;
        self.life == Life::Closing && idle && self.outgoing.bytes() == 0
    }
}
