//! A call that was let in, and its turn in the session, if there is a limit to how many requests are
//! in flight.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_codec::StatementKind;
use cqlwire_net::Deadline;

use crate::error::{Error, Result};
use crate::history::History;
use crate::limits::{Admitted, Limiter, RequestPermit, Waiting};
use crate::shared::{Call, Shared};

/// That it was let in, and that its request may be in flight.
pub(crate) struct Permits<'a> {
    _request: Option<RequestPermit<&'a Limiter>>,
    call: Call<'a>,
}

impl Permits<'_> {
    /// It has its outcome: says whether it is one of those that took their time.
    #[inline]
    pub(crate) fn end(&mut self, error: Option<&Error>) -> bool {
        self.call.tell(error);
        self.call.end(error.map(Error::kind))
    }

    /// Where it is written down what happens to its request, if that is.
    #[inline]
    pub(crate) fn history(&self) -> Option<Arc<History>> {
        self.call.history()
    }
}

/// Whether its turn has come.
pub(crate) enum Turn<'a> {
    Now(Permits<'a>),
    Later(Queued<'a>),
}

/// It waits for its turn.
pub(crate) struct Queued<'a> {
    waiting: Box<Waiting<&'a Limiter>>,
    /// Gone once its turn has come.
    call: Option<Call<'a>>,
    deadline: Deadline,
}

/// Takes the turn of a call that was let in, or has it wait for that.
#[inline]
pub(crate) fn take_turn<'a>(shared: &'a Shared, call: Call<'a>, deadline: Deadline) -> Turn<'a> {
    match shared.limit.admit(deadline, &shared.runtime) {
        Admitted::Now(request) => Turn::Now(Permits { _request: request, call }),
        Admitted::Later(waiting) => Turn::Later(Queued { waiting, call: Some(call), deadline }),
    }
}

impl<'a> Queued<'a> {
    pub(crate) const fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Waits for its turn: gives what it may go on with, and until when.
    #[cold]
    pub(crate) fn poll(
        &mut self,
        of: StatementKind,
        context: &mut Context<'_>,
    ) -> Poll<Result<(Permits<'a>, Deadline)>> {
        let turn = ready!(Pin::new(&mut self.waiting).poll(context));
        let Some(mut call) = self.call.take() else { return Poll::Pending };
        let deadline = self.deadline;
        let request = turn.map_err(|kind| {
            call.end(Some(&kind));
            let error = Error::after(kind, of, Vec::new(), Some(deadline.elapsed()));
            call.tell(Some(&error));
            error
        })?;
        call.history().into_iter().for_each(|history| history.turn());
        Poll::Ready(Ok((Permits { _request: Some(request), call }, deadline)))
    }
}
