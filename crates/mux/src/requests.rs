//! The caller's side of every request: what it waits for, and who is woken when that comes.
//!
//! ```text
//!   submit                          number taken: written
//!     |   +---------+     +------------------------------+
//!     +-->| waiting |---->| in flight (queued | written)  |
//!     |   +---------+     +------------------------------+
//!     |        |              | answer | deadline | end of the connection
//!     +--------|--------------+        |          |
//!              |  deadline, end        v          v
//!              |                  +-----------------+   redeem
//!              +----------------->| resolved(Outcome)|-----------> gone
//!                                 +-----------------+
//!   Redeeming or giving up the ticket ends the record in any phase.
//! ```

use std::num::NonZero;
use std::task::Waker;
use std::time::Instant;

use cqlwire_codec::{Arrival, Envelope, Oversized, RequestEnvelope, StreamId};

use crate::metrics::Measured;

/// How far a request had got when it ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reached {
    /// It still waited for a stream id, or for room in the outgoing buffer. The server never saw it.
    Waiting,
    /// It had a stream id but not all of its bytes were handed to the socket, so the server cannot have run it.
    Queued,
    /// All of it was handed to the socket: the server may have run it, and may still.
    Written,
}

/// What became of a request. Each has exactly one.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server answered.
    Response(Envelope),
    /// The server answered with more than is taken. The request was run, or refused.
    ResponseTooLarge(Oversized),
    /// Its deadline passed first.
    DeadlinePassed(Reached),
    /// The connection ended first.
    ConnectionEnded(Reached),
}

impl From<Arrival> for Outcome {
    fn from(arrival: Arrival) -> Self {
        match arrival {
            Arrival::Envelope(envelope) => Self::Response(envelope),
            Arrival::Oversized(oversized) => Self::ResponseTooLarge(oversized),
        }
    }
}

/// A request's claim to its outcome. There is one for each request, and it has to be given back: by
/// [`Connection::poll_outcome`](crate::Connection::poll_outcome) or [`Connection::abandon`](crate::Connection::abandon).
#[derive(Debug)]
#[must_use = "a ticket that is not given back keeps its request's record for ever"]
pub struct Ticket(NonZero<u32>);

impl Ticket {
    /// Of a key and one more, so that none takes no more room than one.
    fn new(key: u32) -> Self {
        Self(NonZero::<u32>::MIN.saturating_add(key))
    }

    pub(crate) fn key(&self) -> u32 {
        self.0.get() - 1
    }

    pub(crate) fn redeem(self) -> u32 {
        let key = self.key();
        std::mem::forget(self);
        key
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        debug_assert!(std::thread::panicking(), "the ticket of request {} was lost", self.key());
    }
}

#[derive(Debug)]
pub(crate) enum Phase {
    /// No record: `next` is the next free one.
    Free { next: Option<u32> },
    /// For a stream id and for room; the envelope is kept here meanwhile.
    Waiting { envelope: RequestEnvelope, deadline: Instant },
    /// On a stream. Its number in the outgoing buffer says whether it was written.
    InFlight { stream: StreamId, number: u64 },
    /// It has its outcome, for which its caller may not have come yet.
    Resolved(Outcome),
}

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) phase: Phase,
    pub(crate) waker: Option<Waker>,
    measured: Measured,
}

/// The records of all requests whose tickets are out.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    records: Vec<Record>,
    free: Option<u32>,
    live: usize,
}

impl Requests {
    /// How many tickets are out.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    pub(crate) fn next_key(&self) -> u32 {
        // Their number is bounded by ids and waiting room, both 32 bits at most.
        self.free.unwrap_or_else(|| u32::try_from(self.records.len()).unwrap_or(u32::MAX))
    }

    /// Open the record under [`next_key`](Self::next_key).
    pub(crate) fn open(&mut self, phase: Phase, measured: Measured) -> Ticket {
        let key = self.next_key();
        match self.records.get_mut(key as usize) {
            Some(record) => {
                if let Phase::Free { next } = record.phase {
                    self.free = next;
                }
                record.phase = phase;
                record.measured = measured;
            }
            None => self.records.push(Record { phase, waker: None, measured }),
        }
        self.live += 1;
        Ticket::new(key)
    }

    pub(crate) fn phase(&self, key: u32) -> &Phase {
        &self.records[key as usize].phase
    }

    /// How its time is counted.
    pub(crate) fn measured(&self, key: u32) -> Measured {
        self.records[key as usize].measured
    }

    /// The phase of the record under this key, if there ever was one.
    #[cfg(test)]
    pub(crate) fn get(&self, key: u32) -> Option<&Phase> {
        self.records.get(key as usize).map(|record| &record.phase)
    }

    pub(crate) fn phase_mut(&mut self, key: u32) -> &mut Phase {
        &mut self.records[key as usize].phase
    }

    /// Give the request its outcome. Returns whom to wake.
    pub(crate) fn resolve(&mut self, key: u32, outcome: Outcome) -> Option<Waker> {
        let record = &mut self.records[key as usize];
        debug_assert!(!matches!(record.phase, Phase::Free { .. } | Phase::Resolved(_)));
        record.phase = Phase::Resolved(outcome);
        record.waker.take()
    }

    /// The outcome, if it is there: the record is closed with it.
    pub(crate) fn redeem(&mut self, key: u32) -> Option<Outcome> {
        let record = &mut self.records[key as usize];
        let Phase::Resolved(outcome) = &mut record.phase else { return None };
        // Whatever is left in its place goes with the record.
        let nothing = Outcome::DeadlinePassed(Reached::Waiting);
        let outcome = std::mem::replace(outcome, nothing);
        record.phase = Phase::Free { next: self.free };
        self.free = Some(key);
        self.live -= 1;
        Some(outcome)
    }

    /// Close the record: its ticket came back.
    pub(crate) fn close(&mut self, key: u32) -> Record {
        let measured = Measured::NOT;
        let closed = Record { phase: Phase::Free { next: self.free }, waker: None, measured };
        self.free = Some(key);
        self.live -= 1;
        std::mem::replace(&mut self.records[key as usize], closed)
    }

    /// Have `waker`, if there is one, woken when the outcome is there; the one before it is left there instead.
    pub(crate) fn watch(&mut self, key: u32, waker: &mut Option<Waker>) {
        if waker.is_some() {
            std::mem::swap(&mut self.records[key as usize].waker, waker);
        }
    }

    /// Whom to wake of all that have no outcome yet. Whoever is woken has to be watched for anew.
    pub(crate) fn take_wakers(&mut self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.records.iter_mut().filter_map(|record| record.waker.take()));
    }

    /// The envelope of an in-flight request moved within the outgoing buffer.
    pub(crate) fn renumber(&mut self, key: u32, to: u64) {
        if let Phase::InFlight { number, .. } = &mut self.records[key as usize].phase {
            *number = to;
        }
    }

    /// The keys of all requests without an outcome.
    pub(crate) fn unresolved(&self) -> Vec<u32> {
        let keys = (0..).zip(&self.records);
        let open =
            keys.filter(|(_, r)| matches!(r.phase, Phase::Waiting { .. } | Phase::InFlight { .. }));
        open.map(|(key, _)| key).collect()
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        debug_assert!(
            self.live == 0 || std::thread::panicking(),
            "{} tickets are still out",
            self.live
        );
    }
}
