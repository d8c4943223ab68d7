//! When what happened to one request, for whoever asked for it with the request.
//!
//! Hardly any is: those that are stand in a list of their own, which is empty else. Each step of the
//! connection costs a look whether it is, and no request costs anything.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use cqlwire_codec::StreamId;

use crate::requests::{Outcome, Phase, Requests};

/// When what happened to one request on its connection. Each of it is known from when it happens on,
/// and stays as it is.
#[derive(Debug, Default)]
pub struct Timeline {
    taken_in: OnceLock<TakenIn>,
    queued: OnceLock<Instant>,
    written: OnceLock<Instant>,
    first_byte: OnceLock<Instant>,
}

#[derive(Debug)]
struct TakenIn {
    at: Instant,
    bytes: usize,
}

impl Timeline {
    /// When the connection took it in.
    pub fn taken_in(&self) -> Option<Instant> {
        self.taken_in.get().map(|taken_in| taken_in.at)
    }

    /// How long its envelope is, in bytes, its header included: on v5 before compression.
    pub fn bytes(&self) -> Option<usize> {
        self.taken_in.get().map(|taken_in| taken_in.bytes)
    }

    /// When it had its stream id, and was queued for the next write: at once, unless it had to wait.
    pub fn queued(&self) -> Option<Instant> {
        self.queued.get().copied()
    }

    /// When the socket had all of it.
    pub fn written(&self) -> Option<Instant> {
        self.written.get().copied()
    }

    /// When that was read which has the header of its response.
    pub fn first_byte(&self) -> Option<Instant> {
        self.first_byte.get().copied()
    }

    fn set_written(&self, at: Instant) {
        self.written.get_or_init(|| at);
    }

    /// What is answered was written, whatever is known of that.
    fn set_first_byte(&self, at: Instant) {
        self.set_written(at);
        self.first_byte.get_or_init(|| at);
    }
}

/// The requests without an outcome whose times somebody asked for.
#[derive(Debug, Default)]
pub(crate) struct Timed(Vec<(u32, Arc<Timeline>)>);

impl Timed {
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This one has been taken in.
    pub(crate) fn add(&mut self, key: u32, at: Instant, bytes: usize, timeline: Arc<Timeline>) {
        timeline.taken_in.get_or_init(|| TakenIn { at, bytes });
        self.0.push((key, timeline));
    }

    /// Notes what has become of them by `now`, and forgets those that have their outcome, or were given
    /// up.
    #[cold]
    pub(crate) fn note(&mut self, now: Instant, requests: &Requests) {
        self.0.retain(|(key, timeline)| match requests.phase(*key) {
            Phase::Waiting { .. } => true,
            Phase::InFlight { .. } => {
                timeline.queued.get_or_init(|| now);
                true
            }
            Phase::Resolved(Outcome::Response(_) | Outcome::ResponseTooLarge(_)) => {
                timeline.set_first_byte(now);
                false
            }
            Phase::Resolved(_) | Phase::Free { .. } => false,
        });
    }

    /// At this time, the socket had all envelopes before this number.
    pub(crate) fn written(&self, at: Instant, before: u64, requests: &Requests) {
        for (key, timeline) in &self.0 {
            if let Phase::InFlight { number, .. } = requests.phase(*key)
                && *number < before
            {
                timeline.set_written(at);
            }
        }
    }

    /// The header of a response on this stream has come.
    pub(crate) fn first_byte(&self, at: Instant, on: StreamId, requests: &Requests) {
        for (key, timeline) in &self.0 {
            if let Phase::InFlight { stream, .. } = requests.phase(*key)
                && *stream == on
            {
                timeline.set_first_byte(at);
            }
        }
    }
}
