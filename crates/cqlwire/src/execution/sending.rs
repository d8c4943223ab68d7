//! A statement on its way to its whole result, whoever has its values.
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

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_codec::{EncodeValues, StatementKind};
use cqlwire_net::Deadline;

use super::state::State;
use super::turn::{Permits, Turn, take_turn};
use crate::error::{Error, ErrorKind, Result};
use crate::history::{Beginning, Watched};
use crate::operation::{HostResponse, Options, Statement, StatementOperation};
use crate::prepare::{Asker, prepare};
use crate::prepared::PreparedStatement;
use crate::result::QueryResult;
use crate::shared::Shared;
use crate::speculation::Executions;

/// See the [module](self). The values are the same each time; they are apart, so that all of this is
/// there once for all types of values.
pub(super) struct Sending<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) statement: Statement<'a>,
    pub(super) options: Options<'a>,
    /// With its text, once that is prepared because values go with it.
    state: State<'a, Option<PreparedStatement>>,
}

impl<'a> Sending<'a> {
    #[inline]
    pub(super) const fn new(
        shared: &'a Arc<Shared>,
        statement: Statement<'a>,
        options: Options<'a>,
    ) -> Self {
        Self { shared, statement, options, state: State::New }
    }

    /// Goes on, until there is a result.
    pub(super) fn poll(
        &mut self,
        values: &dyn EncodeValues,
        context: &mut Context<'_>,
    ) -> Poll<Result<QueryResult>> {
        let response = match ready!(self.poll_response(values, context)) {
            Ok(response) => response,
            Err(error) => return Poll::Ready(Err(self.failed(error))),
        };
        if !response.is_whole() {
            return Poll::Ready(Err(self.no_result(response)));
        }
        let of = self.sent().kind_at_a_glance();
        // In the budget before it is outside: a session that is closed knows of all pages.
        let share = response.hold(&self.shared.budget);
        self.end(None);
        Poll::Ready(Ok(response.into_result(share, of)))
    }

    /// The statement as it is sent: prepared, if it was given as a text that is. What a prepared one
    /// does is known; of a text it has to be read.
    #[inline]
    fn sent(&self) -> Statement<'_> {
        match &self.state {
            State::Running { prepared: Some(prepared), .. } => Statement::Prepared(prepared),
            _ => self.statement,
        }
    }

    #[inline]
    fn end(&mut self, error: Option<&Error>) {
        let (shared, statement) = (self.shared, self.statement);
        self.state.end(shared, error, statement.named(), || statement.request_kind());
        self.state = State::Done;
    }

    #[cold]
    fn failed(&mut self, error: Error) -> Error {
        self.end(Some(&error));
        error
    }

    /// It has a response which is not its whole result.
    #[cold]
    fn no_result(&mut self, response: HostResponse) -> Error {
        let kind = response.not_whole();
        let error = match &mut self.state {
            State::Running { run, .. } => run.end(self.statement.kind(), kind),
            _ => kind.into(),
        };
        self.failed(error)
    }

    /// Lets it in and begins, if that has not been done.
    #[inline]
    fn begin(&mut self, values: &dyn EncodeValues) -> Result<()> {
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
                Turn::Now(permits) if self.is_ready(values) => {
                    let (run, prepared) = (Executions::new(deadline, permits.history()), None);
                    self.state = State::Running { permits, run, prepared };
                }
                Turn::Now(permits) => self.state = self.begun(values, permits, deadline),
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
    fn is_ready(&self, values: &dyn EncodeValues) -> bool {
        let pause = self.shared.timestamps.pause(|| self.statement.kind());
        pause.is_none() && self.text_to_prepare(values).is_none()
    }

    /// Begins once its turn has come.
    #[cold]
    fn poll_turn(
        &mut self,
        values: &dyn EncodeValues,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        let State::Queued(queued) = &mut self.state else { return Poll::Ready(Ok(())) };
        let (permits, deadline) = ready!(queued.poll(self.statement.kind(), context))?;
        self.state = self.begun(values, permits, deadline);
        Poll::Ready(Ok(()))
    }

    /// Its text is prepared first, and it waits if it has to.
    fn begun<'p>(
        &self,
        values: &dyn EncodeValues,
        permits: Permits<'p>,
        deadline: Deadline,
    ) -> State<'p, Option<PreparedStatement>> {
        let keyspace = &self.options.keyspace;
        let name = || keyspace.other().map(|name| &**name);
        let text = self.text_to_prepare(values);
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
    fn text_to_prepare(&self, values: &dyn EncodeValues) -> Option<&'a str> {
        match self.statement {
            Statement::Text(text) if !self.options.unprepared => {
                (!values.is_empty()).then_some(text)
            }
            _ => None,
        }
    }

    #[inline]
    fn poll_response(
        &mut self,
        values: &dyn EncodeValues,
        context: &mut Context<'_>,
    ) -> Poll<Result<HostResponse>> {
        if !matches!(self.state, State::Running { .. }) {
            ready!(self.poll_begun(values, context))?;
        }
        let State::Running { run, prepared, .. } = &mut self.state else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        let statement = prepared.as_ref().map_or(self.statement, Statement::Prepared);
        let operation = StatementOperation::new(statement, values, &self.options);
        run.poll(self.shared, &operation, true, context)
    }

    /// Lets it in and begins, as far as that has not been done.
    #[inline(never)]
    fn poll_begun(
        &mut self,
        values: &dyn EncodeValues,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        self.begin(values)?;
        if matches!(self.state, State::Queued(_)) {
            ready!(self.poll_turn(values, context))?;
        }
        if matches!(self.state, State::Preparing { .. }) {
            ready!(self.state.poll_prepared(context))?;
        }
        Poll::Ready(Ok(()))
    }
}
