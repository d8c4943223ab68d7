//! What is counted of a connection, and how long its requests take.
//!
//! All of it is plain fields: the connection is behind a lock anyway, and the times are those that its
//! shell tells. A request that ends leaves a [`Sample`]; the shell takes them, some hundred at a time,
//! to where they are added up.

use std::time::Duration;

/// What kind of request it is, as far as its user would know it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// A statement that only reads, whole.
    Read,
    /// A statement that writes one partition, with or without a condition.
    Write,
    /// A batch.
    Batch,
    /// The PREPARE of a text.
    Prepare,
    /// A page of a stream.
    Page,
    /// Anything else: a change of the schema, and what cannot be told from its text.
    Other,
}

impl RequestKind {
    /// All of them, in the order of [`index`](Self::index).
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Write, Self::Batch, Self::Prepare, Self::Page, Self::Other];

    /// Its place in [`ALL`](Self::ALL).
    pub const fn index(self) -> usize {
        self as usize
    }

    /// One word for it, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Batch => "batch",
            Self::Prepare => "prepare",
            Self::Page => "page",
            Self::Other => "other",
        }
    }
}

/// How the time of a request is to be counted.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// As what.
    pub kind: RequestKind,
    /// For how long, in microseconds: it began so long before its deadline. Its deadline is known already,
    /// and a difference costs as much as all the rest of it.
    pub allowed_micros: u64,
    /// Is the time until its response all that its user waits, unless the response is an ERROR? Not so of what is sent
    /// again, or beside another.
    pub is_whole: bool,
}

/// How long one request took until it had its response, or was given up after it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What kind of request it was.
    pub kind: RequestKind,
    /// Its user waited so long, and has the result.
    pub is_whole: bool,
    /// In microseconds, up to 71 minutes.
    pub micros: u32,
}

crate::counters! {
    /// What has become of the requests of a connection, or of several, and what went over it.
    ///
    /// Each request that was taken in is one of: responses, too large, timed out unsent, timed out, unsent, lost,
    /// withdrawn, abandoned, or still under way.
    pub struct Totals {
        /// Requests that were taken in.
        requests,
        /// Responses that somebody waited for.
        responses,
        /// Those of them that are an ERROR.
        errors,
        /// Responses over the limit, which were thrown away.
        too_large,
        /// Requests whose deadline passed before they were written.
        timed_out_unsent,
        /// Requests whose deadline passed after they were written.
        timed_out,
        /// Requests that were not written when the connection ended.
        unsent,
        /// Requests that were written, and had no response when the connection ended.
        lost,
        /// Requests that were given up before they were written.
        withdrawn,
        /// Requests that were given up after they were written.
        abandoned,
        /// Responses that came when nobody waited for them any more.
        late_responses,
        /// Requests that were refused, since as many waited as may.
        refused,
        /// Requests that had to wait for a stream id, or for room.
        waited,
        /// How long they did together, in microseconds.
        waited_micros,
        /// Envelopes that were taken to be written, heartbeats among them.
        envelopes_out,
        /// Envelopes that came.
        envelopes_in,
        /// Bytes that the socket took, as they go over the wire but for TLS.
        bytes_out,
        /// Bytes that the socket gave.
        bytes_in,
        /// Envelopes among those that came which the server sent unasked.
        events,
        /// Events that went lost: because nobody read them, or because they were over a limit.
        dropped_events,
        /// How often the server was asked for a sign of life.
        heartbeats,
    }
}

/// What is kept of a request until it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// When it began, by [`micros`]; zero of one whose time is not counted.
    began: u64,
    kind: RequestKind,
    is_whole: bool,
}

impl Measured {
    /// Its time is not counted.
    pub(crate) const NOT: Self = Self { began: 0, kind: RequestKind::Other, is_whole: false };
}

/// What is counted of one connection.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) totals: Totals,
    /// Of requests that have ended, until somebody takes them.
    samples: Vec<Sample>,
    /// What time it was when the shell told it last, by [`micros`].
    latest: u64,
}

/// As many as there can be requests, of a shell that takes them whenever it delivers something: one that does not
/// goes without those after them.
const MOST_SAMPLES: usize = 65_536;

/// By [`micros`], when the connection began: requests may have begun before.
const START: u64 = 1 << 40;

/// So long after the beginning of the connection.
#[inline]
fn micros(since_start: Duration) -> u64 {
    START + in_micros(since_start)
}

#[inline]
fn in_micros(time: Duration) -> u64 {
    time.as_secs().wrapping_mul(1_000_000) + u64::from(time.subsec_micros())
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self { totals: Totals::default(), samples: Vec::new(), latest: START }
    }

    /// It is taken in, and has until so long after the beginning of the connection.
    #[inline]
    pub(crate) fn begun(&mut self, measure: Option<&Measure>, deadline: Duration) -> Measured {
        self.totals.requests += 1;
        let Some(measure) = measure else { return Measured::NOT };
        let began = micros(deadline).saturating_sub(measure.allowed_micros);
        Measured { began, kind: measure.kind, is_whole: measure.is_whole }
    }

    /// It is so long after the beginning of the connection.
    #[inline]
    pub(crate) fn set_now(&mut self, since_start: Duration) {
        self.latest = micros(since_start);
    }

    /// Its response has come.
    #[inline]
    pub(crate) fn responded(&mut self, measured: Measured, is_error: bool) {
        self.totals.responses += 1;
        self.totals.errors += u64::from(is_error);
        self.sample(measured, measured.is_whole && !is_error);
    }

    /// It was sent, and nobody waits for it any more: it took so long at least.
    pub(crate) fn given_up(&mut self, measured: Measured) {
        self.sample(measured, false);
    }

    /// It has had its turn.
    pub(crate) fn had_to_wait(&mut self, measured: Measured) {
        self.totals.waited += 1;
        if measured.began > 0 {
            self.totals.waited_micros += self.latest.saturating_sub(measured.began);
        }
    }

    pub(crate) const fn samples(&self) -> usize {
        self.samples.len()
    }

    /// Exchanges those that have gathered for the empty `taken`.
    pub(crate) const fn take_samples(&mut self, taken: &mut Vec<Sample>) {
        std::mem::swap(&mut self.samples, taken);
    }

    /// Takes back those of `taken`, before what has gathered since, and leaves it empty.
    pub(crate) fn return_samples(&mut self, taken: &mut Vec<Sample>) {
        taken.append(&mut self.samples);
        taken.truncate(MOST_SAMPLES);
        std::mem::swap(&mut self.samples, taken);
    }

    #[inline]
    fn sample(&mut self, measured: Measured, is_whole: bool) {
        let Measured { began, kind, .. } = measured;
        if began > 0 && self.samples.len() < MOST_SAMPLES {
            let micros = self.latest.saturating_sub(began);
            let micros = u32::try_from(micros).unwrap_or(u32::MAX);
            self.samples.push(Sample { kind, is_whole, micros });
        }
    }
}
