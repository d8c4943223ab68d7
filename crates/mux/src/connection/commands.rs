//! Commands of callers.

use std::task::Waker;
use std::time::Instant;

use cqlwire_codec::{HEADER_LEN, RequestEnvelope};

use super::{Connection, Life};
use crate::metrics::Measure;
use crate::requests::{Outcome, Phase, Reached, Record, Ticket};
use crate::waiting::{Backlog, WaitsFor};

/// A request that was taken in.
#[derive(Debug)]
#[must_use]
pub struct Submitted {
    /// The claim to its outcome.
    pub ticket: Ticket,
    /// Wake this one, outside of the lock: the shell, if it sleeps and has to know.
    pub wake: Option<Waker>,
}

/// Why a request was not taken in: nothing of it was or will be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedBecause {
    /// As much waits for the connection as may.
    #[error("the connection is busy: {0}")]
    Full(Backlog),
    /// Its body is longer than requests may be. No connection takes it.
    #[error("its body of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// The length of the body, in bytes.
        bytes: usize,
        /// The limit, in bytes: [`Settings::max_request_bytes`](crate::Settings::max_request_bytes).
        limit: usize,
    },
    /// The connection is being closed.
    #[error("the connection is being closed")]
    Closing,
    /// The connection is over.
    #[error("the connection is over")]
    Ended,
}

/// A request that was given up: what it leaves behind.
#[derive(Debug)]
#[must_use]
pub struct Abandoned {
    /// How far it had got, unless it had its outcome already.
    pub reached: Option<Reached>,
    /// Wake this one, outside of the lock.
    pub wake: Option<Waker>,
    /// Kept to be dropped outside of the lock: its waker and its answer may be anything.
    _remains: Record,
}

impl Connection {
    /// Take in a request, of which the envelope is no longer needed then. It gets a stream id and is queued for the
    /// next write, or waits for its turn. If its deadline passes before it is written, it never is. Its time is counted
    /// as `measure` says, if it does.
    ///
    /// # Errors
    /// [`RefusedBecause`], if the connection takes no more requests.
    pub fn submit(
        &mut self,
        envelope: &RequestEnvelope,
        deadline: Instant,
        measure: Option<&Measure>,
    ) -> Result<Submitted, RefusedBecause> {
        self.submit_watched(envelope, deadline, measure, &mut None)
    }

    /// The same, and `waker`, if there is one, is woken once the outcome is there, as if
    /// [`poll_outcome`](Self::poll_outcome) had been called with it. Of a request that is refused it stays where it is.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_watched(
        &mut self,
        envelope: &RequestEnvelope,
        deadline: Instant,
        measure: Option<&Measure>,
        waker: &mut Option<Waker>,
    ) -> Result<Submitted, RefusedBecause> {
        match self.life {
            Life::Open => {}
            Life::Closing => return Err(RefusedBecause::Closing),
            Life::Ended => return Err(RefusedBecause::Ended),
        }
        let (bytes, limit) = (envelope.len() - HEADER_LEN, self.settings.max_request_bytes);
        if bytes > limit {
            return Err(RefusedBecause::TooLarge { bytes, limit });
        }
        let key = self.requests.next_key();
        let turn = self.waiting.first().is_none();
        let due = self.deadlines.since_start(deadline);
        let phase = if turn && let Some(phase) = self.launch(key, deadline, envelope) {
            phase
        } else if let Some(full) = self.waiting.full_for(envelope.len()) {
            self.metrics.totals.refused += 1;
            let backlog = Backlog { waits_for: self.waits_for(), full };
            return Err(RefusedBecause::Full(backlog));
        } else {
            Phase::Waiting { envelope: self.waiting.join(key, envelope), deadline }
        };
        let measured = self.metrics.begun(measure, due);
        let ticket = self.requests.open(phase, measured);
        self.requests.watch(key, waker);
        let visit = self.deadlines.insert(key, due);
        let wake = self.wake_shell(|core| Some(core.deadlines.instant(visit)));
        Ok(Submitted { ticket, wake })
    }

    /// The outcome of a request, or its ticket back while there is none. `waker` is then the one to wake once there
    /// is; without any, it stays the one that was given last. What is left in `waker` is no longer needed: to be
    /// dropped outside of the lock, since that may run anything.
    ///
    /// # Errors
    /// The ticket: not yet.
    pub fn poll_outcome(
        &mut self,
        ticket: Ticket,
        waker: &mut Option<Waker>,
    ) -> Result<Outcome, Ticket> {
        if let Some(outcome) = self.requests.redeem(ticket.key()) {
            ticket.redeem();
            return Ok(outcome);
        }
        self.requests.watch(ticket.key(), waker);
        Err(ticket)
    }

    /// Give a request up at `now`. Not yet written, it never will be, and its stream id is free at once; written, its
    /// stream id stays in use until the late answer or the end of the connection.
    pub fn abandon(&mut self, ticket: Ticket, now: Instant) -> Abandoned {
        let key = ticket.redeem();
        let open = !matches!(self.requests.phase(key), Phase::Resolved(_));
        let reached = open.then(|| {
            self.deadlines.remove(key);
            self.metrics.set_now(self.deadlines.since_start(now));
            let reached = self.give_up(key, now);
            match reached {
                Reached::Waiting | Reached::Queued => self.metrics.totals.withdrawn += 1,
                Reached::Written => {
                    self.metrics.totals.abandoned += 1;
                    self.metrics.given_up(self.requests.measured(key));
                }
            }
            reached
        });
        let remains = self.requests.close(key);
        self.admit();
        self.note_times(now);
        Abandoned { reached, wake: self.wake_shell(Self::orphan_due), _remains: remains }
    }

    /// From `now` on, let so many requests have a stream id at once, 1 to
    /// [`max_in_flight`](crate::Settings::max_in_flight). Those that have one keep it, and those that wait have their
    /// turn as far as it goes. Returns whom to wake.
    #[must_use]
    pub fn limit_in_flight(&mut self, requests: u16, now: Instant) -> Option<Waker> {
        self.streams.set_limit(requests.min(self.settings.max_in_flight));
        self.admit();
        self.note_times(now);
        self.wake_shell(|_| None)
    }

    /// Take no more requests; those taken in go on. The shell ends the connection once the last has its outcome.
    /// Returns whom to wake.
    #[must_use]
    pub fn close(&mut self) -> Option<Waker> {
        if self.life == Life::Open {
            self.life = Life::Closing;
        }
        self.wake_shell(|_| None)
    }

    /// Free what an open request holds on the wire, and tell how far it had got.
    /// Its record stays, to be resolved or closed.
    pub(super) fn give_up(&mut self, key: u32, now: Instant) -> Reached {
        match *self.requests.phase(key) {
            Phase::Waiting { ref envelope, .. } => {
                self.waiting.leave(key, envelope.len());
                Reached::Waiting
            }
            Phase::InFlight { stream, number } => {
                let requests = &mut self.requests;
                if self.outgoing.withdraw(number, |key, to| requests.renumber(key, to)) {
                    self.streams.release(stream);
                    Reached::Queued
                } else {
                    self.streams.orphan(stream, now);
                    Reached::Written
                }
            }
            Phase::Resolved(_) | Phase::Free { .. } => Reached::Waiting,
        }
    }

    /// Give those who wait their turn, as far as ids and room go.
    pub(super) fn admit(&mut self) {
        while let Some(key) = self.waiting.first() {
            let phase = std::mem::replace(self.requests.phase_mut(key), Phase::Free { next: None });
            let Phase::Waiting { envelope, deadline } = phase else {
                debug_assert!(false, "only waiting requests queue, not {phase:?}");
                break;
            };
            if let Some(launched) = self.launch(key, deadline, &envelope) {
                self.waiting.leave(key, envelope.len());
                *self.requests.phase_mut(key) = launched;
                self.metrics.had_to_wait(self.requests.measured(key));
                self.waiting.keep_spare(envelope);
            } else {
                *self.requests.phase_mut(key) = Phase::Waiting { envelope, deadline };
                break;
            }
        }
    }

    /// Give a request a stream id and queue it for the next write, if there is an id, and room.
    fn launch(&mut self, key: u32, deadline: Instant, envelope: &RequestEnvelope) -> Option<Phase> {
        let bytes = self.outgoing.bytes();
        if bytes > 0 && bytes + envelope.len() > self.settings.max_outgoing_bytes {
            return None;
        }
        let stream = self.streams.claim(key)?;
        let number = self.outgoing.push(envelope, stream, Some((key, deadline)));
        Some(Phase::InFlight { stream, number })
    }

    /// What those who wait are waiting for.
    fn waits_for(&self) -> WaitsFor {
        let limit = self.streams.exhausted();
        limit.map_or(WaitsFor::OutgoingBuffer, WaitsFor::StreamId)
    }

    /// The shell's waker, if it sleeps and there is something for it to do, now or at `look`.
    pub(super) fn wake_shell(
        &mut self,
        look: impl FnOnce(&Self) -> Option<Instant>,
    ) -> Option<Waker> {
        // Most find it awake, or woken by another.
        self.shell.waker.as_ref()?;
        let look = look(self);
        let to_write = self.shell.wants_transmit && self.outgoing.bytes() > 0;
        let earlier = look.is_some_and(|look| self.shell.armed.is_none_or(|armed| look < armed));
        let retiring = self.is_retiring() && !self.shell.knows_retiring;
        let concerned = to_write || earlier || retiring || self.is_drained();
        if concerned { self.shell.waker.take() } else { None }
    }
}
