//! A future is dropped at exactly the point that was asked for.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::{Cancellable, Cut, cancel_at_every_poll, poll_once};

/// Sets its cell when it is dropped.
struct OnDrop<'a>(&'a Cell<bool>);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// Yields three times, counts its polls, and tells when it is dropped.
async fn three_yields(polls: &Cell<usize>, dropped: &Cell<bool>) -> &'static str {
    let _guard = OnDrop(dropped);
    for _ in 0..3 {
        polls.set(polls.get() + 1);
        yield_now().await;
    }
    polls.set(polls.get() + 1);
    "done"
}

#[tokio::test]
async fn it_is_polled_as_often_as_asked_and_no_more() {
    for allowed in 0..6 {
        let (polls, dropped) = (Cell::new(0), Cell::new(false));
        let outcome = Cancellable::new(three_yields(&polls, &dropped), allowed).await;
        assert_eq!(outcome, (allowed >= 4).then_some("done"));
        assert_eq!(polls.get(), allowed.min(4));
        assert_eq!(dropped.get(), allowed > 0, "an unpolled future has no guard yet");
    }
}

#[tokio::test]
async fn it_is_dropped_before_the_task_goes_on() {
    let (polls, dropped) = (Cell::new(0), Cell::new(false));
    let mut future = Cancellable::new(three_yields(&polls, &dropped), 1);
    assert!(poll_once(&mut future).await.is_ready());
    assert!(dropped.get());
}

#[tokio::test]
async fn when_woken_it_is_dropped_with_its_answer_unread() {
    let (sender, receiver) = oneshot::channel();
    let mut future = Cancellable::at(receiver, Cut::WhenWokenAfter(1));
    assert!(poll_once(&mut future).await.is_pending());
    assert!(!sender.is_closed(), "it waits to be woken");
    sender.send("answer").unwrap();
    assert_eq!(future.await, None);
}

#[tokio::test]
async fn a_sweep_drops_at_every_point_until_the_future_completes() {
    let (polls, dropped) = (Cell::new(0), Cell::new(false));
    let mut cuts = Vec::new();
    let fresh = || three_yields(&polls, &dropped);
    let (output, drops) = cancel_at_every_poll(fresh, async |cut| cuts.push(cut)).await;
    assert_eq!(output, "done");
    assert_eq!(drops, 7, "after 0 to 3 polls, and when woken after 1 to 3");
    assert_eq!(cuts[..3], [Cut::AfterPolls(0), Cut::WhenWokenAfter(1), Cut::AfterPolls(1)]);
    assert_eq!(cuts.len(), drops + 1);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_passes_through_virtual_time() {
    let before = tokio::time::Instant::now();
    let (_, drops) = cancel_at_every_poll(|| sleep(Duration::from_secs(60)), async |_| ()).await;
    assert!(drops >= 2);
    assert!(before.elapsed() >= Duration::from_secs(60));
}
