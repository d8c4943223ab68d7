//! Waiting for a condition that nothing announces.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long to wait between two looks, unless that would pass the deadline.
const PAUSE: Duration = Duration::from_millis(1);

/// How often to let every other task run before time has to pass.
const YIELDS: usize = 32;

/// Waits until `condition` holds.
///
/// Other tasks are let run first; only when that does not help does time pass, real or, under
/// paused time, virtual. So a condition that needs no time costs none.
///
/// # Panics
///
/// Once `deadline` has passed, with `what` in the message.
#[track_caller]
pub fn eventually(
    deadline: Duration,
    what: &str,
    mut condition: impl FnMut() -> bool,
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let end = Instant::now() + deadline;
        loop {
            for _ in 0..YIELDS {
                if condition() {
                    return;
                }
                tokio::task::yield_now().await;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{caller}: after {deadline:?} still not so: {what}");
            sleep(PAUSE.min(left)).await;
        }
    }
}
