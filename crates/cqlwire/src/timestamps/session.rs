//! What the requests of a session draw their write times from, and what follows from that for those
//! that have the time of a server.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_codec::StatementKind;
use cqlwire_net::counters;

use super::choice::{ClientTimestamps, has_a_time};
use super::generator::{MonotonicTimestamps, TimestampGenerator, ask, clock};
use crate::error::ErrorKind;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Timestamps {
    of_session: MonotonicTimestamps,
    /// The greatest that was drawn from another generator; for one that is too far ahead of the
    /// clock for anybody to wait for, the clock.
    greatest_of_others: AtomicI64,
    panics: AtomicU64,
}

counters! {
    /// What went wrong with the write times that requests of a session drew, since it was connected.
    pub struct TimestampTotals {
        /// How often a [generator](crate::TimestampGenerator) panicked.
        panics,
    }
}

/// In microseconds: servers read their clocks in milliseconds.
const MILLISECOND: i64 = 1_000;

/// The longest that a conditional statement waits: times that are further ahead of the clock were
/// drawn before it was set back.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

impl Default for Timestamps {
    fn default() -> Self {
        let (of_session, greatest_of_others) =
            (MonotonicTimestamps::new(), AtomicI64::new(i64::MIN));
        Self { of_session, greatest_of_others, panics: AtomicU64::new(0) }
    }
}

impl Timestamps {
    /// The last of the session's own, and the greatest of others; `i64::MIN` if there was none.
    #[inline]
    fn drawn(&self) -> [i64; 2] {
        [self.of_session.last(), self.greatest_of_others.load(Relaxed)]
    }

    /// Has any write of the session had the time of the client?
    #[inline]
    fn are_in_use(&self) -> bool {
        self.drawn() != [i64::MIN; 2]
    }

    /// Is what does this to draw its time, if these are to have one of which this is said? The kind
    /// is looked for last: of a text, that means to read it.
    #[inline]
    pub(crate) fn are_for(
        &self,
        which: ClientTimestamps,
        idempotent: Option<bool>,
        kind: impl FnOnce() -> StatementKind,
    ) -> bool {
        which.are_for(idempotent, || self.are_in_use()) && has_a_time(kind())
    }

    /// How long what does this has to wait, if it has its time from Paxos, so that it is newer than
    /// all writes of the session that were done before: the clocks of servers count milliseconds, and
    /// have not come to the end of the one in which the last write has its time.
    #[inline]
    pub(crate) fn pause(&self, kind: impl FnOnce() -> StatementKind) -> Option<Duration> {
        if self.are_in_use() && kind() == StatementKind::Conditional {
            return longest_pause(self.drawn(), clock());
        }
        None
    }

    /// Draws one: from this generator, if the request has one of its own.
    ///
    /// # Errors
    ///
    /// The generator panicked.
    #[inline]
    pub(crate) fn draw(
        &self,
        own: Option<&dyn TimestampGenerator>,
    ) -> Result<Option<i64>, ErrorKind> {
        match own {
            None => Ok(self.of_session.next_micros()),
            Some(own) => self.ask(own),
        }
    }

    fn ask(&self, generator: &dyn TimestampGenerator) -> Result<Option<i64>, ErrorKind> {
        let drawn = ask(generator).map_err(|message| {
            self.panics.fetch_add(1, Relaxed);
            ErrorKind::TimestampGenerator { message }
        })?;
        if let Some(drawn) = drawn {
            self.greatest_of_others.fetch_max(within_reach(drawn, clock()), Relaxed);
        }
        Ok(drawn)
    }

    pub(crate) fn totals(&self) -> TimestampTotals {
        TimestampTotals { panics: self.panics.load(Relaxed) }
    }
}

/// A time by which it can be said later whether there is something to wait for. One that is further
/// ahead of the clock would hide all that is drawn after it.
fn within_reach(drawn: i64, clock: i64) -> i64 {
    let furthest = i64::try_from(LONGEST_PAUSE.as_micros()).unwrap_or(i64::MAX);
    if drawn.saturating_sub(clock) > furthest { clock } else { drawn }
}

/// After all of these, each by itself: one that is nonsense says nothing of the others.
fn longest_pause(drawn: [i64; 2], clock: i64) -> Option<Duration> {
    drawn.into_iter().filter_map(|last| pause_after(last, clock)).max()
}

/// From `clock` to the end of the millisecond of `last`.
fn pause_after(last: i64, clock: i64) -> Option<Duration> {
    let end = last.div_euclid(MILLISECOND).saturating_add(1).saturating_mul(MILLISECOND);
    let pause = Duration::from_micros(u64::try_from(end.saturating_sub(clock)).ok()?);
    (!pause.is_zero() && pause <= LONGEST_PAUSE).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_paxos_gives_its_time_waits_for_the_end_of_the_millisecond_of_the_last_write() {
        for (last, clock, expected) in [
            (5_000, 5_000, Some(1_000)),
            (5_999, 5_999, Some(1)),
            (5_999, 6_000, None),
            (6_000, 6_000, Some(1_000)),
            (5_000, 7_000, None),
            // More than one was drawn in a microsecond.
            (6_003, 5_998, Some(1_002)),
            (-1, -1, Some(1)),
            (-1, 0, None),
            // The clock was set back since.
            (14_999, 5_000, Some(10_000)),
            (15_000, 5_000, None),
            (i64::MAX, 5_000, None),
        ] {
            let pause = pause_after(last, clock);
            assert_eq!(pause, expected.map(Duration::from_micros), "{last}, {clock}");
        }
    }

    #[test]
    fn the_later_of_two_is_waited_for_and_one_that_is_nonsense_for_nothing() {
        for (drawn, expected) in [
            ([5_500, 6_500], Some(2_000)),
            ([6_500, 5_500], Some(2_000)),
            ([i64::MAX, 5_500], Some(1_000)),
            ([5_500, i64::MIN], Some(1_000)),
            ([i64::MIN, 4_000], None),
        ] {
            let expected = expected.map(Duration::from_micros);
            assert_eq!(longest_pause(drawn, 5_000), expected, "{drawn:?}");
        }
    }

    #[test]
    fn they_are_in_use_once_one_was_drawn_from_whomever() {
        #[derive(Debug)]
        struct Three;
        impl TimestampGenerator for Three {
            fn next_micros(&self) -> Option<i64> {
                Some(3)
            }
        }
        let (by_itself, by_other) = (Timestamps::default(), Timestamps::default());
        let conditional = || StatementKind::Conditional;
        assert!(!by_itself.are_in_use() && by_itself.pause(conditional).is_none());
        by_itself.draw(None).unwrap();
        by_other.draw(Some(&Three)).unwrap();
        assert!(by_itself.are_in_use() && by_other.are_in_use());
    }

    /// Says what it is told to; counted from now, if that is so small.
    #[derive(Debug)]
    struct Says(i64);

    impl TimestampGenerator for Says {
        fn next_micros(&self) -> Option<i64> {
            let is_near = (-10_000_000..10_000_000).contains(&self.0);
            Some(if is_near { clock() + self.0 } else { self.0 })
        }
    }

    #[test]
    fn a_generator_that_says_nonsense_once_hides_no_write_from_those_that_wait() {
        let conditional = || StatementKind::Conditional;
        for nonsense in [i64::MAX, i64::MIN, 0x7FFF_FFFF_0000_0000, 9_000_000] {
            let waits = |after: Option<&dyn TimestampGenerator>| {
                (0..100).any(|_| {
                    let timestamps = Timestamps::default();
                    timestamps.draw(Some(&Says(nonsense))).unwrap();
                    timestamps.draw(after).unwrap();
                    // Unless the millisecond was over just then.
                    timestamps.pause(conditional).is_some()
                })
            };
            assert!(waits(None), "{nonsense}, and one of the session");
            assert!(waits(Some(&Says(0))), "{nonsense}, and one of another generator");
        }
    }
}
