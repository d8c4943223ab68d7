//! Attempts that begin one after the other and run side by side, as RFC 8305 (Happy Eyeballs) has
//! addresses tried.
//!
//! ```text
//!   first   |------------------------------- silent ----------->
//!   second        |------ fails
//!   third                |---------- wins
//!           <delay>       at once after a failure
//! ```

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::Deadline;

type Attempt<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Attempts of which each begins while those before it are still silent.
///
/// The next one begins after a delay, or as soon as one before it has ended; sooner if that is
/// needed for all of them to have their turn before the deadline. What is still under way when the
/// race is dropped is dropped with it.
pub struct Race<'a, T> {
    delay: Duration,
    deadline: Deadline,
    waiting: VecDeque<Attempt<'a, T>>,
    running: Vec<Running<'a, T>>,
    /// Until the next one begins; none if it may at once.
    pause: Option<Pin<Box<Sleep>>>,
}

struct Running<'a, T> {
    attempt: Attempt<'a, T>,
    /// Did it wait for its turn? Then the next one need not wait any more once it has ended.
    had_turn: bool,
}

impl<'a, T> Race<'a, T> {
    /// A race in which so much time lies between two beginnings, without anybody in it yet.
    pub const fn new(delay: Duration, deadline: Deadline) -> Self {
        Self { delay, deadline, waiting: VecDeque::new(), running: Vec::new(), pause: None }
    }

    /// Begins when it is its turn.
    pub fn enter(&mut self, attempt: impl Future<Output = T> + Send + 'a) {
        self.waiting.push_back(Box::pin(attempt));
    }

    /// Begins at once, beside those that wait for their turn.
    pub fn begin(&mut self, attempt: impl Future<Output = T> + Send + 'a) {
        self.running.push(Running { attempt: Box::pin(attempt), had_turn: false });
    }

    /// What comes of the attempt that ends next; `None` if there is none any more.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it loses nothing; the attempts rest until it is called again.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with time.
    pub async fn next(&mut self) -> Option<T> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            if self.pause.is_none() {
                self.begin_next();
            }
            if let Some(output) = self.poll_running(context) {
                return Poll::Ready(Some(output));
            }
            if self.waiting.is_empty() {
                let over = self.running.is_empty();
                return if over { Poll::Ready(None) } else { Poll::Pending };
            }
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
            }
            self.pause = None;
        }
    }

    fn begin_next(&mut self) {
        let Some(attempt) = self.waiting.pop_front() else { return };
        self.running.push(Running { attempt, had_turn: true });
        // Whoever waits shares the time that is left.
        let untried = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        let share = self.deadline.remaining() / untried.saturating_add(1);
        let pause = self.delay.min(share);
        self.pause = Some(Box::pin(sleep(pause)));
    }

    fn poll_running(&mut self, context: &mut Context<'_>) -> Option<T> {
        for index in 0..self.running.len() {
            let running = self.running.get_mut(index)?;
            if let Poll::Ready(output) = running.attempt.as_mut().poll(context) {
                if self.running.remove(index).had_turn {
                    self.pause = None;
                }
                return Some(output);
            }
        }
        None
    }
}

impl<T> std::fmt::Debug for Race<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (waiting, running) = (self.waiting.len(), self.running.len());
        f.debug_struct("Race").field("waiting", &waiting).field("running", &running).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    const DELAY: Duration = Duration::from_millis(250);

    /// One that ends after so many milliseconds, and says when it began.
    fn lasting(
        name: &'static str,
        millis: u64,
        start: Instant,
    ) -> Attempt<'static, (&'static str, u128)> {
        Box::pin(async move {
            let began = start.elapsed().as_millis();
            sleep(Duration::from_millis(millis)).await;
            (name, began)
        })
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_begins_while_the_last_is_silent_and_at_once_after_a_failure() {
        let start = Instant::now();
        let mut race = Race::new(DELAY, Deadline::after(Duration::from_secs(10)));
        for (name, millis) in [("first", 5_000), ("second", 100), ("third", 20), ("fourth", 1)] {
            race.enter(lasting(name, millis, start));
        }
        assert_eq!(race.next().await, Some(("second", 250)));
        assert_eq!(race.next().await, Some(("third", 350)));
        assert_eq!(race.next().await, Some(("fourth", 370)));
        assert_eq!(race.next().await, Some(("first", 0)));
        assert_eq!(race.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn g12_8_every_one_has_its_turn_before_the_deadline() {
        let start = Instant::now();
        let mut race = Race::new(DELAY, Deadline::after(Duration::from_secs(1)));
        for _ in 0..100 {
            race.enter(lasting("silent", 5_000, start));
        }
        for _ in 0..100 {
            let (_, began) = race.next().await.unwrap();
            assert!(began < 1_000, "{began}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_begins_at_once_gives_nobody_else_a_turn() {
        let start = Instant::now();
        let mut race = Race::new(DELAY, Deadline::after(Duration::from_secs(10)));
        race.enter(lasting("first", 1_000, start));
        race.enter(lasting("second", 1_000, start));
        race.begin(lasting("beside", 10, start));
        assert_eq!(race.next().await, Some(("beside", 0)));
        assert_eq!(race.next().await, Some(("first", 0)));
        assert_eq!(race.next().await, Some(("second", 250)));
    }
}
