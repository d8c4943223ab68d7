//! Is the server still there? A sign of life is asked for when it has been silent, and only then.
//!
//! Any byte counts as life: a server that is busy with large answers is not taken for dead because one more
//! answer waits behind them. A heartbeat may itself wait, behind a large upload: as long as the socket takes bytes
//! the server reads them, and its time to answer begins when the heartbeat is written.
//!
//! A server that owes responses is asked sooner than one that owes none, since silence says more then. If it does not
//! answer that, it is **quiet**: others are better asked, until a byte comes. A server that is slow with a request
//! answers a heartbeat at once, and is not quiet. To be quiet ends nothing: a server that collects garbage for some
//! seconds has its connection afterwards. So the heartbeat that was sent early makes no connection end before one
//! would have that was sent after `heartbeat_after`.
//!
//! ```text
//!          silent for heartbeat_after, or,
//!          if it owes a response, for quiet_after:      written
//!          queue OPTIONS on stream 0
//!   heard -------------------------------> queued -------------------> written
//!     ^  any byte                          /  |  \                     |  |  silent for quiet_after, or, if
//!     +-----------------------------------+---|---)--------------------+  |  the socket was full before, for
//!                                             |   |                       |  twice as long as it took to get there
//!              the socket took nothing for    |   |                       v
//!              quiet_after: quiet <-----------+   |                     quiet
//!                                                 |                       |  silent for heartbeat_timeout, or, if
//!              heartbeat_after is over, and then  |                       |  the socket was full before, for twice
//!              the socket took nothing for        |                       |  as long as it took to get there;
//!              heartbeat_timeout                  v                       v  counted from heartbeat_after on
//!                                            unresponsive            unresponsive
//! ```

use std::time::{Duration, Instant};

use crate::settings::{NEVER, Settings};

/// The shortest time that a heartbeat is sent after, and that its answer is waited for: a setting of less would only
/// flood the server, or give up on one that is across the street.
const SHORTEST: Duration = Duration::from_millis(100);

/// What a look at the clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing to do.
    Well,
    /// Ask for a sign of life.
    Ask,
    /// It was asked for, and none came.
    Unresponsive,
}

/// How far the question is, while the server is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    No,
    /// It waits to be written; the socket took something then, or should have begun to.
    Queued {
        moved_at: Instant,
    },
    Written {
        at: Instant,
    },
}

#[derive(Debug)]
pub(crate) struct Liveness {
    after: Duration,
    timeout: Duration,
    quiet_after: Duration,
    heard_at: Instant,
    /// Responses are owed, so that silence counts.
    owes: bool,
    /// The server has been silent since then, although it might have sent something; and how long it may be before
    /// it is asked. Both are for the question alone: the end is counted from `heard_at`.
    silent_from: Instant,
    may_be_silent: Duration,
    asked: Asked,
    /// The socket has been full since the server was last heard: what the system holds is still on its way.
    congested: bool,
    /// It did not answer the question in time.
    quiet: bool,
}

impl Liveness {
    pub(crate) fn new(now: Instant, settings: &Settings) -> Self {
        let or_never = |time: Duration| {
            if time.is_zero() { NEVER } else { time.clamp(SHORTEST, NEVER) }
        };
        let after = or_never(settings.heartbeat_after);
        Self {
            after,
            timeout: settings.heartbeat_timeout.clamp(SHORTEST, NEVER),
            quiet_after: or_never(settings.quiet_after),
            heard_at: now,
            owes: false,
            silent_from: now,
            may_be_silent: after,
            asked: Asked::No,
            congested: false,
            quiet: false,
        }
    }

    /// Something came from the server.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        self.silent_from = now;
        self.asked = Asked::No;
        self.congested = false;
        self.quiet = false;
    }

    /// Nothing is owed any more.
    pub(crate) fn owes_nothing(&mut self) {
        self.owes = false;
        self.may_be_silent = self.after;
    }

    /// Bytes were taken for writing, and responses are owed.
    pub(crate) fn owes_responses(&mut self, now: Instant) {
        if self.owes {
            return;
        }
        self.owes = true;
        if self.quiet_after < self.after {
            self.silent_from = now;
            self.may_be_silent = self.quiet_after;
        }
    }

    /// Was the server silent although it owed responses, and when it was asked for a sign of life?
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// The socket is full.
    pub(crate) fn congested(&mut self, now: Instant) {
        // What fills it behind a question whose time is running is not before it.
        let runs = matches!(self.asked, Asked::Written { at } if now >= self.in_earnest(at));
        self.congested |= !runs;
    }

    /// Does a heartbeat wait to be written?
    pub(crate) fn is_queued(&self) -> bool {
        matches!(self.asked, Asked::Queued { .. })
    }

    /// The socket took bytes, of what is before the heartbeat.
    pub(crate) fn moved(&mut self, now: Instant) {
        if let Asked::Queued { moved_at } = &mut self.asked {
            *moved_at = now;
        }
    }

    /// The socket took the heartbeat.
    pub(crate) fn written(&mut self, now: Instant) {
        if self.is_queued() {
            self.asked = Asked::Written { at: now };
        }
    }

    pub(crate) fn look(&mut self, now: Instant) -> Look {
        if now < self.next() {
            return Look::Well;
        }
        if self.asked == Asked::No {
            self.asked = Asked::Queued { moved_at: now };
            return Look::Ask;
        }
        if now >= self.end() {
            return Look::Unresponsive;
        }
        self.quiet = true;
        Look::Well
    }

    /// When to look next.
    pub(crate) fn next(&self) -> Instant {
        let turns_quiet = match self.asked {
            Asked::No => return self.silent_from + self.may_be_silent,
            _ if self.quiet => return self.end(),
            Asked::Queued { moved_at } => moved_at + self.quiet_after,
            Asked::Written { at } => at + self.patience(self.quiet_after, at),
        };
        turns_quiet.min(self.end())
    }

    /// When the server is given up unless it is heard, once it was asked.
    fn end(&self) -> Instant {
        match self.asked {
            Asked::No => self.heard_at + self.after + self.timeout,
            Asked::Queued { moved_at } => self.in_earnest(moved_at) + self.timeout,
            Asked::Written { at } => {
                let at = self.in_earnest(at);
                at + self.patience(self.timeout, at)
            }
        }
    }

    /// An early question counts towards the end as one that was asked after the usual time.
    fn in_earnest(&self, at: Instant) -> Instant {
        at.max(self.heard_at + self.after)
    }

    /// How long the answer to a heartbeat written `at` is waited for, `usual` if nothing was before it.
    fn patience(&self, usual: Duration, at: Instant) -> Duration {
        // What the system still holds, some megabytes, is gone at the rate at which the rest went: a large
        // upload is more than half over by now.
        let on_the_way = 2 * at.saturating_duration_since(self.heard_at);
        if self.congested { usual.max(on_the_way).min(NEVER) } else { usual }
    }
}
