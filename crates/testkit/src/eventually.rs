//! Waiting for a condition that nothing announces.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long to wait between two looks at least, unless that would pass the deadline.
const PAUSE: Duration = Duration::from_millis(1);

/// Which part of the time that has passed the next pause may be: what takes an hour of virtual time
/// is not looked at 3,600,000 times.
const PART: u32 = 64;

/// How often to let every other task run before time has to pass.
const YIELDS: usize = 32;

/// Waits until `condition` holds.
///
/// Other tasks are let run first; only when that does not help does time pass, real or, under
/// paused time, virtual. So a condition that needs no time costs none. What became true is noticed
/// within a millisecond, or a 64th of the time that it took.
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
        let start = Instant::now();
        let end = start + deadline;
        loop {
            for _ in 0..YIELDS {
                if condition() {
                    return;
                }
                tokio::task::yield_now().await;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{caller}: after {deadline:?} still not so: {what}");
            let pause = PAUSE.max(start.elapsed() / PART);
            sleep(pause.min(left)).await;
        }
    }
}
