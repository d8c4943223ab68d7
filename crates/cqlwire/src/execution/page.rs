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
use std::task::{Context, Poll, Waker, ready};

use cqlwire_net::{Deadline, RequestKind};
use cqlwire_stream::{Fetched, Position};

use super::request::PageRequest;
use super::state::Preparing;
use crate::error::{Error, ErrorKind, Result};
use crate::history::Watched;
use crate::limits::PageTurn;
use crate::metrics::Counted;
use crate::operation::PageRange;
use crate::prepare::prepare;
use crate::prepared::PreparedStatement;
use crate::shared::CountersOf;
use crate::speculation::Executions;
use crate::timed::Timed;

/// One page of a stream on its way: the future of a [`StatementSource`](super::StatementSource).
///
/// It holds no place in the session while nobody polls it: a session closes without waiting for
/// streams that are not read.
#[must_use = "a page is not asked for until this is polled"]
pub struct PageFetch {
    request: Result<Arc<PageRequest>>,
    from: Position,
    most_rows: Option<NonZeroU32>,
    /// What it counts as, once it was begun.
    counted: Option<Counted<CountersOf>>,
    /// What happens to it, if anybody would like to know.
    watched: Option<Box<Watched>>,
    /// What it waits for before it is sent, if it has to.
    pause: Option<Timed<()>>,
    /// The statement of its text on its way.
    preparing: Option<Preparing<PreparedStatement>>,
    /// Its permit, if the session has a limit.
    turn: PageTurn,
    run: Option<Executions>,
    /// Until when it has time, once a reader waits for it.
    awaited_until: Option<Deadline>,
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
            counted: None,
            watched: None,
            pause: None,
            preparing: None,
            turn: PageTurn::New,
            run: None,
            awaited_until: None,
        }
    }

    /// A reader waits for it from now on.
    pub(super) fn awaited(&mut self) {
        if let (Ok(request), None) = (&self.request, self.awaited_until) {
            let deadline = request.deadline();
            self.awaited_until = Some(deadline);
            if let Some(run) = &mut self.run {
                run.set_deadline(deadline);
            }
        }
    }

    /// It counts as a request from its first poll on.
    fn begin(&mut self) {
        if let (Ok(request), None) = (&self.request, &self.counted) {
            self.counted = Some(request.shared().begin());
            if request.shared().is_watched() {
                self.watched = Some(request.watched());
            }
            self.pause = request.shared().pause(|| request.kind());
        }
    }

    /// It has this outcome.
    fn end(&mut self, error: Option<&Error>) {
        self.turn.end();
        if let Some(mut watched) = self.watched.take() {
            watched.end(error);
        }
        let (Ok(request), Some(mut counted)) = (&self.request, self.counted.take()) else { return };
        let took_time = counted.end(error.map(Error::kind));
        let (deadline, is_whole) = match (&self.run, self.awaited_until) {
            (Some(run), _) => (run.deadline(), run.is_whole()),
            // It has failed before a host was chosen: in its turn, or preparing its text.
            (None, Some(deadline)) if took_time => (deadline, false),
            (None, None) if took_time => (request.deadline(), false),
            (None, _) => return,
        };
        if let Some(named) = request.named() {
            named.ended(error.is_none(), deadline.elapsed());
        }
        if took_time && (error.is_some() || !is_whole) {
            request.shared().took(RequestKind::Page, deadline);
        }
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Result<Fetched>> {
        self.begin();
        match ready!(self.poll_turn(context))? {
            None => self.poll_response(context),
            Some(waker) => self.poll_response(&mut Context::from_waker(&waker)),
        }
    }

    /// Waits for its turn in the session, if there is a limit, and gives the waker to go on with.
    #[inline]
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Waker>>> {
        let Ok(request) = &self.request else { return Poll::Ready(Ok(None)) };
        let shared = request.shared();
        let Some(limiter) = shared.limit.limiter() else { return Poll::Ready(Ok(None)) };
        // What was asked for before the session was closed is waited for.
        if self.run.is_none() && shared.is_closed() {
            return Poll::Ready(Ok(None));
        }
        let deadline = self.awaited_until.unwrap_or_else(|| request.deadline());
        let (is_awaited, home) = (self.awaited_until.is_some(), &shared.runtime);
        let turn = ready!(self.turn.poll(limiter, deadline, is_awaited, home, context));
        let not_begun =
            |kind| Error::after(kind, request.kind(), Vec::new(), Some(deadline.elapsed()));
        Poll::Ready(turn.map(Some).map_err(not_begun))
    }

    fn poll_response(&mut self, context: &mut Context<'_>) -> Poll<Result<Fetched>> {
        let request = match &self.request {
            Ok(request) => request,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        let shared = request.shared();
        let permit = shared.step_in();
        if self.run.is_none() && permit.is_none() {
            return Poll::Ready(Err(ErrorKind::SessionClosed.into()));
        }
        let deadline = self.awaited_until.unwrap_or_else(|| request.deadline());
        if self.run.is_none() {
            request.draw_time()?;
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            ready!(poll_prepared(request, &mut self.preparing, deadline, context))?;
        }
        let history = || self.watched.as_ref().map(|watched| watched.history());
        let run = self.run.get_or_insert_with(|| Executions::new(deadline, history()));
        if self.awaited_until.is_none() {
            run.set_deadline(deadline);
        }
        let traced_payload = self.watched.as_ref().and_then(|watched| watched.payload());
        let range = PageRange { from: &self.from, most_rows: self.most_rows, traced_payload };
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
    preparing: &mut Option<Preparing<PreparedStatement>>,
    deadline: Deadline,
    context: &mut Context<'_>,
) -> Poll<Result<()>> {
    let Some(text) = request.text_to_prepare() else { return Poll::Ready(Ok(())) };
    let begin = || {
        let (shared, asker) = (Arc::clone(request.shared()), request.asker(deadline));
        Box::pin(prepare(shared, Arc::clone(text), asker))
    };
    let polled = preparing.get_or_insert_with(|| begin() as Preparing<_>).as_mut().poll(context);
    let prepared = ready!(polled);
    *preparing = None;
    request.set_prepared(prepared?);
    Poll::Ready(Ok(()))
}

impl Future for PageFetch {
    type Output = Result<Fetched, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let page = ready!(self.poll_page(context));
        self.end(page.as_ref().err());
        Poll::Ready(page.map_err(|error| error.resuming_at(self.from.clone())))
    }
}

impl fmt::Debug for PageFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageFetch").field("from", &self.from).finish_non_exhaustive()
    }
}
