//! UP and DOWN: hints about addresses, handed out at once.
//!
//! ```text
//!             UP                         handed out: dial
//!   unknown -----> waiting, due at once -----------------> tried --UP--> waiting, due when the
//!                     ^                                                  window of the try ends
//!                     +-----------------------------------------------------+
//! ```
//!
//! A storm of UPs must not dial in a loop: an address is handed out once a window. An UP within the
//! window is not lost; the last of them may be the one that is true.
//!
//! With too many addresses in one window, all hosts that are down are to be tried instead, when a
//! window has passed: then none of those that were tried one by one is tried too soon.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many addresses are remembered in one window. A data center of a thousand hosts may restart.
pub(super) const MOST_ADDRESSES: usize = 1024;

/// What hosts are said to have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// The host at this address is up, or was a moment ago: to be tried now, if it is down.
    Up(SocketAddr),
    /// Any host may be up: all that are down are to be tried.
    UpAny,
    /// Other hosts take the one at this address for down.
    Down(SocketAddr),
}

/// An address that was said to be up.
#[derive(Debug)]
struct Attempt {
    /// When it is due, if it waits; else when it was handed out.
    at: Instant,
    waits: bool,
}

#[derive(Debug)]
pub(super) struct Hints {
    window: Duration,
    attempts: BTreeMap<SocketAddr, Attempt>,
    /// Those of them that wait, by when they are due.
    waiting: BTreeSet<(Instant, SocketAddr)>,
    /// When all are due, in place of whatever else waits.
    any: Option<Instant>,
    /// The end of the window in which all were handed out: each of them was tried then.
    none_before: Option<Instant>,
    down: BTreeSet<SocketAddr>,
}

impl Hints {
    pub(super) const fn new(window: Duration) -> Self {
        Self {
            window,
            attempts: BTreeMap::new(),
            waiting: BTreeSet::new(),
            any: None,
            none_before: None,
            down: BTreeSet::new(),
        }
    }

    pub(super) fn up(&mut self, address: SocketAddr, now: Instant) {
        if self.any.is_some() {
            return;
        }
        let earliest = self.none_before.map_or(now, |end| end.max(now));
        if let Some(attempt) = self.attempts.get_mut(&address) {
            if !attempt.waits {
                let due = attempt.at.checked_add(self.window).unwrap_or(now).max(earliest);
                *attempt = Attempt { at: due, waits: true };
                self.waiting.insert((due, address));
            }
            return;
        }
        if self.attempts.len() >= MOST_ADDRESSES {
            self.forget(now);
        }
        if self.attempts.len() >= MOST_ADDRESSES {
            self.up_any(now);
        } else {
            self.attempts.insert(address, Attempt { at: earliest, waits: true });
            self.waiting.insert((earliest, address));
        }
    }

    /// Any host may be up.
    pub(super) fn up_any(&mut self, now: Instant) {
        if self.any.is_none() {
            self.any = Some(now.checked_add(self.window).unwrap_or(now));
            self.waiting.clear();
            self.attempts.retain(|_, attempt| !attempt.waits);
        }
    }

    /// False if there are too many to remember this one.
    pub(super) fn down(&mut self, address: SocketAddr) -> bool {
        let room = self.down.len() < MOST_ADDRESSES || self.down.contains(&address);
        if room {
            self.down.insert(address);
        }
        room
    }

    /// When the next UP is due. DOWN is taken right after it was noted.
    pub(super) fn due(&self) -> Option<Instant> {
        self.any.or_else(|| self.waiting.first().map(|(due, _)| *due))
    }

    pub(super) fn next(&mut self, now: Instant) -> Option<Hint> {
        if let Some(address) = self.down.pop_first() {
            return Some(Hint::Down(address));
        }
        if self.due()? > now {
            return None;
        }
        if self.any.take().is_some() {
            self.none_before = now.checked_add(self.window);
            return Some(Hint::UpAny);
        }
        let (_, address) = self.waiting.pop_first()?;
        self.attempts.insert(address, Attempt { at: now, waits: false });
        Some(Hint::Up(address))
    }

    /// Addresses whose window is over need not be remembered.
    fn forget(&mut self, now: Instant) {
        let window = self.window;
        self.attempts.retain(|_, attempt| {
            attempt.waits || attempt.at.checked_add(window).is_none_or(|end| end > now)
        });
    }
}
