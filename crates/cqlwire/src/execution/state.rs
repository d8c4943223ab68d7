//! How far an execution has got: of a statement, or of a batch.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cqlwire_net::{Deadline, RequestKind};

use super::turn::{Permits, Queued};
use crate::error::{Error, Result};
use crate::prepared::Named;
use crate::shared::Shared;
use crate::speculation::Executions;

/// How far the future has got. `P` is what texts with values are prepared to.
pub(crate) enum State<'a, P> {
    New,
    /// It waits for its turn in the session.
    Queued(Queued<'a>),
    /// What goes with values is prepared first; or there is a pause.
    Preparing {
        permits: Permits<'a>,
        deadline: Deadline,
        preparing: Preparing<P>,
    },
    Running {
        permits: Permits<'a>,
        run: Executions,
        prepared: P,
    },
    Done,
}

/// Texts on their way to statements.
pub(crate) type Preparing<P> = Pin<Box<dyn Future<Output = Result<P>> + Send>>;

impl<'a, P> State<'a, P> {
    /// It has all it needs, and had it at once.
    #[inline]
    pub(crate) fn running(permits: Permits<'a>, deadline: Deadline, prepared: P) -> Self {
        let run = Executions::new(deadline, permits.history());
        Self::Running { permits, run, prepared }
    }

    /// It has all it needs, for which it had to wait.
    fn running_later(permits: Permits<'a>, deadline: Deadline, prepared: P) -> Self {
        let run = Executions::later(deadline, permits.history());
        Self::Running { permits, run, prepared }
    }

    /// Its outcome is this, or a result.
    #[inline]
    pub(crate) fn end(
        &mut self,
        shared: &Shared,
        error: Option<&Error>,
        named: Option<&Named>,
        kind: impl FnOnce() -> RequestKind,
    ) {
        let (took_time, deadline, is_whole) = match self {
            Self::Running { permits, run, .. } => {
                (permits.end(error), run.deadline(), run.is_whole())
            }
            Self::Preparing { permits, deadline, .. } => (permits.end(error), *deadline, false),
            // It has been counted.
            Self::Queued(queued) => {
                (error.is_some_and(Error::is_timeout), queued.deadline(), false)
            }
            Self::New | Self::Done => return,
        };
        if let Some(named) = named {
            named.ended(error.is_none(), deadline.elapsed());
        }
        // The time of the others is known to their connection.
        if took_time && (error.is_some() || !is_whole) {
            shared.took(kind(), deadline);
        }
    }

    /// Goes on once all is prepared.
    #[cold]
    pub(crate) fn poll_prepared(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Self::Preparing { preparing, .. } = self else { return Poll::Ready(Ok(())) };
        let prepared = ready!(preparing.as_mut().poll(context))?;
        if let Self::Preparing { permits, deadline, .. } = std::mem::replace(self, Self::Done) {
            permits.history().into_iter().for_each(|history| history.prepared());
            *self = Self::running_later(permits, deadline, prepared);
        }
        Poll::Ready(Ok(()))
    }
}
