//! Times, counted by how long they were.

use std::fmt;
use std::time::Duration;

use cqlwire_net::Sample;
use histogram::{Config, Histogram};

/// The longest time that is told apart, as a power of two of microseconds: 134 s. A longer one counts as
/// that.
const LONGEST: u8 = 27;

/// Into how many parts times of twice a length are divided, as powers of two.
const COARSE: u8 = 3;
const FINE: u8 = 7;

/// How many times were how long, from a microsecond to 134 s; longer ones count as that.
///
/// A time is known to one part in 128, or, of a host, in eight. A histogram has one size for all
/// times, can be added to another, and is cheap to record to.
#[derive(Clone)]
pub struct LatencyHistogram {
    counts: Histogram,
}

/// How finely times are told apart.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    /// To one part in eight: 1,600 bytes.
    Coarse,
    /// To one part in 128: 22 KiB.
    Fine,
}

impl Precision {
    const fn config(self) -> Config {
        let parts = match self {
            Self::Coarse => COARSE,
            Self::Fine => FINE,
        };
        match Config::new(parts, LONGEST) {
            Ok(config) => config,
            // It would not compile.
            Err(_) => unreachable!(),
        }
    }
}

/// The place of a time in a histogram of so many parts, as [`Histogram::add`] finds it, for a time that
/// is known to be short enough.
#[inline]
fn index<const PARTS: u8>(micros: u32) -> usize {
    let micros = micros.min((1 << LONGEST) - 1);
    let discarded = (31 - (micros | 1).leading_zeros()).saturating_sub(u32::from(PARTS));
    ((discarded << PARTS) + (micros >> discarded)) as usize
}

impl LatencyHistogram {
    /// One that has nothing in it yet.
    pub(crate) fn new(precision: Precision) -> Self {
        const CONFIGS: [Config; 2] = [Precision::Coarse.config(), Precision::Fine.config()];
        Self { counts: Histogram::with_config(&CONFIGS[precision as usize]) }
    }

    /// One more.
    pub fn record(&mut self, time: Duration) {
        self.add_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), 1);
    }

    /// These, coarsely, and in another histogram finely: all that is done for each response.
    pub(crate) fn record_all(coarse: &mut Self, fine: &mut Self, samples: &[Sample]) {
        let (coarse, fine) = (coarse.counts.as_mut_slice(), fine.counts.as_mut_slice());
        for sample in samples {
            if let Some(count) = coarse.get_mut(index::<COARSE>(sample.micros)) {
                *count += 1;
            }
            if let Some(count) = fine.get_mut(index::<FINE>(sample.micros)) {
                *count += 1;
            }
        }
    }

    fn add_micros(&mut self, micros: u64, count: u64) {
        let longest = (1 << LONGEST) - 1;
        // There is a bucket for each of these.
        self.counts.add(micros.min(longest), count).unwrap_or_default();
    }

    /// What another one has as well. One of another precision is taken at the longest times that its
    /// own may have been.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.config() == other.counts.config() {
            let (own, others) = (self.counts.as_mut_slice(), other.counts.as_slice());
            own.iter_mut().zip(others).for_each(|(own, other)| *own = own.wrapping_add(*other));
        } else {
            for bucket in other.counts.iter().filter(|bucket| bucket.count() > 0) {
                self.add_micros(bucket.end(), bucket.count());
            }
        }
    }

    /// What has come since an earlier look at the same.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        let (own, before) = (since.counts.as_mut_slice(), earlier.counts.as_slice());
        own.iter_mut().zip(before).for_each(|(own, before)| *own = own.saturating_sub(*before));
        since
    }

    /// How many times there are.
    pub fn count(&self) -> u64 {
        self.counts.as_slice().iter().sum()
    }

    /// The time that this part of all is not over, `0.99` of a hundred 99, as precisely as it is known:
    /// the longest that it may have been. `None` if there are no times, or no such part.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let bucket = self.counts.quantile_bucket(part).ok().flatten()?;
        Some(Duration::from_micros(bucket.end()))
    }

    /// The longest time, as precisely as it is known; `None` if there is none.
    pub fn max(&self) -> Option<Duration> {
        self.quantile(1.0)
    }

    /// All times together, as precisely as they are known.
    pub fn sum(&self) -> Duration {
        let filled = self.counts.iter().filter(|bucket| bucket.count() > 0);
        // Each in the middle of its bucket.
        let twice = filled
            .map(|bucket| u128::from(bucket.start() + bucket.end()) * u128::from(bucket.count()));
        Duration::from_micros(u64::try_from(twice.sum::<u128>() / 2).unwrap_or(u64::MAX))
    }

    /// Up to which time there are how many, for each that there are any of: the shortest first.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        let filled = self.counts.iter().filter(|bucket| bucket.count() > 0);
        filled.map(|bucket| (Duration::from_micros(bucket.end()), bucket.count()))
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        size_of::<Self>() + size_of_val(self.counts.as_slice())
    }
}

impl Default for LatencyHistogram {
    /// One that has nothing in it yet, and tells times apart to one part in eight.
    fn default() -> Self {
        Self::new(Precision::Coarse)
    }
}

impl fmt::Display for LatencyHistogram {
    /// One line: how many, and what half of them, 99 of a hundred, 999 of a thousand and all are not
    /// over.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "count {}", self.count())?;
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)] {
            if let Some(time) = self.quantile(part) {
                write!(f, ", {name} {time:.1?}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for LatencyHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LatencyHistogram({self})")
    }
}

#[cfg(test)]
mod tests;
