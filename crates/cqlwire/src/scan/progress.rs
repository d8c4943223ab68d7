//! How far a scan has got, as anybody may read it while it runs.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

/// The figures of a scan. Those of one that runs are read one after another: they may be a page apart.
#[derive(Copy, Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ScanProgress {
    /// How many ranges it has, those included that its plan had done before.
    pub ranges: u64,
    /// How many of them are read.
    pub ranges_done: u64,
    /// How much of it that is, by the estimates of the servers: 0 to 1.
    pub part: f64,
    /// How many rows came.
    pub rows: u64,
    /// How many pages came, empty ones included.
    pub pages: u64,
    /// How many bytes the rows of these have.
    pub bytes: u64,
    /// How long it has been running, from when it was first polled to its end.
    pub elapsed: Duration,
    /// How much longer it may take, by what was done since then; `None` while nothing is.
    pub remaining: Option<Duration>,
}

impl fmt::Display for ScanProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ranges, ranges_done, part, rows, bytes, elapsed, remaining, .. } = self;
        let per_cent = part * 100.0;
        write!(
            f,
            "{per_cent:.1} %, {ranges_done} of {ranges} ranges, {rows} rows, {bytes} bytes in \
             {elapsed:.1?}"
        )?;
        match remaining {
            Some(remaining) if !remaining.is_zero() => write!(f, ", {remaining:.0?} to go"),
            _ => Ok(()),
        }
    }
}

/// Reads the [progress](ScanProgress) of a scan while that is read elsewhere. Cheap to clone, and keeps
/// nothing of the scan alive but its figures.
#[derive(Clone, Debug)]
pub struct ScanWatch(Arc<Counters>);

impl ScanWatch {
    /// The figures of now.
    pub fn progress(&self) -> ScanProgress {
        self.0.progress()
    }
}

/// The figures as they are counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    ranges: AtomicU64,
    ranges_done: AtomicU64,
    weight: AtomicU64,
    weight_done: AtomicU64,
    /// What its plan had done before.
    weight_before: AtomicU64,
    rows: AtomicU64,
    pages: AtomicU64,
    bytes: AtomicU64,
    since: OnceLock<Instant>,
    elapsed: OnceLock<Duration>,
}

impl Counters {
    pub(super) fn watch(self: &Arc<Self>) -> ScanWatch {
        ScanWatch(Arc::clone(self))
    }

    pub(super) fn begin(&self) {
        self.since.get_or_init(Instant::now);
    }

    pub(super) fn end(&self) {
        self.elapsed.get_or_init(|| self.running());
    }

    fn running(&self) -> Duration {
        self.since.get().map(Instant::elapsed).unwrap_or_default()
    }

    /// So much there is, and so much of it was done before.
    pub(super) fn planned(&self, ranges: u64, weight: u64, ranges_done: u64, weight_done: u64) {
        self.ranges.store(ranges, Relaxed);
        self.weight.store(weight, Relaxed);
        self.ranges_done.store(ranges_done, Relaxed);
        self.weight_done.store(weight_done, Relaxed);
        self.weight_before.store(weight_done, Relaxed);
    }

    pub(super) fn pages(&self, pages: u64) {
        self.pages.fetch_add(pages, Relaxed);
    }

    pub(super) fn page(&self, rows: usize, bytes: usize) {
        self.rows.fetch_add(rows as u64, Relaxed);
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn range_done(&self, weight: u64) {
        self.ranges_done.fetch_add(1, Relaxed);
        // Weights of a plan may be anything. It is the task that reads alone that adds.
        let done = self.weight_done.load(Relaxed).saturating_add(weight);
        self.weight_done.store(done, Relaxed);
    }

    #[allow(clippy::cast_precision_loss, reason = "parts are estimates")]
    pub(super) fn progress(&self) -> ScanProgress {
        let elapsed = self.elapsed.get().copied().unwrap_or_else(|| self.running());
        let (weight, done) = (self.weight.load(Relaxed), self.weight_done.load(Relaxed));
        let done_here = done.saturating_sub(self.weight_before.load(Relaxed));
        let left = weight.saturating_sub(done);
        let pace = (done_here > 0).then(|| left as f64 / done_here as f64);
        ScanProgress {
            ranges: self.ranges.load(Relaxed),
            ranges_done: self.ranges_done.load(Relaxed),
            part: if weight == 0 { 0.0 } else { done as f64 / weight as f64 },
            rows: self.rows.load(Relaxed),
            pages: self.pages.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            elapsed,
            remaining: pace
                .and_then(|pace| Duration::try_from_secs_f64(elapsed.as_secs_f64() * pace).ok()),
        }
    }
}
