//! Scans: a whole table, row by row.

use super::RoundSettings;
use super::watch::ScanWatch;
use crate::Result;
use crate::client::Client;
use crate::measure::{Moment, Round, peak_rss_bytes};
use crate::work::Work;

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
