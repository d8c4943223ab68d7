//! Requests whose times somebody asked for.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use cqlwire_codec::{RequestEnvelope, StreamId};

use super::{Connection, RefusedBecause, Submitted};
use crate::metrics::Measure;
use crate::timeline::Timeline;

impl Connection {
    /// As [`submit_watched`](Self::submit_watched), of a request that is taken in at `now`, and notes on
    /// its way when what happens to it.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_timed(
        &mut self,
        envelope: &RequestEnvelope,
        (now, deadline): (Instant, Instant),
        measure: Option<&Measure>,
        waker: &mut Option<Waker>,
        timeline: Arc<Timeline>,
    ) -> Result<Submitted, RefusedBecause> {
        let bytes = envelope.len();
        let submitted = self.submit_watched(envelope, deadline, measure, waker)?;
        self.timed.add(submitted.ticket.key(), now, bytes, timeline);
        self.timed.note(now, &self.requests);
        Ok(submitted)
    }

    /// Are there requests under way whose times somebody asked for? Only then what is said by
    /// [`handle_handed_over`](Self::handle_handed_over) and
    /// [`handle_first_byte`](Self::handle_first_byte) is of use.
    #[inline]
    pub const fn times_requests(&self) -> bool {
        !self.timed.is_empty()
    }

    /// At this time, the socket had all that the shell took last but for so many envelopes. To be said
    /// before the responses that were read after that.
    pub fn handle_handed_over(&mut self, at: Instant, unwritten: usize) {
        let before = self.outgoing.taken() - unwritten as u64;
        self.timed.written(at, before, &self.requests);
    }

    /// The header of a response on this stream has come, and not all of its body.
    pub fn handle_first_byte(&mut self, now: Instant, stream: StreamId) {
        self.timed.first_byte(now, stream, &self.requests);
    }

    /// Something may have happened to some of them.
    #[inline]
    pub(super) fn note_times(&mut self, now: Instant) {
        if !self.timed.is_empty() {
            self.timed.note(now, &self.requests);
        }
    }
}
