//! Many streams at once: what they hold together.

use super::RoundSettings;
use crate::Result;
use crate::client::Client;
use crate::measure::{HeapProbe, Latencies, Moment, Round, peak_rss_bytes};

/// Looks at the heap after every page, and at how long each took.
#[derive(Debug)]
pub struct StreamsWatch {
    probe: HeapProbe,
    before: u64,
    peak: u64,
    latencies: Latencies,
    since: std::time::Instant,
}

impl StreamsWatch {
    fn start(probe: HeapProbe) -> Result<Self> {
        let (before, since) = (probe().live_bytes, std::time::Instant::now());
        Ok(Self { probe, before, peak: 0, latencies: Latencies::new()?, since })
    }

    /// A stream has its next page, and all others still hold theirs.
    pub fn page(&mut self) {
        let taken = (self.probe)().live_bytes.saturating_sub(self.before);
        self.peak = self.peak.max(taken);
        self.latencies.record(self.since.elapsed());
        self.since = std::time::Instant::now();
    }
}

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
    let round = Round::between(&from, &to, &watch.latencies, peak_rss_bytes()?)?;
    Ok(Round { peak_live_bytes: watch.peak, ..round })
}
