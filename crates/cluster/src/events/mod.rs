//! What events ask for, gathered: a pure state machine, with time as an argument.
//!
//! ```text
//!               first event                        due: the gathering delay is over,
//!               or restore()                       and the window of the last refresh
//!   nothing ------------------> gathering ------------------------------------> taken
//!      ^                          |    ^                                          |
//!      |                          +----+ more events: they join,                  |
//!      |                                 nothing is put off                       |
//!      +---------------------- the window starts anew ----------------------------+
//!
//!   UP, DOWN of an address ------> Hints: handed out at once, UP once a window for each address
//! ```
//!
//! One refresh a window at most, and the first no later than a window after the first event,
//! however many follow: the delay counts from the first event, followers do not move it. All
//! clients of a cluster hear of a change at the same moment, so each waits a time of its own
//! before it asks the servers.
//!
//! An event only says where to look: it may be late, doubled, lost or out of order. So what is
//! gathered has no order and no kind of change, only what is to be read again. Memory is bounded by
//! saying less: over a limit, the set of things becomes "all of them", and nothing is lost.

mod hints;
mod stale;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use cqlwire_codec::{Event, StatusChange};

use hints::Hints;

pub(crate) use hints::Hint;
pub(crate) use stale::{StaleKeyspace, StaleSchema};

/// The events of a control connection that nothing was done about yet.
#[derive(Debug)]
pub(crate) struct PendingEvents {
    window: Duration,
    gather: Duration,
    refresh: Refresh,
    /// When what is in `refresh` is to be read; there exactly if it is not empty.
    due: Option<Instant>,
    /// The end of the window that the last refresh began.
    not_before: Option<Instant>,
    hints: Hints,
}

/// What is to be read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refresh {
    /// The ring: `system.local` and the peers.
    pub(crate) hosts: bool,
    /// What of the schema.
    pub(crate) schema: StaleSchema,
}

impl Refresh {
    /// Everything.
    pub(crate) const fn whole() -> Self {
        Self { hosts: true, schema: StaleSchema::Whole }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.hosts && self.schema.is_empty()
    }

    fn merge(&mut self, other: Self) {
        self.hosts |= other.hosts;
        self.schema.merge(other.schema);
    }
}

impl PendingEvents {
    /// At most one refresh a `window`. A first event waits between a tenth and a half of it for
    /// others; `jitter`, from 0 to 1, says where in between, and is drawn by the caller.
    pub(crate) fn new(window: Duration, jitter: f64) -> Self {
        let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
        Self {
            window,
            gather: window.mul_f64(0.1 + 0.4 * jitter),
            refresh: Refresh::default(),
            due: None,
            not_before: None,
            hints: Hints::new(window),
        }
    }

    /// An event came. [`next_hint`](Self::next_hint) has to be asked then, until it has none.
    pub(crate) fn note(&mut self, event: Event, now: Instant) {
        match event {
            // Whatever else it may be that a host did: the ring says what came of it. MOVED_NODE
            // is one of them: its host is where it was, and owns other tokens.
            Event::TopologyChange { .. } => self.note_hosts(now),
            Event::StatusChange { change: StatusChange::Up, address } => {
                self.hints.up(address, now);
            }
            Event::StatusChange { change: StatusChange::Down, address } => {
                if !self.hints.down(address) {
                    self.note_hosts(now);
                }
            }
            // What these mean is not known.
            Event::StatusChange { change: StatusChange::Other(_), .. } | Event::Other(_) => {}
            Event::SchemaChange(change) => {
                self.refresh.schema.note(change);
                self.arm(now);
            }
        }
    }

    /// The hosts are to be listed again: an event named an address that no known host has, or an
    /// address leads to another host than it did.
    pub(crate) fn note_hosts(&mut self, now: Instant) {
        self.refresh.hosts = true;
        self.arm(now);
    }

    /// Everything is to be read again.
    pub(crate) fn note_all(&mut self, now: Instant) {
        self.refresh.merge(Refresh::whole());
        self.arm(now);
    }

    /// Events were lost, and nobody knows which: any of them.
    pub(crate) fn note_lost(&mut self, now: Instant) {
        self.note_all(now);
        self.hints.up_any(now);
    }

    /// A refresh failed, or part of it: that much is due again, with whatever came meanwhile.
    pub(crate) fn restore(&mut self, refresh: Refresh, now: Instant) {
        self.refresh.merge(refresh);
        self.arm(now);
    }

    /// When [`take`](Self::take) or [`next_hint`](Self::next_hint) has something to give.
    pub(crate) fn due(&self) -> Option<Instant> {
        [self.due, self.hints.due()].into_iter().flatten().min()
    }

    /// What is to be read again, if it is time to; the window starts anew with it.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Refresh> {
        self.due.take_if(|due| *due <= now)?;
        self.not_before = now.checked_add(self.window);
        Some(std::mem::take(&mut self.refresh))
    }

    /// What a host is said to have done. A hint for whoever knows the hosts: UP of one that is down
    /// has it dialled now; DOWN of one with a live connection says nothing; an address that no host
    /// has is a case for [`note_hosts`](Self::note_hosts).
    pub(crate) fn next_hint(&mut self, now: Instant) -> Option<Hint> {
        self.hints.next(now)
    }

    fn arm(&mut self, now: Instant) {
        if self.due.is_none() && !self.refresh.is_empty() {
            let gathered = now.checked_add(self.gather).unwrap_or(now);
            self.due = Some(self.not_before.map_or(gathered, |earliest| earliest.max(gathered)));
        }
    }
}
