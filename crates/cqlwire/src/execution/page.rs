//! One page of a stream on its way.
//!
//! A page may be asked for ahead of its reader, who comes when it likes. Nobody looks at its response
//! until then, so the time that passes is not the servers': what is left to do when the reader comes
//! (another host, preparing again) has its time from then on.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_net::Deadline;
use cqlwire_stream::{Fetched, Position};

use super::request::PageRequest;
use super::state::Preparing;
use crate::error::{Error, ErrorKind, Result};
use crate::operation::PageRange;
use crate::prepare::prepare;
use crate::speculation::Executions;

/// One page of a stream on its way: the future of a [`StatementSource`](super::StatementSource).
///
/// It holds no place in the session while nobody polls it: a session closes without waiting for
/// streams that are not read.
#[must_use = "a page is not asked for until this is polled"]
pub struct PageFetch {
    request: Result<Arc<PageRequest>>,
    from: Position,
    most_rows: Option<NonZeroU32>,
    /// The statement of its text on its way.
    preparing: Option<Preparing>,
    run: Option<Executions>,
    /// Until when it has to be there, counted from its first poll: preparing has a part of it.
    deadline: Option<Deadline>,
    is_awaited: bool,
}

impl PageFetch {
    pub(super) const fn new(
        request: Result<Arc<PageRequest>>,
        from: Position,
        most_rows: Option<NonZeroU32>,
    ) -> Self {
        Self {
            request,
            from,
            most_rows,
            preparing: None,
            run: None,
            deadline: None,
            is_awaited: false,
        }
    }

    /// A reader waits for it from now on.
    pub(super) fn awaited(&mut self) {
        if std::mem::replace(&mut self.is_awaited, true) {
            return;
        }
        self.deadline = None;
        if let (Ok(request), Some(run)) = (&self.request, &mut self.run) {
            run.set_deadline(request.deadline());
        }
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<Fetched>> {
        let request = match &self.request {
            Ok(request) => request,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        let shared = request.shared();
        let permit = shared.step_in();
        let deadline = *self.deadline.get_or_insert_with(|| request.deadline());
        if self.run.is_none() {
            if permit.is_none() {
                return Poll::Ready(Err(ErrorKind::SessionClosed.into()));
            }
            ready!(poll_prepared(request, deadline, &mut self.preparing, context))?;
            shared.begin();
        }
        let run = self.run.get_or_insert_with(|| Executions::new(deadline));
        if !self.is_awaited {
            run.set_deadline(request.deadline());
        }
        let range = PageRange { from: &self.from, most_rows: self.most_rows };
        let polled = run.poll(shared, &request.operation(range), permit.is_some(), context);
        let response = ready!(polled)?;
        if self.from.paging_state().is_some() && !response.is_rows() {
            let kind = ErrorKind::UnexpectedResponse(response.opcode());
            return Poll::Ready(Err(run.end(request.kind(), kind)));
        }
        let fetched = response.into_fetched().map_err(|kind| run.end(request.kind(), kind));
        Poll::Ready(fetched.map(|(fetched, _)| fetched))
    }
}

/// Goes on once the text of the statement is prepared.
#[inline]
fn poll_prepared(
    request: &PageRequest,
    deadline: Deadline,
    preparing: &mut Option<Preparing>,
    context: &mut Context<'_>,
) -> Poll<Result<()>> {
    let Some(text) = request.text_to_prepare() else { return Poll::Ready(Ok(())) };
    let begin = || {
        let attempt_timeout = request.attempt_timeout();
        Box::pin(prepare(Arc::clone(request.shared()), Arc::clone(text), deadline, attempt_timeout))
    };
    let polled = preparing.get_or_insert_with(|| begin() as Preparing).as_mut().poll(context);
    let prepared = ready!(polled);
    *preparing = None;
    request.set_prepared(prepared?);
    Poll::Ready(Ok(()))
}

impl Future for PageFetch {
    type Output = Result<Fetched, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let page = ready!(self.poll_page(context));
        Poll::Ready(page.map_err(|error| error.resuming_at(self.from.clone())))
    }
}

impl fmt::Debug for PageFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageFetch").field("from", &self.from).finish_non_exhaustive()
    }
}
