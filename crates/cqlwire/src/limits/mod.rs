//! How many requests a session has in flight: a permit each, and a queue for those that have none.
//!
//! ```text
//!   gate --> permit at once ----------------------> attempts --> response: the permit is given back
//!              |                                       ^
//!              +-- none free --> queue, with the ------+
//!              |                 deadline's time
//!              +-- queue full --> Overloaded
//! ```
//!
//! `queue` is the state machine, `limiter` puts it behind a lock and makes guards of what it gives,
//! `waiting` adds the deadline. `page` is for pages of streams, whose readers may be elsewhere.
//! Unset, a limit costs one branch.
//!
//! A host's limit is a matter of its pool: what is more waits for its connections, and the hosts with
//! less to do are asked first. `hosts` sees what comes of each request, and `adaptive` finds out
//! from that how many a host bears.

mod adaptive;
mod hosts;
mod limiter;
mod page;
mod queue;
#[cfg(test)]
mod tests;
mod waiting;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use cqlwire_net::Deadline;
use tokio::runtime::Handle;

pub use self::adaptive::AdaptiveLimit;
pub(crate) use self::hosts::HostLimits;
pub(crate) use self::limiter::{Limiter, RequestPermit};
pub(crate) use self::page::PageTurn;
use self::queue::{Full, Presence};
pub(crate) use self::waiting::Waiting;
use crate::error::{ErrorKind, RequestLimit};

/// A handle of a limiter.
pub(crate) trait Limit: Deref<Target = Limiter> + Clone + Unpin {}

impl<L: Deref<Target = Limiter> + Clone + Unpin> Limit for L {}

/// The limit of a session, if it has one.
#[derive(Default)]
pub(crate) struct SessionLimit {
    most: Option<usize>,
    limiter: Option<Arc<Limiter>>,
}

/// Whether a call may go on.
pub(crate) enum Admitted<'a> {
    /// With a permit, if there is a limit.
    Now(Option<RequestPermit<&'a Limiter>>),
    /// Once it has a permit.
    Later(Box<Waiting<&'a Limiter>>),
}

impl SessionLimit {
    pub(crate) fn new(max_requests: Option<usize>, max_queued: usize) -> Self {
        let limiter = max_requests.map(|limit| Arc::new(Limiter::new(limit, max_queued)));
        Self { most: max_requests, limiter }
    }

    /// Lets a call go on that has until then.
    #[inline]
    pub(crate) fn admit(&self, deadline: Deadline, home: &Handle) -> Admitted<'_> {
        match &self.limiter {
            None => Admitted::Now(None),
            Some(limiter) => admit(limiter, deadline, home),
        }
    }

    /// What gives the permits, if there is a limit.
    #[inline]
    pub(crate) const fn limiter(&self) -> Option<&Arc<Limiter>> {
        self.limiter.as_ref()
    }

    /// How many requests may be in flight, if there is a limit.
    pub(crate) const fn most(&self) -> Option<usize> {
        self.most
    }

    /// Waits until a call may go on that has until then.
    ///
    /// # Errors
    ///
    /// Its time is over, or as many wait as may.
    pub(crate) async fn admitted(
        &self,
        deadline: Deadline,
        home: &Handle,
    ) -> Result<Option<RequestPermit<&Limiter>>, ErrorKind> {
        match self.admit(deadline, home) {
            Admitted::Now(permit) => Ok(permit),
            Admitted::Later(waiting) => waiting.await.map(Some),
        }
    }

    /// How many permits are held, and how many calls wait for one.
    pub(crate) fn usage(&self) -> (usize, usize) {
        self.limiter.as_ref().map(|limiter| limiter.usage()).unwrap_or_default()
    }
}

fn admit<'a>(limiter: &'a Limiter, deadline: Deadline, home: &Handle) -> Admitted<'a> {
    match RequestPermit::try_of(&limiter) {
        Some(permit) => Admitted::Now(Some(permit)),
        None => {
            let waiting = Waiting::new(limiter, Presence::Sure, deadline, home.clone());
            Admitted::Later(Box::new(waiting))
        }
    }
}

#[cold]
fn full(reached: Full) -> ErrorKind {
    let Full { in_flight, waiting } = reached;
    ErrorKind::Overloaded { limit: RequestLimit::Session { in_flight, waiting } }
}

impl fmt::Debug for SessionLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLimit").field("usage", &self.usage()).finish()
    }
}
