//! How far an execution has got: of a statement, or of a batch.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cqlwire_net::Deadline;

use super::turn::{Permits, Queued};
use crate::error::Result;
use crate::speculation::Executions;

/// How far the future has got. `P` is what texts with values are prepared to.
#[expect(clippy::large_enum_variant, reason = "a box would be an allocation for each request")]
pub(crate) enum State<'a, P> {
    New,
    /// It waits for its turn in the session.
    Queued(Queued<'a>),
    /// What goes with values is prepared first.
    Preparing {
        permits: Permits<'a>,
        deadline: Deadline,
        preparing: Preparing<P>,
    },
    Running {
        _permits: Permits<'a>,
        run: Executions,
        prepared: P,
    },
    Done,
}

/// Texts on their way to statements.
pub(crate) type Preparing<P> = Pin<Box<dyn Future<Output = Result<P>> + Send>>;

impl<'a, P> State<'a, P> {
    /// It has all it needs.
    #[inline]
    pub(crate) const fn running(permits: Permits<'a>, deadline: Deadline, prepared: P) -> Self {
        Self::Running { _permits: permits, run: Executions::new(deadline), prepared }
    }

    /// Goes on once all is prepared.
    #[cold]
    pub(crate) fn poll_prepared(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Self::Preparing { preparing, .. } = self else { return Poll::Ready(Ok(())) };
        let prepared = ready!(preparing.as_mut().poll(context))?;
        if let Self::Preparing { permits, deadline, .. } = std::mem::replace(self, Self::Done) {
            *self = Self::running(permits, deadline, prepared);
        }
        Poll::Ready(Ok(()))
    }
}
