//! The future of a whole result.
//!
//! ```text
//!   new --first poll: let in, sent--> running --response, or the error--> done
//!    |                                   ^
//!    +--> preparing (a text with values) +
//!    |            ^                      |
//!    +--> queued (a limit is reached) ---+
//! ```
//!
//! A text with values is prepared before that, unless the session has it: see `prepare`. So is, in a
//! way, a conditional statement that follows a write of the same millisecond: it waits for the next
//! (`timestamps/session.rs`).
//!
//! All of it is a state of the future itself: that the first attempt is the last one, as nearly
//! always, costs no allocation.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_codec::StatementKind;
use cqlwire_net::Deadline;

use super::Execution;
use super::state::State;
use super::turn::{Permits, Turn, take_turn};
use crate::error::{ErrorKind, Result};
use crate::history::{Beginning, Watched};
use crate::operation::{Statement, StatementOperation};
use crate::prepare::{Asker, prepare};
use crate::prepared::PreparedStatement;
use crate::result::QueryResult;
use crate::speculation::Executions;

/// Nothing in it is ever pinned.
impl<V> Unpin for Execution<'_, V> {}

impl<V> Execution<'_, V> {
    /// Lets it in and begins, if that has not been done.
    #[inline]
    fn begin(&mut self) -> Result<()> {
        if matches!(self.state, State::New) {
            let timeout = self.options.settings.timeout;
            let mut call = self.shared.admit(timeout)?;
            if self.shared.is_watched() || self.options.asked().is_some() {
                call.watch(self.watched());
            }
            self.make_ready().map_err(|kind| call.refused(kind))?;
            let deadline = Deadline::after(timeout);
            match take_turn(self.shared, call, deadline) {
                // Made where it stays: it is large.
                Turn::Now(permits) if self.is_ready() => {
                    let (run, prepared) = (Executions::new(deadline, permits.history()), None);
                    self.state = State::Running { permits, run, prepared };
                }
                Turn::Now(permits) => self.state = self.begun(permits, deadline),
                Turn::Later(queued) => self.state = State::Queued(queued),
            }
        }
        Ok(())
    }

    #[cold]
    fn watched(&mut self) -> Box<Watched> {
        let only_reads = self.statement.kind_at_a_glance() == StatementKind::Read;
        let (kind, outline) = (self.statement.request_kind(), self.statement.outline());
        let mut watched =
            self.shared.watch(&Beginning::of(kind, outline, &self.options, only_reads));
        self.options.set_traced_payload(watched.take_payload());
        watched
    }

    /// Is it one that can be begun? Then it has its write time from now on.
    #[inline]
    fn make_ready(&mut self) -> Result<(), ErrorKind> {
        self.statement.check_origin(self.options.keyspace.origin())?;
        let timestamps = &self.shared.timestamps;
        if self.options.lacks_time(timestamps, || self.statement.kind()) {
            self.options.timestamp_micros = self.options.draw_time(timestamps)?;
        }
        Ok(())
    }

    /// Is there nothing to wait for before it is sent?
    #[inline]
    fn is_ready(&self) -> bool {
        let pause = self.shared.timestamps.pause(|| self.statement.kind());
        pause.is_none() && self.text_to_prepare().is_none()
    }

    /// Begins once its turn has come.
    #[cold]
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let State::Queued(queued) = &mut self.state else { return Poll::Ready(Ok(())) };
        let (permits, deadline) = ready!(queued.poll(self.statement.kind(), context))?;
        self.state = self.begun(permits, deadline);
        Poll::Ready(Ok(()))
    }

    /// Its text is prepared first, and it waits if it has to.
    fn begun<'p>(
        &self,
        permits: Permits<'p>,
        deadline: Deadline,
    ) -> State<'p, Option<PreparedStatement>> {
        let keyspace = &self.options.keyspace;
        let name = || keyspace.other().map(|name| &**name);
        let text = self.text_to_prepare();
        let found = text.and_then(|text| self.shared.statements.find(name(), text));
        if found.is_some() {
            permits.history().into_iter().for_each(|history| history.known());
        }
        let to_prepare = text.filter(|_| found.is_none()).map(|text| {
            let asker = Asker::of(&self.options, deadline);
            prepare(Arc::clone(self.shared), text.into(), asker)
        });
        let pause = self.shared.pause(|| self.statement.kind());
        if pause.is_none() && to_prepare.is_none() {
            return State::running(permits, deadline, found);
        }
        let preparing = Box::pin(async move {
            if let Some(pause) = pause {
                pause.await;
            }
            match to_prepare {
                None => Ok(found),
                Some(preparing) => preparing.await.map(Some),
            }
        });
        State::Preparing { permits, deadline, preparing }
    }

    /// Its text, if it has to be a prepared statement: its values are nothing without bind markers.
    fn text_to_prepare(&self) -> Option<&str> {
        match self.statement {
            Statement::Text(text) if !self.options.unprepared => {
                let has_values = !(self.as_values)(&self.values).is_empty();
                has_values.then_some(text)
            }
            _ => None,
        }
    }

    fn poll_result(&mut self, context: &mut Context<'_>) -> Poll<Result<QueryResult>> {
        self.begin()?;
        if matches!(self.state, State::Queued(_)) {
            ready!(self.poll_turn(context))?;
        }
        if matches!(self.state, State::Preparing { .. }) {
            ready!(self.state.poll_prepared(context))?;
        }
        let State::Running { run, prepared, .. } = &mut self.state else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        let statement = prepared.as_ref().map_or(self.statement, Statement::Prepared);
        let values = (self.as_values)(&self.values);
        let operation = StatementOperation::new(statement, values, &self.options);
        let response = ready!(run.poll(self.shared, &operation, true, context))?;
        let (fetched, change) =
            response.into_fetched().map_err(|kind| run.end(self.statement.kind(), kind))?;
        let of = self.statement.kind_at_a_glance();
        let result = QueryResult::new(fetched.into_page(&self.shared.budget), change, of);
        if result.page().paging_state().is_some() {
            let rows = u32::try_from(result.row_count()).unwrap_or(u32::MAX);
            return Poll::Ready(Err(run.end(self.statement.kind(), ErrorKind::MorePages { rows })));
        }
        Poll::Ready(Ok(result))
    }
}

impl<V> Future for Execution<'_, V> {
    type Output = Result<QueryResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.poll_result(context);
        if let Poll::Ready(result) = &polled {
            let (shared, statement) = (self.shared, self.statement);
            let (error, named) = (result.as_ref().err(), statement.named());
            self.state.end(shared, error, named, || statement.request_kind());
            self.state = State::Done;
        }
        polled
    }
}

impl<V> fmt::Debug for Execution<'_, V> {
    /// Without its values: they are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("statement", &self.statement)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
