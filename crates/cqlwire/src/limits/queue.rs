//! Who has a permit, and who waits for one: first come, first served.
//!
//! ```text
//!             a permit is free, and nobody waits
//!   outside --------------------------------------> holds a permit --> outside
//!      |                                              ^
//!      +--> waits in its place ---- handed over ------+
//!                |     ^                              |
//!                |     +-- may be elsewhere, and was -+
//!                +-- leaves its place --> outside
//! ```
//!
//! Whoever gives a permit back hands it to the first who waits, so that nobody overtakes. A page of a
//! stream may wait although nobody looks at the stream any more: a permit is only lent to it, until
//! it takes it. Not taken for a while, it goes to the next one, and the page keeps its place.
//!
//! It belongs behind a short lock. Wakers go in and out by value: to wake one, clone it or drop it
//! may run anything, and is done outside of the lock.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::{Duration, Instant};

/// How long a permit waits for somebody it was lent to, from when that is first looked at.
const LEASE: Duration = Duration::from_millis(100);

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Queue {
    limit: usize,
    max_waiting: usize,
    /// How many permits are held, or were handed to somebody who has not looked yet.
    held: usize,
    /// The number of the next place.
    next: u64,
    /// By place. Whoever is here no more has been handed a permit.
    waiting: BTreeMap<u64, Waiter>,
    /// Whose permit is only lent, by place, and since when, as far as anybody has looked.
    lent: BTreeMap<u64, Option<Instant>>,
}

#[derive(Debug)]
struct Waiter {
    waker: Waker,
    presence: Presence,
}

/// Whether somebody who waits will look when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It does, or is dropped.
    Sure,
    /// It may be kept by somebody who does something else.
    Unsure,
}

/// What somebody has who came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Permit,
    Place(u64),
}

/// There is no permit, and no place either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) in_flight: usize,
    pub(crate) waiting: usize,
}

impl Queue {
    /// So many permits, at least one, and so many places to wait for them.
    pub(crate) fn new(limit: usize, max_waiting: usize) -> Self {
        let (waiting, lent) = (BTreeMap::new(), BTreeMap::new());
        Self { limit: limit.max(1), max_waiting, held: 0, next: 0, waiting, lent }
    }

    /// A permit, if one is free and nobody waits for it.
    pub(crate) fn enter(&mut self) -> bool {
        let is_free = self.held < self.limit && self.waiting.is_empty();
        self.held += usize::from(is_free);
        is_free
    }

    /// A permit, however many are held.
    pub(crate) fn enter_over_the_limit(&mut self) {
        self.held += 1;
    }

    /// A permit, or else a place behind all others, for whose permit `waker` is woken.
    pub(crate) fn join(
        &mut self,
        presence: Presence,
        waker: &mut Option<Waker>,
    ) -> Result<Entered, Full> {
        if self.enter() {
            return Ok(Entered::Permit);
        }
        let is_full = self.waiting.len() >= self.max_waiting;
        let Some(waker) = waker.take_if(|_| !is_full) else {
            return Err(Full { in_flight: self.limit, waiting: self.max_waiting });
        };
        let place = self.next;
        self.next += 1;
        self.waiting.insert(place, Waiter { waker, presence });
        Ok(Entered::Place(place))
    }

    /// Has this place been handed a permit? It is whoever asks who holds it then. If not, `waker` is
    /// the one to wake, and the one before is left there.
    pub(crate) fn take(
        &mut self,
        place: u64,
        presence: Presence,
        waker: &mut Option<Waker>,
    ) -> bool {
        if let Some(waiter) = self.waiting.get_mut(&place) {
            if let Some(waker) = waker {
                std::mem::swap(&mut waiter.waker, waker);
            }
            return false;
        }
        if presence == Presence::Sure || self.lent.remove(&place).is_some() {
            return true;
        }
        // It came too late, and its permit went to another.
        let is_first = self.waiting.keys().next().is_none_or(|first| place < *first);
        if is_first && self.held < self.limit {
            self.held += 1;
            return true;
        }
        if let Some(waker) = waker.take() {
            self.waiting.insert(place, Waiter { waker, presence });
        }
        false
    }

    /// Gives up a place. If it has been handed a permit, that is given back.
    pub(crate) fn leave(&mut self, place: u64, presence: Presence) -> Left {
        if let Some(waiter) = self.waiting.remove(&place) {
            return Left { unused: Some(waiter.waker), wake: None };
        }
        let held = presence == Presence::Sure || self.lent.remove(&place).is_some();
        Left { unused: None, wake: if held { self.give_back() } else { None } }
    }

    /// Gives a permit back, which goes to the first who waits. Whom to wake is returned.
    #[must_use]
    pub(crate) fn give_back(&mut self) -> Option<Waker> {
        self.held -= 1;
        self.hand_over()
    }

    /// Takes back what was lent for too long, a permit at a time, for the first who waits. Whom to
    /// wake is returned: then there may be more.
    #[must_use]
    pub(crate) fn take_back(&mut self, now: Instant) -> Option<Waker> {
        if self.lent.is_empty() || self.waiting.is_empty() {
            return None;
        }
        let is_over = |since: &mut Option<Instant>| now >= *since.get_or_insert(now) + LEASE;
        let mut lent = self.lent.iter_mut();
        let over = lent.find_map(|(place, since)| is_over(since).then_some(*place))?;
        self.lent.remove(&over);
        self.give_back()
    }

    fn hand_over(&mut self) -> Option<Waker> {
        if self.held >= self.limit {
            return None;
        }
        let (place, waiter) = self.waiting.pop_first()?;
        self.held += 1;
        if waiter.presence == Presence::Unsure {
            self.lent.insert(place, None);
        }
        Some(waiter.waker)
    }

    /// How many permits are held, or handed over.
    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    /// How many wait for one.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

/// What somebody who left its place leaves behind.
#[derive(Debug)]
#[must_use]
pub(crate) struct Left {
    /// To be dropped outside of the lock.
    pub(crate) unused: Option<Waker>,
    /// To be woken outside of the lock.
    pub(crate) wake: Option<Waker>,
}
