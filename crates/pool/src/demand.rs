//! Requests that find no connection hasten the next attempt, so often and no more.
//!
//! ```text
//!   a request finds none --> one of the slots that back off
//!                              | waits for what is left of the interval since the last such attempt
//!                              v
//!                            makes an attempt
//! ```

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Demand {
    /// Wakes one of the slots that back off, or the next one that does.
    wanted: Notify,
    /// When the next attempt may be hastened.
    next: Mutex<Option<Instant>>,
}

impl Demand {
    /// A request has found no connection.
    pub(crate) fn announce(&self) {
        self.wanted.notify_one();
    }

    /// Waits until an attempt is wanted, and until the interval has passed since the last one that
    /// was: whoever comes back makes it. The interval is shortened at random by up to a half, so that
    /// many clients do not all come at the same moment.
    ///
    /// # Cancel safety
    ///
    /// Dropped, somebody has to want it anew: whoever drops it is about to make an attempt.
    pub(crate) async fn hastened(&self, interval: Duration) {
        self.wanted.notified().await;
        while let Some(next) = self.claim(interval) {
            sleep_until(next).await;
        }
    }

    /// Takes the turn of the interval, or says when there is one.
    fn claim(&self, interval: Duration) -> Option<Instant> {
        let now = Instant::now();
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = next.filter(|next| now < *next) {
            return Some(next);
        }
        *next = now.checked_add(interval - (interval / 2).mul_f64(fastrand::f64()));
        None
    }
}
