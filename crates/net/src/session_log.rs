//! Whose the lines of the log are, and which were written already: what stays as it is is said once,
//! and what happens with each of many requests so often at most.
//!
//! ```text
//!   lasting, seen with each look (a filter panics, a row cannot be read):
//!
//!     unknown --seen: written--> said --seen--> said --not seen for FORGOTTEN--> unknown
//!
//!   happening (a slow request, a server that warns):
//!
//!     due --happens: written--> passing over --happens: counted--> passing over
//!      ^                             |
//!      +---------- it is time again -+
//! ```

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::deadline::now;

/// How long what was seen has to be gone to be news when it is seen again.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// How many things of either sort are known at a time: beyond it they are written too often, and none
/// is lost.
const MOST_KNOWN: usize = 4_096;

/// The log of one session: its id, which is in each line, and what was written a moment ago. Clones
/// share what was written.
#[derive(Clone)]
pub struct SessionLog {
    id: Uuid,
    written: Arc<Mutex<Written>>,
}

impl SessionLog {
    /// That of a session of this id.
    pub fn new(id: Uuid) -> Self {
        Self { id, written: Arc::default() }
    }

    /// The id of the session.
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Is it to be written that this is so, which is seen again and again as long as it is? Only
    /// when it is seen for the first time, or again after it was not for ten minutes.
    pub fn is_news(&self, kind: &'static str, what: impl Hash) -> bool {
        self.with_written(|written, now| written.is_news(kind, what, now))
    }

    /// Is it to be written that this happened, which is to be no more than once in so long? Then how
    /// often it was passed over since the last time.
    pub fn now_and_then(
        &self,
        kind: &'static str,
        what: impl Hash,
        every: Duration,
    ) -> Option<u64> {
        self.with_written(|written, now| written.now_and_then(kind, what, every, now))
    }

    fn with_written<T>(&self, look: impl FnOnce(&mut Written, Instant) -> T) -> T {
        let now = now();
        look(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

impl Default for SessionLog {
    /// That of a session of a new id, drawn at random.
    fn default() -> Self {
        Self::new(Uuid::new_v4())
    }
}

impl fmt::Debug for SessionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionLog").field(&self.id).finish()
    }
}

/// What was written.
#[derive(Default)]
struct Written {
    /// When what lasts was seen last.
    lasting: HashMap<Key, Instant>,
    /// Of what happens: when it was written last, and how often it was passed over since.
    happening: HashMap<Key, (Instant, u64)>,
}

/// The kind of a line, and a hash of what it is about.
type Key = (&'static str, u64);

fn key(kind: &'static str, what: impl Hash) -> Key {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    (kind, hasher.finish())
}

impl Written {
    fn is_news(&mut self, kind: &'static str, what: impl Hash, now: Instant) -> bool {
        let is_known = |seen: &Instant| now.saturating_duration_since(*seen) < FORGOTTEN;
        let before = self.lasting.insert(key(kind, what), now);
        if self.lasting.len() > MOST_KNOWN {
            self.lasting.retain(|_, seen| is_known(seen));
            if self.lasting.len() > MOST_KNOWN {
                self.lasting.clear();
            }
        }
        !before.is_some_and(|seen| is_known(&seen))
    }

    fn now_and_then(
        &mut self,
        kind: &'static str,
        what: impl Hash,
        every: Duration,
        now: Instant,
    ) -> Option<u64> {
        let key = key(kind, what);
        let Some((written, passed_over)) = self.happening.get_mut(&key) else {
            if self.happening.len() >= MOST_KNOWN {
                self.happening.clear();
            }
            self.happening.insert(key, (now, 0));
            return Some(0);
        };
        if now.saturating_duration_since(*written) < every {
            *passed_over += 1;
            return None;
        }
        *written = now;
        Some(std::mem::take(passed_over))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_news_once_and_again_after_it_was_gone() {
        let (mut written, start) = (Written::default(), Instant::now());
        let at = |minutes: u64| start + Duration::from_secs(60 * minutes);
        for minute in 0..24 * 60 {
            assert_eq!(written.is_news("filter", "10.0.0.1", at(minute)), minute == 0, "{minute}");
            assert_eq!(written.is_news("filter", "10.0.0.2", at(minute)), minute == 0, "{minute}");
            assert_eq!(written.is_news("row", "10.0.0.1", at(minute)), minute == 0, "{minute}");
        }
        let last = 24 * 60 - 1;
        assert!(!written.is_news("row", "10.0.0.1", at(last + 9)));
        assert!(written.is_news("row", "10.0.0.1", at(last + 9 + 10)));
    }

    #[test]
    fn what_happens_is_written_now_and_then_and_the_others_are_counted() {
        let (mut written, start) = (Written::default(), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        let every = Duration::from_secs(10);
        let mut ask = |what, millis| written.now_and_then("request", what, every, at(millis));
        assert_eq!(ask("slow", 0), Some(0));
        assert_eq!(ask("warned", 1), Some(0));
        for millis in 1..=1_000 {
            assert_eq!(ask("slow", millis), None);
        }
        assert_eq!(ask("slow", 10_000), Some(1_000));
        assert_eq!(ask("slow", 19_999), None);
        assert_eq!(ask("slow", 20_000), Some(1));
    }

    #[test]
    fn no_more_is_known_than_a_limit() {
        let (mut written, now) = (Written::default(), Instant::now());
        for number in 0..10 * MOST_KNOWN {
            assert!(written.is_news("row", number, now));
            assert_eq!(written.now_and_then("row", number, FORGOTTEN, now), Some(0));
            assert!(written.lasting.len() <= MOST_KNOWN && written.happening.len() <= MOST_KNOWN);
        }
    }
}
