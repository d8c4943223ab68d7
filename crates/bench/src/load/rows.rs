//! Loads: so many rows, one after the other, written as the driver does that.

use std::time::Instant;

use super::RoundSettings;
use crate::Result;
use crate::client::Client;
use crate::measure::{Latencies, Moment, Round, peak_rss_bytes};
use crate::work::{LOAD_ROWS, Work};

/// As many loads as fit, at least one after another to warm up. An operation is a row; the time of
/// one is that of a whole load.
///
/// # Errors
///
/// A row was not written.
pub async fn load_round<C: Client>(
    client: &C,
    work: Work,
    settings: RoundSettings,
) -> Result<Round> {
    let mut latencies = Latencies::new()?;
    let mut rows = 0;
    client.load(work).await?;
    let from = Moment::now(rows, settings.probe)?;
    while rows == 0 || from.at.elapsed() < settings.measured {
        let began = Instant::now();
        client.load(work).await?;
        latencies.record(began.elapsed());
        rows += u64::from(LOAD_ROWS);
    }
    let to = Moment::now(rows, settings.probe)?;
    Round::between(&from, &to, &latencies, peak_rss_bytes()?)
}
