//! One connection, without its socket: every interleaving of requests, answers, deadlines and ends is a
//! sequence of method calls here, and so a unit test.

mod commands;
mod handlers;
mod polls;
#[cfg(test)]
mod tests;
mod timed;

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Instant;

use cqlwire_codec::{Envelope, ProtocolVersion, RequestEnvelope};

pub use self::commands::{Abandoned, RefusedBecause, Submitted};
pub use self::handlers::{Unresponsive, Violation, Written};
use crate::deadlines::Deadlines;
use crate::liveness::Liveness;
use crate::metrics::{Metrics, Sample, Totals};
use crate::outgoing::Outgoing;
use crate::requests::Requests;
use crate::settings::{NEVER, Settings};
use crate::streams::Streams;
use crate::timeline::Timed;
use crate::waiting::WaitingRoom;

/// One connection as a state machine.
///
/// It has four kinds of methods:
///
/// * **getters**, on `&self`;
/// * **`handle_*`**: what came from the wire or from the clock;
/// * **commands** of callers: [`submit`](Self::submit), [`poll_outcome`](Self::poll_outcome),
///   [`abandon`](Self::abandon), [`close`](Self::close);
/// * **`poll_*`**: what the shell that owns the socket has to do next.
///
/// It belongs behind a short lock. No method blocks, calls user code or wakes anybody: whom to wake is returned,
/// to be woken after the lock is released.
#[derive(Debug)]
pub struct Connection {
    settings: Settings,
    life: Life,
    requests: Requests,
    streams: Streams,
    waiting: WaitingRoom,
    outgoing: Outgoing,
    deadlines: Deadlines,
    liveness: Liveness,
    heartbeat: Heartbeat,
    /// An answer has been owed to nobody for longer than may be. Stays, so that the shell is woken for it once.
    outlived: bool,
    events: Events,
    shell: Shell,
    metrics: Metrics,
    /// Those of its requests whose times somebody asked for: nearly always none.
    timed: Timed,
    /// Scratch of `handle_timeout`, kept for its capacity.
    expired: Vec<u32>,
}

/// ```text
///   open --close--> closing --the last request resolved, end--> ended
///     +--------------------------end--------------------------> ended
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Closing,
    Ended,
}

/// The connection's own request, on stream 0.
#[derive(Debug)]
struct Heartbeat {
    envelope: RequestEnvelope,
    owed: bool,
}

/// What the server said unasked, for whoever reads it.
#[derive(Debug, Default)]
struct Events {
    queue: VecDeque<Envelope>,
    /// Of the bodies in it.
    bytes: usize,
    reader: Option<Waker>,
}

/// What is known of the shell while it sleeps.
#[derive(Debug, Default)]
struct Shell {
    waker: Option<Waker>,
    /// It sleeps because there was nothing to write, rather than because the socket takes nothing.
    wants_transmit: bool,
    /// When it will wake by itself.
    armed: Option<Instant>,
    /// The connection was retiring already when it went to sleep.
    knows_retiring: bool,
}

/// What a connection holds at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Requests whose callers have not taken their outcome yet.
    pub requests: usize,
    /// Stream ids on which an answer is owed to a caller.
    pub in_flight: usize,
    /// Stream ids on which an answer is owed to nobody any more.
    pub orphaned: usize,
    /// Requests that wait for a stream id or for room in the outgoing buffer.
    pub waiting: usize,
    /// Bytes of envelopes that wait, or are ready to be written.
    pub outgoing_bytes: usize,
    /// Events that nobody has read.
    pub events: usize,
    /// Bytes of their bodies.
    pub event_bytes: usize,
}

impl std::ops::Add for Usage {
    type Output = Self;

    /// What two connections hold together.
    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            in_flight: self.in_flight + other.in_flight,
            orphaned: self.orphaned + other.orphaned,
            waiting: self.waiting + other.waiting,
            outgoing_bytes: self.outgoing_bytes + other.outgoing_bytes,
            events: self.events + other.events,
            event_bytes: self.event_bytes + other.event_bytes,
        }
    }
}

impl Connection {
    /// A connection whose handshake is done, speaking `version`.
    pub fn new(now: Instant, version: ProtocolVersion, settings: Settings) -> Self {
        let envelope = RequestEnvelope::options(version);
        Self {
            life: Life::Open,
            requests: Requests::default(),
            streams: Streams::new(settings.max_in_flight),
            waiting: WaitingRoom::new(settings.max_waiting, settings.max_waiting_bytes),
            outgoing: Outgoing::default(),
            deadlines: Deadlines::new(now),
            liveness: Liveness::new(now, &settings),
            heartbeat: Heartbeat { envelope, owed: false },
            outlived: false,
            events: Events::default(),
            shell: Shell::default(),
            metrics: Metrics::new(),
            timed: Timed::default(),
            expired: Vec::new(),
            settings,
        }
    }

    /// What the connection holds at the moment. At rest, all of it is zero.
    pub fn usage(&self) -> Usage {
        Usage {
            requests: self.requests.live(),
            in_flight: self.streams.owed(),
            orphaned: self.streams.orphaned(),
            waiting: self.waiting.count() as usize,
            outgoing_bytes: self.outgoing.bytes() + self.waiting.bytes(),
            events: self.events.queue.len(),
            event_bytes: self.events.bytes,
        }
    }

    /// How many tickets are out.
    pub fn awaited(&self) -> usize {
        self.requests.live()
    }

    /// How many answers are owed to nobody any more.
    pub fn orphaned(&self) -> usize {
        self.streams.orphaned()
    }

    /// Does the server owe responses, and has it sent nothing for [`quiet_after`](crate::Settings::quiet_after), nor
    /// within as long again when it was asked for a sign of life? Any byte ends that. Others are better asked
    /// meanwhile.
    pub fn is_quiet(&self) -> bool {
        self.liveness.is_quiet()
    }

    /// Are so many answers owed to nobody, or one of them for so long, that the connection should be replaced?
    /// It serves on meanwhile.
    pub fn is_retiring(&self) -> bool {
        self.outlived || self.streams.orphaned() > self.settings.max_orphaned
    }

    /// Is any answer owed, or soon to be, to whomever?
    fn is_owed_responses(&self) -> bool {
        self.streams.owed() + self.streams.orphaned() > 0
    }

    /// When the oldest answer that is owed to nobody will have been for too long, unless that is known already.
    fn orphan_due(&self) -> Option<Instant> {
        let oldest = self.streams.oldest_orphan().filter(|_| !self.outlived)?;
        Some(oldest + self.settings.max_orphan_age.min(NEVER))
    }

    /// Events that went lost: because nobody read them, or because they were over a limit.
    pub fn dropped_events(&self) -> u64 {
        self.metrics.totals.dropped_events
    }

    /// What has become of its requests so far, and what went over it.
    pub fn totals(&self) -> Totals {
        Totals { envelopes_out: self.outgoing.taken(), ..self.metrics.totals }
    }

    /// How many requests have ended whose [`Sample`]s nobody has taken.
    pub fn samples(&self) -> usize {
        self.metrics.samples()
    }

    /// Exchange the samples that have gathered for the empty `taken`.
    pub fn take_samples(&mut self, taken: &mut Vec<Sample>) {
        debug_assert!(taken.is_empty(), "samples would be counted twice");
        self.metrics.take_samples(taken);
    }

    /// Give back samples that could not be recorded, to be taken with the next ones.
    pub fn return_samples(&mut self, taken: &mut Vec<Sample>) {
        self.metrics.return_samples(taken);
    }
}
