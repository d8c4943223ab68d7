//! How far an execution has got.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cqlwire_codec::StatementKind;
use cqlwire_net::Deadline;

use crate::attempt::Run;
use crate::error::{Error, Result};
use crate::gate::Permit;
use crate::limits::{Admitted, Limiter, RequestPermit, Waiting};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;

/// How far the future has got.
pub(crate) enum State<'a> {
    New,
    /// It waits for its turn in the session.
    Queued {
        permit: Permit<'a>,
        deadline: Deadline,
        waiting: Box<Waiting<&'a Limiter>>,
    },
    /// Its text is prepared first, since values go with it.
    Preparing {
        permits: Permits<'a>,
        deadline: Deadline,
        preparing: Preparing,
    },
    Running {
        _permits: Permits<'a>,
        run: Run,
        /// What its text was prepared to.
        prepared: Option<PreparedStatement>,
    },
    Done,
}

/// That it was let in, and that its request may be in flight, if there is a limit to that.
pub(crate) struct Permits<'a> {
    _request: Option<RequestPermit<&'a Limiter>>,
    _call: Permit<'a>,
}

impl<'a> State<'a> {
    /// Lets a call go on that was let in, now or once its turn has come; `begin` begins it.
    #[inline]
    pub(crate) fn admitted(
        shared: &'a Shared,
        permit: Permit<'a>,
        deadline: Deadline,
        begin: impl FnOnce(Permits<'a>, Deadline) -> Self,
    ) -> Self {
        match shared.limit.admit(deadline, &shared.runtime) {
            Admitted::Now(request) => begin(Permits { _request: request, _call: permit }, deadline),
            Admitted::Later(waiting) => Self::Queued { permit, deadline, waiting },
        }
    }

    /// It has all it needs, and a statement that its text was prepared to, if it was.
    #[inline]
    pub(crate) const fn running(
        permits: Permits<'a>,
        deadline: Deadline,
        prepared: Option<PreparedStatement>,
    ) -> Self {
        Self::Running { _permits: permits, run: Run::new(deadline), prepared }
    }

    /// Waits for its turn.
    #[cold]
    pub(crate) fn poll_queued(
        &mut self,
        of: StatementKind,
        context: &mut Context<'_>,
    ) -> Poll<Result<(Permits<'a>, Deadline)>> {
        let Self::Queued { waiting, .. } = self else { return Poll::Pending };
        let turn = ready!(Pin::new(waiting).poll(context));
        let Self::Queued { permit, deadline, .. } = std::mem::replace(self, Self::Done) else {
            return Poll::Pending;
        };
        let ended = |kind| Error::after(kind, of, Vec::new(), Some(deadline.elapsed()));
        let request = Some(turn.map_err(ended)?);
        Poll::Ready(Ok((Permits { _request: request, _call: permit }, deadline)))
    }
}

/// The statement of a text on its way.
pub(crate) type Preparing = Pin<Box<dyn Future<Output = Result<PreparedStatement>> + Send>>;
