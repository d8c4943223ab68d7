//! Is it the same in the last quarter as in the first?

use serde::Serialize;

/// The first moments, of which one in so many is left out: pools open, caches fill.
const WARM_UP: usize = 20;

/// A median may be this much higher, in bytes: what is in flight comes and goes.
const SLACK_BYTES: u64 = 512 << 10;
/// The same of anything that is counted.
const SLACK_COUNT: u64 = 8;
/// Or by one part in so many.
const SLACK_SHARE: u64 = 10;

/// One figure over a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Course {
    pub(super) name: &'static str,
    /// The median of each quarter.
    pub(super) quarters: [u64; 4],
    pub(super) peak: u64,
    pub(super) has_grown: bool,
}

impl Course {
    /// Of the figures at all moments.
    pub(super) fn of(name: &'static str, figures: &[u64]) -> Self {
        let steady = figures.get(figures.len() / WARM_UP..).unwrap_or_default();
        let part = |number: usize| {
            let bounds = [number, number + 1].map(|part| steady.len() * part / 4);
            median(steady.get(bounds[0]..bounds[1]).unwrap_or_default())
        };
        let quarters = [0, 1, 2, 3].map(part);
        let [first, .., last] = quarters;
        let slack = if name.ends_with("bytes") { SLACK_BYTES } else { SLACK_COUNT };
        let has_grown = last > first + slack.max(first / SLACK_SHARE);
        let peak = figures.iter().copied().max().unwrap_or(0);
        Self { name, quarters, peak, has_grown }
    }
}

fn median(figures: &[u64]) -> u64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grows(name: &'static str, figure: impl Fn(u64) -> u64) -> bool {
        Course::of(name, &(0..400).map(figure).collect::<Vec<_>>()).has_grown
    }

    #[test]
    fn what_leaks_slowly_has_grown() {
        assert!(grows("tasks", |moment| 40 + moment / 25));
        assert!(grows("live_bytes", |moment| (8 << 20) + moment * 4_096));
    }

    #[test]
    fn what_comes_and_goes_has_not() {
        assert!(!grows("tasks", |moment| 40 + moment * 7 % 30));
        assert!(!grows("live_bytes", |moment| (8 << 20) + moment * 7_919 % (2 << 20)));
        // A server is away for a tenth of the time.
        assert!(!grows("connections", |moment| if moment % 100 < 10 { 0 } else { 2 }));
    }

    #[test]
    fn what_fills_at_the_beginning_has_not() {
        assert!(!grows("kept_statements", |moment| (moment * 8).min(64)));
    }

    #[test]
    fn the_quarters_are_those_of_what_is_steady() {
        let course =
            Course::of("calls", &[9, 9, 9, 9, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
        assert_eq!((course.quarters, course.peak), ([9, 1, 3, 4], 9));
        assert_eq!(Course::of("calls", &[]).quarters, [0; 4]);
    }
}
