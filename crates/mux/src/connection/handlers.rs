//! What came from the wire, and from the clock.

use std::task::Waker;
use std::time::Instant;

use cqlwire_codec::{Envelope, ErrorCode, Opcode, Response, StreamId, decode_response};

use super::{Connection, Life};
use crate::liveness::Look;
use crate::requests::{Outcome, Phase, Reached};

/// The server broke the protocol in a way that leaves nothing on this connection to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// An answer on a stream id on which none is owed: never issued, or answered before.
    #[error("{opcode} on stream {stream}, on which no answer is owed")]
    NotOwed {
        /// The stream id.
        stream: StreamId,
        /// What came on it.
        opcode: Opcode,
    },
    /// On stream 0, where the connection asked nothing. Servers answer there what they cannot attribute to a
    /// request: the envelope usually is an ERROR that says what they could not read.
    #[error("{} on stream 0, which is the server's word about the connection", .0.header.opcode)]
    OnStreamZero(Envelope),
}

/// The server sent nothing for long, not even when asked for a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server sent nothing, and did not answer a heartbeat")]
pub struct Unresponsive;

impl Connection {
    /// Deliver what was read, in order. Whom to wake is pushed to `wakers`.
    ///
    /// # Errors
    /// [`Violation`]: end the connection. What came before it was delivered.
    pub fn handle_envelopes(
        &mut self,
        now: Instant,
        envelopes: impl Iterator<Item = Envelope>,
        wakers: &mut Vec<Waker>,
    ) -> Result<(), Violation> {
        self.liveness.heard(now);
        let mut delivered = Ok(());
        for envelope in envelopes {
            match self.deliver(envelope) {
                Ok(waker) => wakers.extend(waker),
                Err(violation) => {
                    delivered = Err(violation);
                    break;
                }
            }
        }
        self.admit();
        delivered
    }

    /// Bytes came that are not a whole envelope yet: the server lives.
    pub fn handle_progress(&mut self, now: Instant) {
        self.liveness.heard(now);
    }

    /// Time has passed: requests whose deadline is over get that outcome, an answer that has been owed to nobody for
    /// too long wears the connection out, and a silent server is asked for a sign of life. Whom to wake is pushed to
    /// `wakers`.
    ///
    /// # Errors
    /// [`Unresponsive`]: end the connection.
    pub fn handle_timeout(
        &mut self,
        now: Instant,
        wakers: &mut Vec<Waker>,
    ) -> Result<(), Unresponsive> {
        if self.life == Life::Ended {
            return Ok(());
        }
        let mut expired = std::mem::take(&mut self.expired);
        self.deadlines.expire(now, &mut expired);
        for key in expired.drain(..) {
            let reached = self.give_up(key, now);
            wakers.extend(self.requests.settle(key, Outcome::DeadlinePassed(reached)).1);
        }
        self.expired = expired;
        self.outlived |= self.orphan_due().is_some_and(|due| due <= now);
        self.admit();
        match self.liveness.look(now) {
            Look::Well => Ok(()),
            Look::Unresponsive => Err(Unresponsive),
            Look::Ask => {
                if !self.heartbeat.owed {
                    self.outgoing.push(&self.heartbeat.envelope, StreamId::CONNECTION, None);
                    self.heartbeat.owed = true;
                }
                Ok(())
            }
        }
    }

    /// The connection is over, for whatever reason. Of what the shell took last, `unwritten` envelopes were not
    /// wholly handed to the socket, so the server cannot have run them. Whom to wake is pushed to `wakers`.
    pub fn handle_end(&mut self, unwritten: usize, wakers: &mut Vec<Waker>) {
        self.life = Life::Ended;
        let written = self.outgoing.taken() - unwritten as u64;
        for key in self.requests.unsettled() {
            let reached = match *self.requests.phase(key) {
                Phase::Waiting(ref envelope) => {
                    self.waiting.leave(key, envelope.len());
                    Reached::Waiting
                }
                Phase::InFlight { number, .. } if number < written => Reached::Written,
                Phase::InFlight { .. } => Reached::Queued,
                Phase::Settled(_) | Phase::Free { .. } => continue,
            };
            self.deadlines.remove(key);
            wakers.extend(self.requests.settle(key, Outcome::ConnectionEnded(reached)).1);
        }
        self.streams.drain();
        self.outgoing.clear();
        self.waiting.forget_spares();
        self.heartbeat.owed = false;
        wakers.extend(self.shell.waker.take());
        wakers.extend(self.events.reader.take());
    }

    fn deliver(&mut self, envelope: Envelope) -> Result<Option<Waker>, Violation> {
        let (stream, opcode) = (envelope.header.stream, envelope.header.opcode);
        if stream == StreamId::EVENT {
            return Ok(self.keep_event(envelope));
        }
        if stream == StreamId::CONNECTION {
            if self.heartbeat.owed && is_sign_of_life(&envelope) {
                self.heartbeat.owed = false;
                return Ok(None);
            }
            return Err(Violation::OnStreamZero(envelope));
        }
        // Nothing of a request that is still queued was sent: whatever this answers, it is not that.
        if self.streams.owed_to(stream).is_some_and(|key| self.is_queued(key)) {
            return Err(Violation::NotOwed { stream, opcode });
        }
        let owed = self.streams.complete(stream);
        let Ok(request) = owed else { return Err(Violation::NotOwed { stream, opcode }) };
        Ok(request.and_then(|key| {
            self.deadlines.remove(key);
            self.requests.settle(key, Outcome::Response(envelope)).1
        }))
    }

    fn is_queued(&self, key: u32) -> bool {
        match *self.requests.phase(key) {
            Phase::InFlight { number, .. } => number >= self.outgoing.taken(),
            Phase::Free { .. } | Phase::Waiting(_) | Phase::Settled(_) => false,
        }
    }

    fn keep_event(&mut self, event: Envelope) -> Option<Waker> {
        if self.events.queue.len() >= self.settings.max_events {
            self.events.queue.pop_front();
            self.events.dropped += 1;
        }
        self.events.queue.push_back(event);
        self.events.reader.take()
    }
}

/// Does this answer a heartbeat? A server that is overloaded or still starting refuses OPTIONS as it refuses
/// everything; any other ERROR is about the connection.
fn is_sign_of_life(envelope: &Envelope) -> bool {
    match decode_response(envelope).map(|decoded| decoded.response) {
        Ok(Response::Error(error)) => {
            matches!(error.code, ErrorCode::Overloaded | ErrorCode::IsBootstrapping)
        }
        _ => envelope.header.opcode == Opcode::Supported,
    }
}
