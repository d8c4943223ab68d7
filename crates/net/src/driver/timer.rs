//! The one timer of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// Sleeps until the multiplexer has to be told the time. Moved forward only: when the next
/// deadline has become a later one, it fires too early once and is set anew then, which is cheaper
/// than being set anew for every request.
pub(super) struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    fired: bool,
}

impl Timer {
    pub(super) const fn new() -> Self {
        Self { sleep: None, fired: false }
    }

    /// Has it fired?
    pub(super) fn poll_elapsed(&mut self, context: &mut Context<'_>) -> bool {
        if let Some(sleep) = &mut self.sleep
            && !self.fired
        {
            self.fired = sleep.as_mut().poll(context).is_ready();
        }
        self.fired
    }

    /// Have the task woken at `next`, or earlier. True if that is over already.
    pub(super) fn arm(&mut self, next: Instant, context: &mut Context<'_>) -> bool {
        match &mut self.sleep {
            None => self.sleep = Some(Box::pin(sleep_until(next.into()))),
            Some(sleep) if self.fired || next < sleep.deadline().into_std() => {
                sleep.as_mut().reset(next.into());
            }
            // Armed for then or earlier, and polled in this turn.
            Some(_) => return false,
        }
        self.fired = false;
        self.poll_elapsed(context)
    }
}
