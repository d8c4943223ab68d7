//! A statement that is being prepared, for all who wait for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use cqlwire_net::Deadline;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::statement::PreparedStatement;
use crate::error::Result;

type Preparing = Pin<Box<dyn Future<Output = Result<PreparedStatement>> + Send>>;

/// A statement that is being prepared. Whoever waits for it drives it on, so that it is done whoever
/// of them goes; once the last one has gone, nobody asks for it any more.
#[derive(Clone)]
pub(crate) struct Preparation {
    outcome: Shared<Preparing>,
    deadline: Deadline,
}

/// A preparation that is not waited for by this.
pub(super) struct WeakPreparation {
    outcome: Option<WeakShared<Preparing>>,
    deadline: Deadline,
}

impl Preparation {
    pub(crate) fn new(
        preparing: impl Future<Output = Result<PreparedStatement>> + Send + 'static,
        deadline: Deadline,
    ) -> Self {
        let preparing: Preparing = Box::pin(preparing);
        Self { outcome: preparing.shared(), deadline }
    }

    /// Until when it is over, by itself.
    pub(crate) const fn deadline(&self) -> Deadline {
        self.deadline
    }

    pub(super) fn downgrade(&self) -> WeakPreparation {
        WeakPreparation { outcome: self.outcome.downgrade(), deadline: self.deadline }
    }
}

impl Future for Preparation {
    type Output = Result<PreparedStatement>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(context)
    }
}

impl WeakPreparation {
    /// `None` once nobody waits for it.
    pub(super) fn upgrade(&self) -> Option<Preparation> {
        let outcome = self.outcome.as_ref()?.upgrade()?;
        Some(Preparation { outcome, deadline: self.deadline })
    }
}

impl fmt::Debug for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preparation").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
