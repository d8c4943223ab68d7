//! Requests that find no connection hasten the next attempt, so often and no more.
//!
//! ```text
//!   a request finds none --> was an attempt hastened a moment ago? -- yes --> nothing
//!                                       | no
//!                                       v
//!                            one slot ends its back-off
//! ```

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Demand {
    /// When the next attempt may be hastened.
    next: Mutex<Option<Instant>>,
    /// Wakes one of the slots that back off, or the next one that does.
    hastened: Notify,
}

impl Demand {
    /// A request has found no connection: an attempt is hastened, unless another one was within the
    /// interval, which is shortened at random, as the random number says.
    pub(crate) fn announce(&self, interval: Duration, random: f64) {
        let now = Instant::now();
        {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            if next.is_some_and(|next| now < next) {
                return;
            }
            *next = now.checked_add(interval - (interval / 2).mul_f64(random));
        }
        self.hastened.notify_one();
    }

    /// Waits until an attempt is hastened. Whoever is woken makes it.
    pub(crate) async fn hastened(&self) {
        self.hastened.notified().await;
    }
}
