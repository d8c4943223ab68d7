//! What draws the write times of a client: the trait, and what sessions draw them from by default.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cqlwire_net::{SessionLog, panic_message};

use super::increasing::Increasing;

/// How far ahead of the clock what is drawn may be before it is said.
const FAR_AHEAD: Duration = Duration::from_secs(1);

/// What is said then, and how often at most.
const AHEAD: &str = "timestamps ahead of the clock";
const SAID_EVERY: Duration = Duration::from_secs(1);

/// Says at what time the writes of a client are done.
///
/// It is called on the task of the caller, once for each request that is to have its time
/// ([`ClientTimestamps`](crate::ClientTimestamps)) and no time of its own, when that is first polled,
/// under no lock. All attempts of the request have what it says. If it blocks or panics, its own
/// request alone is late or fails ([`TimestampGenerator`](crate::ErrorKind::TimestampGenerator)).
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
/// use cqlwire::{ClientTimestamps, ExecutionProfile, Session, TimestampGenerator};
///
/// /// The versions of a log that is being replayed.
/// #[derive(Debug, Default)]
/// struct Versions(AtomicI64);
///
/// impl TimestampGenerator for Versions {
///     fn next_micros(&self) -> Option<i64> {
///         Some(self.0.fetch_add(1, Relaxed))
///     }
/// }
///
/// let profile = ExecutionProfile::default()
///     .client_timestamps(ClientTimestamps::Always)
///     .timestamp_generator(Versions::default());
/// let builder = Session::builder().profile(profile);
/// # drop(builder);
/// ```
pub trait TimestampGenerator: fmt::Debug + Send + Sync + 'static {
    /// The time of the next write, in microseconds since 1970, anything but `i64::MIN`; `None` leaves
    /// it to the server. A write replaces those of the same cell with lower times, so what is drawn
    /// later should be greater, whichever thread draws it.
    fn next_micros(&self) -> Option<i64>;
}

impl<G: TimestampGenerator + ?Sized> TimestampGenerator for Arc<G> {
    fn next_micros(&self) -> Option<i64> {
        G::next_micros(self)
    }
}

/// The clock of this machine in microseconds, and one more than the last where that is not past it:
/// no two are the same, and what is drawn later is greater, by whichever thread.
///
/// A session has one for all of its requests. Programs with several sessions that write the same
/// rows can have them share one:
///
/// ```
/// use std::sync::Arc;
/// use cqlwire::{ExecutionProfile, MonotonicTimestamps, Session};
///
/// let timestamps = Arc::new(MonotonicTimestamps::new());
/// let one = ExecutionProfile::default().timestamp_generator(Arc::clone(&timestamps));
/// let other = ExecutionProfile::default().timestamp_generator(timestamps);
/// # drop((one, other));
/// ```
///
/// When the clock was set back, times go on one microsecond apart until it has caught up: order is
/// kept within the session, but its writes are in the future for all others. From one second on that
/// is a warning in the log, once a second at most.
#[derive(Debug)]
pub struct MonotonicTimestamps {
    drawn: Increasing,
    /// That it was said.
    warned: SessionLog,
}

impl Default for MonotonicTimestamps {
    fn default() -> Self {
        Self::new()
    }
}

impl MonotonicTimestamps {
    /// One that nothing was drawn from yet.
    pub fn new() -> Self {
        Self { drawn: Increasing::new(), warned: SessionLog::default() }
    }

    /// The last one; `i64::MIN` if there was none.
    #[inline]
    pub(super) fn last(&self) -> i64 {
        self.drawn.last()
    }

    /// The next one, at this time.
    #[inline]
    fn next_at(&self, clock: i64) -> i64 {
        let next = self.drawn.next(clock);
        if next.saturating_sub(clock) > micros(FAR_AHEAD) {
            self.is_ahead(next, clock);
        }
        next
    }

    #[cold]
    fn is_ahead(&self, drawn: i64, clock: i64) {
        if let Some(passed_over) = self.warned.now_and_then(AHEAD, (), SAID_EVERY) {
            let ahead = Duration::from_micros(drawn.abs_diff(clock));
            // Several sessions may draw from it.
            tracing::warn!(
                session = "all",
                ?ahead,
                passed_over,
                "timestamps are ahead of the clock, which was set back"
            );
        }
    }
}

impl TimestampGenerator for MonotonicTimestamps {
    #[inline]
    fn next_micros(&self) -> Option<i64> {
        Some(self.next_at(clock()))
    }
}

/// The clock of this machine, in microseconds since 1970.
#[inline]
pub(super) fn clock() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => micros(since),
        Err(before) => -micros(before.duration()),
    }
}

#[inline]
fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Asks a generator.
///
/// # Errors
///
/// It panicked, and what it said.
pub(super) fn ask(generator: &dyn TimestampGenerator) -> Result<Option<i64>, String> {
    catch_unwind(AssertUnwindSafe(|| generator.next_micros()))
        .map_err(|payload| panic_message(&*payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g14_5_times_increase_whatever_the_clock_does() {
        let generator = MonotonicTimestamps::new();
        let clocks = [-5, -5, 100, 100, 99, 50, 101, 1_000_000, 0, 1_000_004];
        let drawn: Vec<_> = clocks.iter().map(|clock| generator.next_at(*clock)).collect();
        let expected = [-5, -4, 100, 101, 102, 103, 104, 1_000_000, 1_000_001, 1_000_004];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn g14_5_times_of_many_threads_are_no_two_the_same() {
        const EACH: usize = 20_000;
        let generator = MonotonicTimestamps::new();
        let draw = || (0..EACH).map(|_| generator.next_micros().unwrap()).collect::<Vec<_>>();
        let mut all: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            threads
                .into_iter()
                .flat_map(|thread| {
                    let drawn = thread.join().unwrap();
                    assert!(drawn.is_sorted_by(|one, next| one < next));
                    drawn
                })
                .collect()
        });
        all.sort_unstable();
        assert!(all.is_sorted_by(|one, next| one < next));
        assert_eq!(all.len(), 4 * EACH);
    }

    /// What was said of the clock in the last second is not said again.
    #[test]
    fn a_clock_that_was_set_back_by_more_than_a_second_is_a_warning() {
        for (clocks, due) in [
            ([10_000_000, 10_000_000], Some(0)),
            ([10_000_000, 9_000_001], Some(0)),
            ([10_000_000, 9_000_000], None),
        ] {
            let generator = MonotonicTimestamps::new();
            assert_eq!(clocks.map(|clock| generator.next_at(clock))[0], 10_000_000);
            assert_eq!(generator.warned.now_and_then(AHEAD, (), SAID_EVERY), due, "{clocks:?}");
        }
    }
}
