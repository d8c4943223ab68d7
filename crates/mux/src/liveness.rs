//! Is the server still there? A sign of life is asked for when it has been silent, and only then.
//!
//! Any byte counts as life: a server that is busy with large answers is not taken for dead because one more
//! answer waits behind them. A heartbeat may itself wait, behind a large upload: as long as the socket takes bytes
//! the server reads them, and its time to answer begins when the heartbeat is written.
//!
//! ```text
//!           silent for heartbeat_after:                written
//!           queue OPTIONS on stream 0
//!   heard ------------------------------> queued -------------------> written
//!     ^  any byte                        /      \                        |
//!     +---------------------------------+--------)-----------------------+
//!                                               |                        | silent for heartbeat_timeout, or,
//!                 the socket took nothing for   |                        | if the socket was full before, for twice
//!                 heartbeat_timeout             v                        v as long as it took to get there
//!                                           unresponsive            unresponsive
//! ```

use std::time::{Duration, Instant};

use crate::settings::NEVER;

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
        due: Instant,
    },
}

#[derive(Debug)]
pub(crate) struct Liveness {
    after: Duration,
    timeout: Duration,
    heard_at: Instant,
    asked: Asked,
    /// The socket has been full since the server was last heard: what the system holds is still on its way.
    congested: bool,
}

impl Liveness {
    pub(crate) fn new(now: Instant, after: Duration, timeout: Duration) -> Self {
        let after = if after.is_zero() { NEVER } else { after.clamp(SHORTEST, NEVER) };
        let timeout = timeout.clamp(SHORTEST, NEVER);
        Self { after, timeout, heard_at: now, asked: Asked::No, congested: false }
    }

    /// Something came from the server.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        self.asked = Asked::No;
        self.congested = false;
    }

    /// The socket is full.
    pub(crate) fn congested(&mut self) {
        self.congested = true;
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
            // What the system still holds, some megabytes, is gone at the rate at which the rest went: a large
            // upload is more than half over by now.
            let on_the_way = 2 * now.saturating_duration_since(self.heard_at);
            let patience = if self.congested { self.timeout.max(on_the_way) } else { self.timeout };
            self.asked = Asked::Written { due: now + patience.min(NEVER) };
        }
    }

    pub(crate) fn look(&mut self, now: Instant) -> Look {
        if now < self.next() {
            return Look::Well;
        }
        match self.asked {
            Asked::Queued { .. } | Asked::Written { .. } => Look::Unresponsive,
            Asked::No => {
                self.asked = Asked::Queued { moved_at: now };
                Look::Ask
            }
        }
    }

    /// When to look next.
    pub(crate) fn next(&self) -> Instant {
        match self.asked {
            Asked::No => self.heard_at + self.after,
            Asked::Queued { moved_at } => moved_at + self.timeout,
            Asked::Written { due } => due,
        }
    }
}
