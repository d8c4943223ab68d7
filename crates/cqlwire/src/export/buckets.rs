//! Times by the bounds that collectors know.

use cqlwire_pool::LatencyHistogram;

/// In seconds: from what a server in the next rack takes to what nobody waits for. A histogram is a
/// series each, so there are few: less than a factor of three apart.
pub(super) const BOUNDS: [f64; 18] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0, 60.0,
];

/// How many times are above the bound before and not above this one, for each, and for what is above
/// all. A time counts as the longest that it may have been: up to a part in 128 more, or, of a host and
/// a named statement, in eight.
pub(super) fn by_bounds(times: &LatencyHistogram, bounds: &[f64]) -> Vec<(f64, u64)> {
    let mut buckets: Vec<_> =
        bounds.iter().copied().chain([f64::INFINITY]).map(|bound| (bound, 0)).collect();
    for (time, count) in times.buckets() {
        let seconds = time.as_secs_f64();
        if let Some((_, counted)) = buckets.iter_mut().find(|(bound, _)| seconds <= *bound) {
            *counted += count;
        }
    }
    buckets
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_time_is_in_the_first_bucket_that_it_is_not_over() {
        let mut times = LatencyHistogram::default();
        for micros in [1, 100, 101, 4_000, 59_000_000, 133_000_000] {
            times.record(Duration::from_micros(micros));
        }
        let buckets = by_bounds(&times, &[0.0001, 0.005, 60.0]);
        // 100 and 101 are not told apart to one part in eight.
        assert_eq!(buckets, [(0.0001, 1), (0.005, 3), (60.0, 0), (f64::INFINITY, 2)]);
        assert_eq!(buckets.iter().map(|(_, count)| count).sum::<u64>(), times.count());
        assert!(BOUNDS.is_sorted());
    }
}
