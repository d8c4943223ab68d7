//! How long operations took.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::Result;

/// Below this everything is recorded, in steps of at most one in a thousand.
const LONGEST_NANOS: u64 = 600_000_000_000;

/// A histogram from a nanosecond to ten minutes.
#[derive(Clone, Debug)]
pub struct Latencies {
    histogram: Histogram<u64>,
}

impl Latencies {
    /// Nothing recorded.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn new() -> Result<Self> {
        Ok(Self { histogram: Histogram::new_with_max(LONGEST_NANOS, 3)? })
    }

    /// One more.
    #[inline]
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(LONGEST_NANOS);
        self.histogram.saturating_record(nanos.clamp(1, LONGEST_NANOS));
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.histogram.reset();
    }

    /// The median, the 99th percentile and the 99.9th, in microseconds.
    pub fn quantiles_us(&self) -> [f64; 3] {
        [0.5, 0.99, 0.999].map(|quantile| {
            let nanos = self.histogram.value_at_quantile(quantile);
            Duration::from_nanos(nanos).as_secs_f64() * 1e6
        })
    }
}
