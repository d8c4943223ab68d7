//! Scans: a whole table, row by row.

use std::time::Instant;

use super::RoundSettings;
use crate::Result;
use crate::client::Client;
use crate::measure::{Latencies, Moment, Round, peak_rss_bytes};
use crate::work::{PAGE_ROWS, Tally, Work};

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

/// As many scans as fit, at least one. An operation is a row.
///
/// # Errors
///
/// A scan failed, or did not give every row once.
pub async fn scan_round<C: Client>(
    client: &C,
    work: Work,
    settings: RoundSettings,
) -> Result<Round> {
    let mut watch = ScanWatch::start()?;
    let mut rows = 0;
    let from = Moment::now(rows, settings.probe)?;
    while rows == 0 || from.at.elapsed() < settings.measured {
        match work {
            Work::ScanBorrowed => client.scan_borrowed(&mut watch).await?,
            _ => client.scan(&mut watch).await?,
        }
        rows += watch.finish()?;
    }
    let to = Moment::now(rows, settings.probe)?;
    Round::between(&from, &to, watch.latencies(), peak_rss_bytes()?)
}
