//! What came from the wire, and from the clock.

use std::task::Waker;
use std::time::Instant;

use cqlwire_codec::{
    Arrival, Envelope, ErrorCode, Opcode, Oversized, Response, StreamId, decode_response,
};

use super::{Connection, Life};
use crate::liveness::Look;
use crate::requests::{Outcome, Phase, Reached};
use crate::timeline::Timed;

/// The server broke the protocol in a way that leaves nothing on this connection to trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
    /// The same, with more to say than is taken.
    #[error(
        "{} of {} bytes on stream 0, which is over the limit of {}",
        .0.header.opcode, .0.declared, .0.limit
    )]
    TooLargeOnStreamZero(Oversized),
    /// A request has switched the keyspace of the connection. It has its response; those behind it went to another
    /// keyspace than they were meant for.
    #[error("a statement has switched the keyspace of the connection")]
    KeyspaceSwitched,
}

/// How far the shell has got with what it took last, since it reported that before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The socket has all of it, or there was nothing.
    All,
    /// The socket took some of it, and takes no more now.
    Part,
    /// The socket takes nothing.
    Nothing,
}

/// The server sent nothing for long, not even when asked for a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server sent nothing, and did not answer a heartbeat")]
pub struct Unresponsive;

impl Connection {
    /// Deliver what was read, in order. A response over the limit fails its own request, and an event over the limit
    /// is dropped. Whom to wake is pushed to `wakers`.
    ///
    /// # Errors
    /// [`Violation`]: end the connection. What came before it was delivered.
    pub fn handle_envelopes(
        &mut self,
        now: Instant,
        arrivals: impl Iterator<Item = Arrival>,
        wakers: &mut Vec<Waker>,
    ) -> Result<(), Violation> {
        self.liveness.heard(now);
        self.metrics.set_now(self.deadlines.since_start(now));
        let mut delivered = Ok(());
        for arrival in arrivals {
            self.metrics.totals.envelopes_in += 1;
            delivered = self.deliver(arrival, wakers);
            if delivered.is_err() {
                break;
            }
        }
        if !self.is_owed_responses() {
            self.liveness.owes_nothing();
        }
        self.admit();
        self.note_times(now);
        delivered
    }

    /// Bytes came that are not a whole envelope yet: the server lives.
    pub fn handle_progress(&mut self, now: Instant) {
        self.liveness.heard(now);
    }

    /// The socket has given and taken so many bytes more.
    pub fn handle_bytes(&mut self, read: u64, written: u64) {
        self.metrics.totals.bytes_in += read;
        self.metrics.totals.bytes_out += written;
    }

    /// How far what the shell took last has got, to be reported before it takes more and before
    /// [`handle_timeout`](Self::handle_timeout).
    pub fn handle_written(&mut self, now: Instant, written: Written) {
        if written == Written::Nothing || written == Written::Part {
            self.liveness.congested(now);
        }
        if !self.liveness.is_queued() {
            return;
        }
        match written {
            Written::All if self.outgoing.own_is_taken() => self.liveness.written(now),
            Written::All | Written::Part => self.liveness.moved(now),
            Written::Nothing => {}
        }
    }

    /// Time has passed: requests whose deadline is over get that outcome, an answer that has been owed to nobody for
    /// too long makes the connection retire, and a silent server is asked for a sign of life. Whom to wake is pushed to
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
        self.metrics.set_now(self.deadlines.since_start(now));
        let mut expired = std::mem::take(&mut self.expired);
        self.deadlines.expire(now, &mut expired);
        for key in expired.drain(..) {
            self.pass_deadline(key, now, wakers);
        }
        self.expired = expired;
        self.outlived |= self.orphan_due().is_some_and(|due| due <= now);
        self.admit();
        self.note_times(now);
        match self.liveness.look(now) {
            Look::Well => Ok(()),
            Look::Unresponsive => Err(Unresponsive),
            Look::Ask => {
                if !self.heartbeat.owed {
                    let envelope = &self.heartbeat.envelope;
                    let _number = self.outgoing.push(envelope, StreamId::CONNECTION, None);
                    self.heartbeat.owed = true;
                    self.metrics.totals.heartbeats += 1;
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
        for key in self.requests.unresolved() {
            let reached = match *self.requests.phase(key) {
                Phase::Waiting { ref envelope, .. } => {
                    self.waiting.leave(key, envelope.len());
                    Reached::Waiting
                }
                Phase::InFlight { number, .. } if number < written => Reached::Written,
                Phase::InFlight { .. } => Reached::Queued,
                Phase::Resolved(_) | Phase::Free { .. } => continue,
            };
            self.deadlines.remove(key);
            match reached {
                Reached::Waiting | Reached::Queued => self.metrics.totals.unsent += 1,
                Reached::Written => self.metrics.totals.lost += 1,
            }
            wakers.extend(self.requests.resolve(key, Outcome::ConnectionEnded(reached)));
        }
        self.timed = Timed::default();
        self.streams.drain();
        self.outgoing.clear();
        self.waiting.forget_spares();
        self.heartbeat.owed = false;
        wakers.extend(self.shell.waker.take());
        wakers.extend(self.events.reader.take());
    }

    /// The deadline of an open request has passed; it is filed no longer.
    pub(super) fn pass_deadline(&mut self, key: u32, now: Instant, wakers: &mut Vec<Waker>) {
        let reached = self.give_up(key, now);
        match reached {
            Reached::Waiting | Reached::Queued => self.metrics.totals.timed_out_unsent += 1,
            Reached::Written => {
                self.metrics.totals.timed_out += 1;
                self.metrics.given_up(self.requests.measured(key));
            }
        }
        wakers.extend(self.requests.resolve(key, Outcome::DeadlinePassed(reached)));
    }

    fn deliver(&mut self, arrival: Arrival, wakers: &mut Vec<Waker>) -> Result<(), Violation> {
        let (stream, opcode) = (arrival.header().stream, arrival.header().opcode);
        if stream == StreamId::EVENT {
            self.metrics.totals.events += 1;
            wakers.extend(self.keep_event(arrival));
            return Ok(());
        }
        if stream == StreamId::CONNECTION {
            return self.hear_on_stream_zero(arrival);
        }
        // Nothing of a request that is still queued was sent: whatever this answers, it is not that.
        if self.streams.owed_to(stream).is_some_and(|key| self.is_queued(key)) {
            return Err(Violation::NotOwed { stream, opcode });
        }
        let owed = self.streams.complete(stream);
        let Ok(request) = owed else { return Err(Violation::NotOwed { stream, opcode }) };
        let switches_keyspace = switches_keyspace(&arrival);
        if let Some(key) = request {
            self.deadlines.remove(key);
            if matches!(arrival, Arrival::Envelope(_)) {
                let measured = self.requests.measured(key);
                self.metrics.responded(measured, opcode == Opcode::Error);
            } else {
                self.metrics.totals.too_large += 1;
            }
            wakers.extend(self.requests.resolve(key, arrival.into()));
        } else {
            self.metrics.totals.late_responses += 1;
        }
        if switches_keyspace { Err(Violation::KeyspaceSwitched) } else { Ok(()) }
    }

    fn is_queued(&self, key: u32) -> bool {
        match *self.requests.phase(key) {
            Phase::InFlight { number, .. } => number >= self.outgoing.taken(),
            Phase::Free { .. } | Phase::Waiting { .. } | Phase::Resolved(_) => false,
        }
    }

    fn hear_on_stream_zero(&mut self, arrival: Arrival) -> Result<(), Violation> {
        match arrival {
            Arrival::Envelope(envelope) if self.heartbeat.owed && is_sign_of_life(&envelope) => {
                self.heartbeat.owed = false;
                Ok(())
            }
            Arrival::Envelope(envelope) => Err(Violation::OnStreamZero(envelope)),
            Arrival::Oversized(oversized) => Err(Violation::TooLargeOnStreamZero(oversized)),
        }
    }

    fn keep_event(&mut self, arrival: Arrival) -> Option<Waker> {
        let (most, most_bytes) = (self.settings.max_events, self.settings.max_event_bytes);
        let Arrival::Envelope(event) = arrival else {
            self.metrics.totals.dropped_events += 1;
            return None;
        };
        if event.body.len() > most_bytes || most == 0 {
            self.metrics.totals.dropped_events += 1;
            return None;
        }
        let room = most_bytes - event.body.len();
        while self.events.queue.len() >= most || self.events.bytes > room {
            let Some(oldest) = self.events.queue.pop_front() else { break };
            self.events.bytes -= oldest.body.len();
            self.metrics.totals.dropped_events += 1;
        }
        self.events.bytes += event.body.len();
        self.events.queue.push_back(event);
        self.events.reader.take()
    }
}

/// Is it the RESULT of a USE? Of one over the limit that is not known.
fn switches_keyspace(arrival: &Arrival) -> bool {
    matches!(arrival, Arrival::Envelope(envelope) if envelope.switches_keyspace())
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
