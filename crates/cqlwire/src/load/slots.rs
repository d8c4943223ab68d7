//! Futures that are on their way at once, each polled only when it was woken.
//!
//! A slot that one leaves is used by the next, and so is its waker: whatever goes through a load
//! costs no allocation here.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// See the [module](self).
pub(super) struct Slots<F> {
    slots: Vec<Slot<F>>,
    free: Vec<usize>,
    woken: Arc<Woken>,
}

struct Slot<F> {
    future: Option<F>,
    bell: Arc<Bell>,
    /// Rings the bell.
    waker: Waker,
}

/// The slots whose futures are to be polled, and the task that does it.
#[derive(Default)]
struct Woken {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// Each is in it once at most.
    numbers: VecDeque<usize>,
    task: Option<Waker>,
}

/// What wakes the future of one slot.
struct Bell {
    number: usize,
    /// It is in the queue.
    has_rung: AtomicBool,
    woken: Arc<Woken>,
}

impl<F> Default for Slots<F> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), woken: Arc::default() }
    }
}

impl<F> Slots<F> {
    /// How many are on their way.
    pub(super) const fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One more, which is polled when the next is asked for.
    pub(super) fn push(&mut self, future: F) {
        let number = self.free.pop().unwrap_or_else(|| self.add_slot());
        if let Some(slot) = self.slots.get_mut(number) {
            slot.future = Some(future);
            slot.waker.wake_by_ref();
        }
    }

    fn add_slot(&mut self) -> usize {
        let number = self.slots.len();
        let woken = Arc::clone(&self.woken);
        let bell = Arc::new(Bell { number, has_rung: AtomicBool::new(false), woken });
        let waker = Waker::from(Arc::clone(&bell));
        self.slots.push(Slot { future: None, bell, waker });
        number
    }
}

impl<F: Future + Unpin> Slots<F> {
    /// What the next one came to; `None` if none is on its way. Polls so many at most.
    pub(super) fn poll_next(
        &mut self,
        most_polls: &mut usize,
        context: &Context<'_>,
    ) -> Poll<Option<F::Output>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        self.woken.set_task(Some(context.waker().clone()));
        loop {
            if *most_polls == 0 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(number) = self.woken.next() else { return Poll::Pending };
            let Some(slot) = self.slots.get_mut(number) else { continue };
            // Whoever wakes it from here on is heard.
            slot.bell.has_rung.store(false, Ordering::Release);
            let Some(future) = &mut slot.future else { continue };
            *most_polls -= 1;
            if let Poll::Ready(output) =
                Pin::new(future).poll(&mut Context::from_waker(&slot.waker))
            {
                slot.future = None;
                self.free.push(number);
                return Poll::Ready(Some(output));
            }
        }
    }
}

impl<F> Drop for Slots<F> {
    fn drop(&mut self) {
        // Somebody may keep a waker for longer.
        self.woken.set_task(None);
    }
}

impl Woken {
    fn next(&self) -> Option<usize> {
        self.queue().numbers.pop_front()
    }

    fn set_task(&self, task: Option<Waker>) {
        let before = std::mem::replace(&mut self.queue().task, task);
        drop(before);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.has_rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = {
            let mut queue = self.woken.queue();
            queue.numbers.push_back(self.number);
            queue.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use cqlwire_testkit::cancel::poll_once;
    use tokio::sync::oneshot;

    use super::*;

    async fn next<F: Future + Unpin>(slots: &mut Slots<F>) -> Option<F::Output> {
        std::future::poll_fn(|context| slots.poll_next(&mut 100, context)).await
    }

    #[tokio::test]
    async fn each_is_given_out_once_as_it_comes_and_its_slot_used_again() {
        let mut slots = Slots::default();
        assert!(next(&mut slots).await.is_none());
        for round in 0..3 {
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..4).map(|_| oneshot::channel()).unzip();
            receivers.into_iter().for_each(|receiver| slots.push(receiver));
            assert!(poll_once(&mut Box::pin(next(&mut slots))).await.is_pending());
            for (number, sender) in senders.into_iter().enumerate().rev() {
                sender.send((round, number)).unwrap();
                assert_eq!(next(&mut slots).await.unwrap(), Ok((round, number)));
            }
            assert!(slots.is_empty() && next(&mut slots).await.is_none());
        }
        assert_eq!(slots.slots.len(), 4);
    }

    /// Counts how often it is polled.
    struct Counted(usize, bool);

    impl Future for Counted {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            self.0 += 1;
            if self.1 {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn only_who_was_woken_is_polled_and_no_more_often_than_may_be() {
        let mut slots = Slots::default();
        slots.push(Counted(0, false));
        slots.push(Counted(0, true));
        for most in [10, 5] {
            let mut left = most;
            let polled =
                poll_once(&mut std::future::poll_fn(|context| slots.poll_next(&mut left, context)))
                    .await;
            assert!(polled.is_pending() && left == 0);
        }
        let polls = |slot: &Slot<Counted>| slot.future.as_ref().unwrap().0;
        assert_eq!(slots.slots.iter().map(polls).collect::<Vec<_>>(), [1, 14]);
    }
}
