//! When requests are due: each as soon as one before it was answered, or so many a second.
//!
//! With a rate a thread of its own lets requests go, since timers of the runtime are of whole
//! milliseconds, which would be told as those of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) enum Pace {
    /// At once.
    Closed,
    /// By a rate.
    Open(Schedule),
}

/// So many a second, from the beginning on.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    began: Instant,
    rate: f64,
    /// One permit for each that is due, and was not begun.
    due: Arc<Semaphore>,
}

/// How long the thread sleeps at most, until it looks whether it is to end.
const NAP: Duration = Duration::from_millis(50);

impl Pace {
    pub(super) fn of(rate: Option<f64>, began: Instant) -> Self {
        match rate {
            None => Self::Closed,
            Some(rate) => Self::Open(Schedule { began, rate, due: Arc::new(Semaphore::new(0)) }),
        }
    }

    /// Waits until a request is due, or until no more will be.
    pub(super) async fn turn(&self) {
        if let Self::Open(schedule) = self
            && let Ok(permit) = schedule.due.acquire().await
        {
            permit.forget();
        }
    }

    /// When the request of this number was due, which is begun now.
    pub(super) fn due(&self, number: u64) -> Instant {
        match self {
            Self::Closed => Instant::now(),
            Self::Open(schedule) => schedule.due(number),
        }
    }

    /// Those that were due and are not begun.
    pub(super) fn behind(&self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open(schedule) => {
                u64::try_from(schedule.due.available_permits()).unwrap_or(u64::MAX)
            }
        }
    }

    /// Nobody waits any more.
    pub(super) fn end(&self) {
        if let Self::Open(schedule) = self {
            schedule.due.close();
        }
    }

    /// Lets requests go from now on, until the flag is set.
    pub(super) fn start(
        &self,
        stopped: &Arc<AtomicBool>,
    ) -> std::io::Result<Option<JoinHandle<()>>> {
        let Self::Open(schedule) = self.clone() else {
            return Ok(None);
        };
        let stopped = Arc::clone(stopped);
        let pacer = thread::Builder::new().name("pacer".to_owned());
        pacer.spawn(move || schedule.run(&stopped)).map(Some)
    }
}

impl Schedule {
    fn due(&self, number: u64) -> Instant {
        self.began + Duration::from_secs_f64(float(number) / self.rate)
    }

    /// How many are due by then.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and positive"
    )]
    fn due_by(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.began).as_secs_f64();
        (passed * self.rate).floor() as u64 + 1
    }

    fn run(&self, stopped: &AtomicBool) {
        let mut released = 0_u64;
        while !stopped.load(Ordering::Relaxed) {
            let now = Instant::now();
            let due = self.due_by(now);
            let room = Semaphore::MAX_PERMITS - self.due.available_permits();
            let more =
                usize::try_from(due.saturating_sub(released)).unwrap_or(usize::MAX).min(room);
            self.due.add_permits(more);
            released = released.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
            thread::sleep(self.due(released).saturating_duration_since(now).min(NAP));
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "of requests that anybody waits for, all are exact")]
const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_by_the_rate_whenever_they_are_begun() {
        let began = Instant::now();
        let schedule = Schedule { began, rate: 4.0, due: Arc::new(Semaphore::new(0)) };
        let after = |millis| began + Duration::from_millis(millis);
        assert_eq!([0, 1, 4].map(|number| schedule.due(number)), [began, after(250), after(1_000)]);
        assert_eq!([0, 249, 250, 1_001].map(|at| schedule.due_by(after(at))), [1, 1, 2, 5]);
    }

    #[tokio::test]
    async fn what_was_due_and_is_not_begun_is_counted_and_nobody_waits_after_the_end() {
        let stopped = Arc::new(AtomicBool::new(false));
        // All of the past are due at once.
        let began = Instant::now() - Duration::from_secs(10);
        let pace = Pace::of(Some(10.0), began);
        let pacer = pace.start(&stopped).unwrap().unwrap();
        pace.turn().await;
        stopped.store(true, Ordering::Relaxed);
        pacer.join().unwrap();
        assert!(pace.behind() >= 100, "{}", pace.behind());
        let Pace::Open(schedule) = &pace else { panic!("{pace:?}") };
        schedule.due.forget_permits(usize::MAX);
        pace.end();
        pace.turn().await;
    }
}
