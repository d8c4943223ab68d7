//! Rows that failed for what passes: a server that is overloaded, is started anew, or is not there for a
//! while.
//!
//! Such a row goes again after a pause, each twice as long as the last. Nothing else is sent meanwhile: no
//! row is taken, and of those on their way is heard afterwards. So a server that has too much to do gets one
//! row at a time. Once it has written one, the others that have failed meanwhile go without a pause.

use std::time::Duration;

use cqlwire::{Error, Session};
use tokio::time::{Instant, sleep};

use super::feed::LoadRow;
use super::ledger::Ledger;
use super::sending::Sending;
use crate::transfer::Bar;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The pause before the next row goes again.
#[derive(Debug)]
pub(super) struct Pause(Duration);

impl Default for Pause {
    fn default() -> Self {
        Self(FIRST_PAUSE)
    }
}

impl Pause {
    /// A row that went again was written.
    const fn is_over(&mut self) {
        self.0 = Duration::ZERO;
    }

    /// It was not.
    fn lengthen(&mut self) {
        self.0 = (self.0 * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
    }
}

impl Sending {
    /// Sends a row again that has failed. Gives it back with its last error, once that is none that
    /// passes, the time for it is over, or no more rows are wanted.
    pub(super) async fn again(
        &self,
        session: &Session,
        ledger: &Ledger,
        bar: &Bar,
        (row, mut error): (LoadRow, Error),
        pause: &mut Pause,
    ) -> Result<(), (LoadRow, Error)> {
        let began = Instant::now();
        while self.may_go_again(&error) && began.elapsed() + pause.0 < self.retry_for {
            if pause.0 == FIRST_PAUSE {
                let most = humantime::format_duration(self.retry_for);
                bar.say(&format!("waits for up to {most} (--retry-for), and goes on: {error}"));
            }
            tokio::select! {
                biased;
                () = ledger.until_stopped() => break,
                () = sleep(pause.0) => {}
            }
            let sent = session.execute(&self.prepared, &row).idempotent(self.is_idempotent);
            match sent.await {
                // It says that it is written as it is dropped.
                Ok(_) => {
                    pause.is_over();
                    return Ok(());
                }
                Err(next) => error = next,
            }
            pause.lengthen();
        }
        Err((row, error))
    }

    /// May the same row be written, and do no harm, if it is sent once more?
    fn may_go_again(&self, error: &Error) -> bool {
        error.is_retryable() && (self.is_idempotent || !error.may_have_been_applied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_become_longer_until_a_row_is_written_and_then_begin_anew() {
        let mut pause = Pause::default();
        let mut millis = || {
            let now = pause.0.as_millis();
            pause.lengthen();
            now
        };
        assert_eq!([(); 7].map(|()| millis()), [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        pause.is_over();
        assert!(pause.0.is_zero(), "the next one goes at once");
        pause.lengthen();
        assert_eq!(pause.0, FIRST_PAUSE);
    }
}
