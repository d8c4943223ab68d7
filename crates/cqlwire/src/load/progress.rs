//! How far a load has got, as anybody may read it while it runs.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

/// The figures of a load. Those of one that runs are read one after another: they may be a few rows
/// apart.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadProgress {
    /// How many rows were taken from the source. Those that are not among the following are held: on
    /// their way, or about to be.
    pub taken: u64,
    /// How many rows were written.
    pub written: u64,
    /// How many rows were not, since the condition of their statement (`IF NOT EXISTS`) did not hold.
    pub not_applied: u64,
    /// How many rows failed, or may not have been written.
    pub failed: u64,
    /// How many requests came to their end.
    pub requests: u64,
    /// How many bytes the values of the rows that were written have, encoded.
    pub bytes: u64,
    /// How long it has been running, or ran, from when it was first polled.
    pub elapsed: Duration,
    /// It is over: there are no more rows, or it was stopped, or dropped.
    pub is_over: bool,
}

impl LoadProgress {
    /// How many rows have had their outcome.
    pub const fn done(&self) -> u64 {
        self.written + self.not_applied + self.failed
    }

    /// How many rows had their outcome in a second, on average since it began.
    pub fn rows_per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.done() as f64 / seconds } else { 0.0 }
    }
}

impl fmt::Display for LoadProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { written, not_applied, failed, requests, bytes, elapsed, .. } = self;
        let rate = self.rows_per_second();
        write!(f, "{written} rows written, {failed} failed")?;
        if *not_applied > 0 {
            write!(f, ", {not_applied} not applied")?;
        }
        write!(f, " in {elapsed:.1?} ({rate:.0}/s), {requests} requests, {bytes} bytes")
    }
}

/// Reads the [progress](LoadProgress) of a load while that is awaited. Cheap to clone, and keeps
/// nothing of the load alive but its figures.
#[derive(Clone, Debug)]
pub struct LoadWatch {
    counters: Arc<Counters>,
}

impl LoadWatch {
    /// The figures of now.
    pub fn progress(&self) -> LoadProgress {
        self.counters.progress()
    }
}

/// The figures of a load, which is over when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Counted(Arc<Counters>);

impl Counted {
    pub(super) fn watch(&self) -> LoadWatch {
        LoadWatch { counters: Arc::clone(&self.0) }
    }
}

impl Deref for Counted {
    type Target = Counters;

    fn deref(&self) -> &Counters {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.end();
    }
}

/// The figures as they are counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    taken: AtomicU64,
    written: AtomicU64,
    not_applied: AtomicU64,
    failed: AtomicU64,
    requests: AtomicU64,
    bytes: AtomicU64,
    since: OnceLock<Instant>,
    took: OnceLock<Duration>,
}

impl Counters {
    pub(super) fn begin(&self) {
        self.since.get_or_init(Instant::now);
    }

    pub(super) fn end(&self) {
        self.took.get_or_init(|| self.since.get().map(Instant::elapsed).unwrap_or_default());
    }

    /// One more row was taken: gives its number, from 1.
    pub(super) fn take(&self) -> u64 {
        self.taken.fetch_add(1, Relaxed) + 1
    }

    pub(super) fn request_ended(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// A row of so many bytes was written.
    pub(super) fn written(&self, bytes: usize) {
        self.written.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn not_applied(&self) {
        self.not_applied.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    /// How many rows failed.
    pub(super) fn failures(&self) -> u64 {
        self.failed.load(Relaxed)
    }

    pub(super) fn progress(&self) -> LoadProgress {
        let took = self.took.get().copied();
        let so_far = || self.since.get().map(Instant::elapsed).unwrap_or_default();
        LoadProgress {
            written: self.written.load(Relaxed),
            not_applied: self.not_applied.load(Relaxed),
            failed: self.failed.load(Relaxed),
            taken: self.taken.load(Relaxed),
            requests: self.requests.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            elapsed: took.unwrap_or_else(so_far),
            is_over: took.is_some(),
        }
    }
}
