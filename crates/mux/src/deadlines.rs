//! When each request has to be over: a hashed timing wheel, so that a request costs no runtime timer.
//!
//! A deadline is filed under the tick it falls into, modulo the wheel's size. Filing and striking out are a few
//! writes each; the shell sleeps once, until the next bucket that holds anything. A deadline more than one turn
//! of the wheel away is met once a turn and left where it is.
//!
//! ```text
//!   cursor (ticks that are over)
//!     v
//!   [ ][ ][x][ ][xx][ ] ... [x][ ]     one bucket = one tick of 4 ms, 512 of them = 2.048 s a turn
//!          ^ next(): the shell wakes here
//! ```

use std::time::{Duration, Instant};

use crate::links::{Links, List};

const TICK_NANOS: u32 = 4_000_000;
const TICKS_PER_SECOND: u64 = 250;
const BUCKETS: usize = 512;
const WORDS: usize = BUCKETS / 64;

/// The deadlines of all the requests of one connection, by request key.
///
/// A deadline is never reported early, and at most one tick (4 ms) late.
#[derive(Debug)]
pub(crate) struct Deadlines {
    epoch: Instant,
    /// The last tick that is over: everything filed at or before it was reported.
    cursor: u64,
    buckets: Box<[List; BUCKETS]>,
    /// One bit a bucket: does it hold anything?
    occupied: [u64; WORDS],
    links: Links,
    /// The tick of each key's deadline.
    due: Vec<u64>,
}

impl Deadlines {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            cursor: 0,
            buckets: Box::new([List::EMPTY; BUCKETS]),
            occupied: [0; WORDS],
            links: Links::new(),
            due: Vec::new(),
        }
    }

    /// How long after the beginning of the connection an instant is; zero of one before it.
    #[inline]
    pub(crate) fn since_start(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.epoch)
    }

    /// File `key` under a deadline so long after the beginning of the connection; one that is over is reported with the
    /// next tick.
    /// Returns the tick at which the shell has to look at it first, which may be a turn of the wheel before it is due.
    pub(crate) fn insert(&mut self, key: u32, deadline: Duration) -> u64 {
        let due = tick_after(deadline).max(self.cursor + 1);
        let index = key as usize;
        if index >= self.due.len() {
            self.due.resize(index + 1, 0);
        }
        self.due[index] = due;
        let bucket = bucket_of(due);
        self.links.push_back(&mut self.buckets[bucket], key);
        self.occupied[bucket / 64] |= 1 << (bucket % 64);
        self.first_visit(due)
    }

    /// Strike `key` out: its request is over.
    pub(crate) fn remove(&mut self, key: u32) {
        let bucket = bucket_of(self.due[key as usize]);
        self.links.remove(&mut self.buckets[bucket], key);
        if self.buckets[bucket].is_empty() {
            self.occupied[bucket / 64] &= !(1 << (bucket % 64));
        }
    }

    /// When [`expire`](Self::expire) has to be called next, if anything is filed.
    pub(crate) fn next(&self) -> Option<Instant> {
        let start = bucket_of(self.cursor + 1);
        let first = self.occupied[start / 64] >> (start % 64);
        if first != 0 {
            return Some(self.instant(self.cursor + 1 + u64::from(first.trailing_zeros())));
        }
        // The other words in turn, and last the bits of the first word that are before `start`.
        (1..=WORDS).find_map(|turn| {
            let word = self.occupied[(start / 64 + turn) % WORDS];
            let bits = turn as u64 * 64 - (start % 64) as u64 + u64::from(word.trailing_zeros());
            (word != 0).then(|| self.instant(self.cursor + 1 + bits))
        })
    }

    /// Strike out and push to `expired` every key whose deadline is at or before `now`.
    pub(crate) fn expire(&mut self, now: Instant, expired: &mut Vec<u32>) {
        let target = self.tick_before(now);
        let last = target.min(self.cursor + BUCKETS as u64);
        for tick in self.cursor + 1..=last {
            let mut visited = self.buckets[bucket_of(tick)].first();
            while let Some(key) = visited {
                visited = self.links.next(key);
                if self.due[key as usize] <= target {
                    self.remove(key);
                    expired.push(key);
                }
            }
        }
        self.cursor = self.cursor.max(target);
    }

    /// The next tick at which the bucket of `due` comes by.
    fn first_visit(&self, due: u64) -> u64 {
        let next = self.cursor + 1;
        next + (due - next) % BUCKETS as u64
    }

    pub(crate) fn instant(&self, tick: u64) -> Instant {
        let nanos = u32::try_from(tick % TICKS_PER_SECOND).unwrap_or(0) * TICK_NANOS;
        self.epoch + Duration::new(tick / TICKS_PER_SECOND, nanos)
    }

    /// The last tick that is not after `instant`.
    fn tick_before(&self, instant: Instant) -> u64 {
        let since = self.since_start(instant);
        whole_seconds(since) + u64::from(since.subsec_nanos() / TICK_NANOS)
    }
}

/// The first tick that is not before that.
fn tick_after(since_start: Duration) -> u64 {
    whole_seconds(since_start) + u64::from(since_start.subsec_nanos().div_ceil(TICK_NANOS))
}

/// A deadline of centuries is as good as a century: ticks stay far from overflowing, and so does `Instant`.
fn whole_seconds(since: Duration) -> u64 {
    const CENTURY_SECONDS: u64 = 100 * 366 * 86_400;
    since.as_secs().min(CENTURY_SECONDS) * TICKS_PER_SECOND
}

fn bucket_of(tick: u64) -> usize {
    usize::try_from(tick % BUCKETS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn reports_nothing_early_and_everything_within_a_tick() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(start);
        let mut expired = Vec::new();
        deadlines.insert(3, millis(10));
        deadlines.expire(start + millis(9), &mut expired);
        assert!(expired.is_empty());
        assert_eq!(deadlines.next(), Some(start + millis(12)));
        deadlines.expire(start + millis(12), &mut expired);
        assert_eq!(expired, [3]);
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn a_deadline_in_the_past_is_reported_with_the_next_tick() {
        let start = Instant::now();
        let mut deadlines = Deadlines::new(start);
        let mut expired = Vec::new();
        deadlines.expire(start + millis(400), &mut expired);
        deadlines.insert(0, millis(100));
        deadlines.expire(start + millis(404), &mut expired);
        assert_eq!(expired, [0]);
    }

    #[test]
    fn the_next_look_is_exact_however_far_ahead_it_is() {
        let start = Instant::now();
        for tick in 1..BUCKETS as u64 {
            let mut deadlines = Deadlines::new(start);
            let due = deadlines.instant(tick);
            deadlines.insert(0, due - start);
            assert_eq!(deadlines.next(), Some(due), "tick {tick}");
        }
    }

    proptest! {
        /// Against a plain list: whatever is filed, struck out, and however time jumps.
        #[test]
        fn agrees_with_a_list(steps in prop::collection::vec((0u32..40, 0u64..9_000, 0u64..700), 1..120)) {
            let start = Instant::now();
            let mut now = start;
            let mut deadlines = Deadlines::new(start);
            let mut oracle = std::collections::BTreeMap::new();
            let mut expired = Vec::new();
            for (key, ahead, pass) in steps {
                if oracle.remove(&key).is_some() {
                    deadlines.remove(key);
                } else {
                    let deadline = now + millis(ahead);
                    let visit = deadlines.insert(key, deadlines.since_start(deadline));
                    let look = deadlines.instant(visit);
                    oracle.insert(key, deadline);
                    prop_assert!(look <= deadline.max(now) + millis(8));
                    prop_assert!(deadlines.next().is_some_and(|next| next <= look));
                }
                now += millis(pass);
                expired.clear();
                deadlines.expire(now, &mut expired);
                for key in &expired {
                    let deadline = oracle.remove(key);
                    prop_assert!(deadline.is_some_and(|deadline| deadline <= now));
                }
                prop_assert!(oracle.values().all(|deadline| *deadline + millis(8) > now));
                prop_assert_eq!(deadlines.next().is_none(), oracle.is_empty());
            }
        }
    }
}
