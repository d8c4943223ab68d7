//! What the gate needs of `tokio::sync::Notify`, as its documentation promises it, in a form that loom can see
//! into: of the locks inside of tokio's own it knows nothing, and would find orders that they rule out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use loom::sync::Mutex;

#[derive(Debug, Default)]
pub struct Notify(Mutex<Waiters>);

#[derive(Debug, Default)]
struct Waiters {
    /// How often all of them were notified.
    calls: usize,
    wakers: Vec<Waker>,
}

/// Notified by the next call after it was made.
#[derive(Debug)]
pub struct Notified<'a> {
    notify: &'a Notify,
    calls: usize,
}

impl Notify {
    pub fn notified(&self) -> Notified<'_> {
        Notified { notify: self, calls: self.0.lock().unwrap().calls }
    }

    pub fn notify_waiters(&self) {
        let mut waiters = self.0.lock().unwrap();
        waiters.calls += 1;
        let wakers = std::mem::take(&mut waiters.wakers);
        drop(waiters);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Notified<'_> {
    pub fn enable(self: Pin<&mut Self>) -> bool {
        self.notify.0.lock().unwrap().calls != self.calls
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let mut waiters = self.notify.0.lock().unwrap();
        if waiters.calls != self.calls {
            return Poll::Ready(());
        }
        waiters.wakers.push(waker);
        Poll::Pending
    }
}
