//! The retry budget of a session, as a bucket: requests fill it, retries take from it.

use super::RetryBudget;

/// What is in it. Nobody looks at it but for a retry: what has come in since the last look is
/// worked out then, from how many requests there were.
#[derive(Debug)]
pub(crate) struct Bucket {
    settings: RetryBudget,
    /// Hundredths of a retry.
    level: u64,
    /// How many requests there had been at the last look; the number wraps around.
    seen: u32,
}

/// A whole retry.
const ONE: u64 = 100;

impl Bucket {
    pub(crate) fn new(settings: RetryBudget) -> Self {
        Self { settings, level: u64::from(settings.reserve) * ONE, seen: 0 }
    }

    /// Takes a retry out, if there is one, now that so many requests have been begun.
    pub(crate) fn take(&mut self, begun: u32) -> bool {
        let since = u64::from(begun.wrapping_sub(self.seen));
        self.seen = begun;
        let most = u64::from(self.settings.reserve).max(1) * ONE;
        let filled = self.level + since * u64::from(self.settings.per_cent);
        self.level = filled.min(most);
        let is_there = self.level >= ONE;
        if is_there {
            self.level -= ONE;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `retries` there are in it.
    fn taken(bucket: &mut Bucket, begun: u32, retries: usize) -> usize {
        (0..retries).filter(|_| bucket.take(begun)).count()
    }

    #[test]
    fn g14_4_there_are_so_many_per_cent_of_the_requests_and_a_reserve() {
        for (per_cent, reserve) in [(20, 5_000), (20, 0), (0, 10), (100, 1), (7, 3), (0, 0)] {
            let mut bucket = Bucket::new(RetryBudget { per_cent, reserve });
            let (mut begun, mut retries) = (0_u32, 0_u32);
            for _ in 0..10_000 {
                begun += fastrand::u32(..4);
                retries += u32::from(bucket.take(begun));
                assert!(retries <= reserve + begun * per_cent / 100, "{per_cent} {reserve}");
            }
            let all = reserve + begun * per_cent / 100;
            assert!(retries >= all.min(10_000) / 2, "{retries} of {all}");
        }
    }

    #[test]
    fn g14_4_no_more_than_the_reserve_is_ever_saved_up() {
        let mut bucket = Bucket::new(RetryBudget { per_cent: 20, reserve: 100 });
        assert_eq!(taken(&mut bucket, 1_000_000, 1_000), 100);
        assert_eq!(taken(&mut bucket, 1_000_000, 1_000), 0);
        assert_eq!(taken(&mut bucket, 1_000_050, 1_000), 10);
    }

    #[test]
    fn the_number_of_requests_may_wrap_around() {
        let mut bucket = Bucket::new(RetryBudget { per_cent: 20, reserve: 10 });
        assert_eq!(taken(&mut bucket, u32::MAX - 4, 100), 10);
        assert_eq!(taken(&mut bucket, 5, 100), 2);
    }

    /// One silent host of three at 50,000 requests a second, until it is noticed after 200 ms.
    #[test]
    fn g14_4_the_default_reserve_is_enough_for_a_host_that_falls_silent() {
        let mut bucket = Bucket::new(RetryBudget::default());
        assert_eq!(taken(&mut bucket, 10_000, 10_000 / 3), 10_000 / 3);
    }
}
