//! Many streams at once: what they hold together.

use super::RoundSettings;
use super::watch::StreamsWatch;
use crate::Result;
use crate::client::Client;
use crate::measure::{Moment, Round, peak_rss_bytes};

/// So many streams of the scan, each holding a page while all others are read on, as often as it
/// fits, at least once. An operation is a row.
///
/// # Errors
///
/// A stream failed.
pub async fn streams_round<C: Client>(
    client: &C,
    streams: u32,
    settings: RoundSettings,
) -> Result<Round> {
    let mut watch = StreamsWatch::start(settings.probe)?;
    let mut rows = 0;
    let from = Moment::now(rows, settings.probe)?;
    while rows == 0 || from.at.elapsed() < settings.measured {
        rows += client.hold_streams(streams, &mut watch).await?;
    }
    let to = Moment::now(rows, settings.probe)?;
    let round = Round::between(&from, &to, watch.latencies(), peak_rss_bytes()?)?;
    Ok(Round { peak_live_bytes: watch.peak(), ..round })
}
