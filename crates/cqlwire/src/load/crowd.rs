//! What a load does when others leave it no room: no request of its own is there whose end would make
//! some, so it looks again after a pause, each twice as long as the last.
//!
//! ```text
//!   going on --a limit is reached, nothing in flight--> pause --> the row is sent again
//!      ^                                                             |
//!      +-- any other outcome ----------------------------------------+
//!                                                                    |
//!   the row fails <-- it has waited as long as a request may take <--+
//! ```

use std::task::{Context, Poll, ready};
use std::time::Duration;

use cqlwire_net::Deadline;
use tokio::runtime::Handle;

use crate::timed::{Timed, timed};

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

/// See the [module](self).
#[derive(Default)]
pub(super) struct Crowd {
    /// How long the row that found no room has for that, once there is one.
    until: Option<Deadline>,
    last: Duration,
    pause: Option<Timed<()>>,
}

impl Crowd {
    /// There was no room for a row: it goes again after a pause. False if it has waited this long.
    pub(super) fn wait(&mut self, patience: Duration, home: &Handle) -> bool {
        let until = *self.until.get_or_insert_with(|| Deadline::after(patience));
        if until.remaining().is_zero() {
            self.is_over();
            return false;
        }
        self.last = (self.last * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        let at = until.within(self.last).at();
        self.pause = Some(timed(home, async move { tokio::time::sleep_until(at.into()).await }));
        true
    }

    /// A row had an outcome: the next one that finds no room has all its time.
    pub(super) fn is_over(&mut self) {
        (self.until, self.last) = (None, Duration::ZERO);
    }

    /// Waits for the end of the pause, if there is one.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            // Without its runtime, the request says so.
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        Poll::Ready(())
    }
}
