//! How long to wait before the next attempt.

use std::time::Duration;

/// Waits that double from attempt to attempt, up to a longest one.
///
/// Each is shortened at random by up to a half, so that many clients which lost the same server at
/// the same moment do not all come back at the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure. Default 100 ms.
    pub first: Duration,
    /// The longest wait. Default 30 s.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// How long to wait after so many failures in a row: not at all after none.
    pub fn after(&self, failures: u32) -> Duration {
        self.drawn(failures, fastrand::u32(..))
    }

    /// The same for this random number: the larger it is, the shorter the wait.
    pub fn drawn(&self, failures: u32, random: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let wait = self.first.saturating_mul(factor).min(self.longest);
        wait - (wait / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_longest_and_is_never_less_than_half() {
        let backoff = Backoff::default();
        assert_eq!(backoff.after(0), Duration::ZERO);
        for (failures, full) in [(1, 100), (2, 200), (5, 1_600), (10, 30_000), (4_000, 30_000)] {
            let (wait, full) = (backoff.after(failures), Duration::from_millis(full));
            assert!(wait <= full && wait >= full / 2, "{failures}: {wait:?}");
            assert_eq!(backoff.drawn(failures, 0), full);
            assert_eq!(backoff.drawn(failures, u32::MAX), full / 2);
        }
    }
}
