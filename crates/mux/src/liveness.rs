//! Is the server still there? A sign of life is asked for when it has been silent, and only then.
//!
//! Any byte counts as life: a server that is busy with large answers is not taken for dead because one more
//! answer waits behind them.
//!
//! ```text
//!             silent for heartbeat_after: send OPTIONS on stream 0
//!     heard ---------------------------------------------------> asked
//!       ^                         any byte                         |
//!       +----------------------------------------------------------+
//!                                                                  | silent for heartbeat_timeout
//!                                                                  v
//!                                                              unresponsive
//! ```

use std::time::{Duration, Instant};

use crate::settings::NEVER;

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

#[derive(Debug)]
pub(crate) struct Liveness {
    after: Duration,
    timeout: Duration,
    heard_at: Instant,
    asked_at: Option<Instant>,
}

impl Liveness {
    pub(crate) fn new(now: Instant, after: Duration, timeout: Duration) -> Self {
        Self { after: after.min(NEVER), timeout: timeout.min(NEVER), heard_at: now, asked_at: None }
    }

    /// Something came from the server.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
        self.asked_at = None;
    }

    pub(crate) fn look(&mut self, now: Instant) -> Look {
        if now < self.next() {
            Look::Well
        } else if self.asked_at.is_some() {
            Look::Unresponsive
        } else {
            self.asked_at = Some(now);
            Look::Ask
        }
    }

    /// When to look next.
    pub(crate) fn next(&self) -> Instant {
        self.asked_at.map_or(self.heard_at + self.after, |asked| asked + self.timeout)
    }
}
