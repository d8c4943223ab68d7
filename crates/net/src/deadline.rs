//! Until when something has to be over, and since when it runs.

use std::time::{Duration, Instant};

/// The point in time at which a wait ends, together with the one at which it began.
///
/// One deadline goes with a request through everything that it waits for, so that waits do not add
/// up. Times are those of the runtime's clock, which tests may pause.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    at: Instant,
    /// How long before that it began: what costs least where requests are sent. As one number, since
    /// each request in flight keeps two deadlines.
    length_micros: u64,
}

impl Deadline {
    /// So long from now. Beyond a century it is a century.
    pub fn after(timeout: Duration) -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);
        let length = timeout.min(CENTURY);
        Self { at: now() + length, length_micros: micros(length) }
    }

    /// The same start, with an end that is no later than so long from now: the deadline of one
    /// attempt within that of the whole.
    #[must_use]
    pub fn within(self, timeout: Duration) -> Self {
        self.no_later_than(Self::after(timeout))
    }

    /// The same start, with the end of `other` if that comes first: the deadline of a part within
    /// that of a whole which began earlier.
    #[must_use]
    pub fn no_later_than(self, other: Self) -> Self {
        let shorter = micros(self.at.saturating_duration_since(other.at));
        let length_micros = self.length_micros.saturating_sub(shorter);
        Self { at: self.at.min(other.at), length_micros }
    }

    /// When the wait ends.
    pub const fn at(self) -> Instant {
        self.at
    }

    /// How long it has in all, from its beginning to its end, in whole microseconds.
    pub const fn length_micros(self) -> u64 {
        self.length_micros
    }

    /// How long it has been running.
    pub fn elapsed(self) -> Duration {
        (now() + Duration::from_micros(self.length_micros)).saturating_duration_since(self.at)
    }

    /// How much is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.at.saturating_duration_since(now())
    }

    /// The same in whole microseconds.
    pub fn remaining_micros(self) -> u64 {
        micros(self.remaining())
    }

    /// Waits for `future`, but no longer than this.
    ///
    /// # Errors
    ///
    /// [`DeadlinePassed`]: the deadline came first, and the future was dropped.
    ///
    /// # Cancel safety
    ///
    /// That of the future.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with time.
    pub async fn bound<F: Future>(self, future: F) -> Result<F::Output, DeadlinePassed> {
        tokio::time::timeout_at(self.at.into(), future).await.map_err(|_| DeadlinePassed)
    }
}

/// A deadline came before what was waited for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the deadline passed")]
pub struct DeadlinePassed;

/// In whole microseconds; of less than half a million years.
const fn micros(time: Duration) -> u64 {
    time.as_secs().wrapping_mul(1_000_000).wrapping_add(time.subsec_micros() as u64)
}

/// Now, by the runtime's clock.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
