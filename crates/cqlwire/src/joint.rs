//! Waits that many share: something that is done once for all who want it.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use cqlwire_net::Deadline;
use foldhash::quality::RandomState;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use tokio::runtime::Handle;
use tokio::time::timeout_at;

use crate::timed::timed;

/// How much later than its deadline something that is done for many may say that it has passed.
const GRACE: Duration = Duration::from_millis(20);

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Something that is being done for many. Whoever waits for it drives it on, so that it is done
/// whoever of them goes; once the last one has gone, it is dropped.
#[derive(Clone)]
pub(crate) struct Joint<T: Clone> {
    work: Shared<Work<T>>,
    /// Until when it is over by itself.
    deadline: Deadline,
}

/// Calls this once it is dropped.
struct AtEnd<F: FnMut()>(F);

impl<F: FnMut()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl<T: Clone + Send + Sync + 'static> Joint<T> {
    /// `ended` is called once the work has come to its end, be it that nobody waits for it any more.
    pub(crate) fn new(
        work: impl Future<Output = T> + Send + 'static,
        deadline: Deadline,
        ended: impl FnMut() + Send + 'static,
    ) -> Self {
        let at_end = AtEnd(ended);
        let work: Work<T> = Box::pin(async move {
            let _at_end = at_end;
            work.await
        });
        Self { work: work.shared(), deadline }
    }

    /// Is it over by itself before this?
    pub(crate) fn ends_before(&self, deadline: Deadline) -> bool {
        self.deadline.at() < deadline.at()
    }

    /// Waits for it no longer than this; `None` if it is not done by then. One that ends by itself
    /// before that has a moment more to say so: it waits on a runtime that may be there and yet not
    /// run.
    pub(crate) async fn within(self, deadline: Deadline, home: &Handle) -> Option<T> {
        let grace = if self.deadline.at() <= deadline.at() { GRACE } else { Duration::ZERO };
        let at = deadline.at() + grace;
        timed(home, async move { timeout_at(at.into(), self).await.ok() }).await?
    }
}

impl<T: Clone> Future for Joint<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.work.poll_unpin(context)
    }
}

impl<T: Clone> fmt::Debug for Joint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joint").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

/// What is being done, by what it is done for: once for each. It is not waited for by this.
pub(crate) struct UnderWay<K, T: Clone> {
    begun: HashMap<K, Begun<T>, RandomState>,
    /// How many have begun.
    count: u64,
}

struct Begun<T: Clone> {
    number: u64,
    work: Option<WeakShared<Work<T>>>,
    deadline: Deadline,
}

impl<K, T: Clone> Default for UnderWay<K, T> {
    fn default() -> Self {
        Self { begun: HashMap::default(), count: 0 }
    }
}

impl<K: Eq + Hash, T: Clone> UnderWay<K, T> {
    /// Joins what is being done for this, or has `begin` begin it. That is given a number, by which
    /// the end of it has to be [reported](Self::ended).
    pub(crate) fn join(&mut self, key: K, begin: impl FnOnce(u64) -> Joint<T>) -> Joint<T> {
        let under_way = self.begun.get(&key).and_then(Begun::joined);
        under_way.unwrap_or_else(|| {
            self.count += 1;
            let (number, joint) = (self.count, begin(self.count));
            let (work, deadline) = (joint.work.downgrade(), joint.deadline);
            self.begun.insert(key, Begun { number, work, deadline });
            joint
        })
    }

    /// How many are under way, or were not reported to have ended.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.begun.len()
    }

    /// This one has come to its end, be it that nobody waits for it any more.
    pub(crate) fn ended(&mut self, key: &K, number: u64) {
        // Another one may have begun meanwhile.
        if self.begun.get(key).is_some_and(|begun| begun.number == number) {
            self.begun.remove(key);
        }
    }
}

impl<T: Clone> Begun<T> {
    /// `None` once nobody waits for it.
    fn joined(&self) -> Option<Joint<T>> {
        let work = self.work.as_ref()?.upgrade()?;
        Some(Joint { work, deadline: self.deadline })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endless() -> Joint<()> {
        Joint::new(std::future::pending(), Deadline::after(Duration::from_secs(1)), || {})
    }

    #[test]
    fn it_is_begun_once_and_anew_once_nobody_waits() {
        let mut under_way = UnderWay::default();
        let first = under_way.join("one", |_| endless());
        let mut second = under_way.join("one", |_| panic!("begun twice"));
        drop(first);
        assert!((&mut second).now_or_never().is_none());
        drop(under_way.join("one", |_| panic!("begun twice")));
        drop(second);
        let third = under_way.join("one", |_| endless());
        under_way.ended(&"one", 1);
        drop(under_way.join("one", |_| panic!("the end was another's")));
        under_way.ended(&"one", 2);
        drop(under_way.join("one", |_| Joint::new(async {}, third.deadline, || {})));
    }
}
