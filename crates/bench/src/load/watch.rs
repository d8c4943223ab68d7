//! What clients show their rows and pages to.

use std::time::Instant;

use crate::Result;
use crate::measure::{HeapProbe, Latencies};
use crate::work::{PAGE_ROWS, Tally};

/// Looks at every row of a scan, and at how long each 5,000 of them took.
#[derive(Debug)]
pub struct ScanWatch {
    tally: Tally,
    latencies: Latencies,
    since: Instant,
}

impl ScanWatch {
    /// Before the first row.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn start() -> Result<Self> {
        Ok(Self { tally: Tally::default(), latencies: Latencies::new()?, since: Instant::now() })
    }

    /// One more row.
    #[inline]
    pub fn row(&mut self, id: i64, name: &str, score: f64, photo: &[u8]) {
        self.tally.add(id, name.as_bytes(), score, photo);
        if self.tally.rows.is_multiple_of(PAGE_ROWS) {
            self.page_end();
        }
    }

    /// One more row, of a client that does not look whether a text is one.
    #[inline]
    pub fn raw_row(&mut self, id: i64, name: &[u8], score: f64, photo: &[u8]) {
        self.tally.add(id, name, score, photo);
        if self.tally.rows.is_multiple_of(PAGE_ROWS) {
            self.page_end();
        }
    }

    /// Checks that it was the whole table, and begins anew.
    ///
    /// # Errors
    ///
    /// It was not.
    pub fn finish(&mut self) -> Result<u64> {
        let rows = std::mem::take(&mut self.tally).check()?;
        self.since = Instant::now();
        Ok(rows)
    }

    /// How long each 5,000 rows took.
    pub const fn latencies(&self) -> &Latencies {
        &self.latencies
    }

    fn page_end(&mut self) {
        self.latencies.record(self.since.elapsed());
        self.since = Instant::now();
    }
}

/// Looks at the heap after every page, and at how long each took.
#[derive(Debug)]
pub struct StreamsWatch {
    probe: HeapProbe,
    before: u64,
    peak: u64,
    latencies: Latencies,
    since: Instant,
}

impl StreamsWatch {
    /// Before the first page.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn start(probe: HeapProbe) -> Result<Self> {
        let (before, since) = (probe().live_bytes, Instant::now());
        Ok(Self { probe, before, peak: 0, latencies: Latencies::new()?, since })
    }

    /// A stream has its next page, and all others still hold theirs.
    pub fn page(&mut self) {
        let taken = (self.probe)().live_bytes.saturating_sub(self.before);
        self.peak = self.peak.max(taken);
        self.latencies.record(self.since.elapsed());
        self.since = Instant::now();
    }

    /// How long each page took.
    pub const fn latencies(&self) -> &Latencies {
        &self.latencies
    }

    /// The most that was taken of the heap, in bytes.
    pub const fn peak(&self) -> u64 {
        self.peak
    }
}
