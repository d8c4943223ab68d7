//! A batch on its way to its result, whoever has what is in it.
//!
//! ```text
//!   new --first poll: let in, sent--> running --response, or the error--> done
//!    |                                   ^
//!    +--> preparing (texts with values) -+
//!    |            ^                      |
//!    +--> queued (a limit is reached) ---+
//! ```

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_codec::{BatchType, StatementKind};
use cqlwire_net::{Deadline, RequestKind};

use super::Contents;
use crate::cql::Outline;
use crate::error::{Error, ErrorKind, Result};
use crate::execution::{Permits, State, Turn, take_turn};
use crate::history::{Beginning, Watched};
use crate::operation::{BatchOperation, HostResponse, Options};
use crate::prepare::{Asker, prepare};
use crate::prepared::PreparedStatement;
use crate::result::QueryResult;
use crate::shared::Shared;

/// Prepares texts, one after the other: those that the session has cost nothing.
async fn prepare_all(
    shared: Arc<Shared>,
    texts: Vec<Arc<str>>,
    asker: Asker,
) -> Result<Vec<PreparedStatement>> {
    let mut statements = Vec::with_capacity(texts.len());
    for text in texts {
        statements.push(prepare(Arc::clone(&shared), text, asker.clone()).await?);
    }
    Ok(statements)
}

/// See the [module](self). The contents are the same each time.
pub(crate) struct Sending<'a> {
    pub(super) shared: &'a Arc<Shared>,
    pub(super) batch_type: BatchType,
    pub(super) options: Options<'a>,
    /// With its texts that have values, once they are prepared.
    state: State<'a, Vec<PreparedStatement>>,
}

impl<'a> Sending<'a> {
    pub(super) const fn new(
        shared: &'a Arc<Shared>,
        batch_type: BatchType,
        options: Options<'a>,
    ) -> Self {
        Self { shared, batch_type, options, state: State::New }
    }

    /// Goes on, until there is a result.
    pub(super) fn poll(
        &mut self,
        contents: &Contents,
        context: &mut Context<'_>,
    ) -> Poll<Result<QueryResult>> {
        match ready!(self.poll_response(contents, context)) {
            Ok(response) => {
                let of = contents.kind(self.batch_type);
                // In the budget before it is outside: a session that is closed knows of all pages.
                let share = response.hold(&self.shared.budget);
                self.end(None);
                Poll::Ready(Ok(response.into_result(share, of)))
            }
            Err(error) => {
                self.end(Some(&error));
                Poll::Ready(Err(error))
            }
        }
    }

    fn end(&mut self, error: Option<&Error>) {
        self.state.end(self.shared, error, None, || RequestKind::Batch);
        self.state = State::Done;
    }

    /// Lets it in and begins, if that has not been done.
    fn begin(&mut self, contents: &Contents) -> Result<()> {
        if matches!(self.state, State::New) {
            let timeout = self.options.settings.timeout;
            let mut call = self.shared.admit(timeout)?;
            if self.shared.is_watched() {
                call.watch(self.watched(contents));
            }
            self.make_ready(contents).map_err(|kind| call.refused(kind))?;
            let deadline = Deadline::after(timeout);
            self.state = match take_turn(self.shared, call, deadline) {
                Turn::Now(permits) => self.begun(contents, permits, deadline),
                Turn::Later(queued) => State::Queued(queued),
            };
        }
        Ok(())
    }

    #[cold]
    fn watched(&mut self, contents: &Contents) -> Box<Watched> {
        let (kind, outline) = (RequestKind::Batch, Arc::new(Outline::of_batch()));
        let beginning = Beginning::of(kind, outline, &self.options, false);
        let batch_size = Some(contents.len());
        let beginning = Beginning { batch_size, page_size: None, ..beginning };
        let mut watched = self.shared.watch(&beginning);
        self.options.set_traced_payload(watched.take_payload());
        watched
    }

    /// Is it one that can be begun? Then it has its write time from now on.
    fn make_ready(&mut self, contents: &Contents) -> Result<(), ErrorKind> {
        contents.check_origin(self.options.keyspace.origin())?;
        let timestamps = &self.shared.timestamps;
        if self.options.lacks_time(timestamps, || contents.kind(self.batch_type)) {
            self.options.timestamp_micros = self.options.draw_time(timestamps)?;
        }
        Ok(())
    }

    /// Begins once its turn has come.
    fn poll_turn(
        &mut self,
        contents: &Contents,
        of: StatementKind,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        if let State::Queued(queued) = &mut self.state {
            let (permits, deadline) = ready!(queued.poll(of, context))?;
            self.state = self.begun(contents, permits, deadline);
        }
        Poll::Ready(Ok(()))
    }

    fn begun<'p>(
        &self,
        contents: &Contents,
        permits: Permits<'p>,
        deadline: Deadline,
    ) -> State<'p, Vec<PreparedStatement>> {
        let texts: Vec<_> = contents.texts().cloned().collect();
        let pause = self.shared.pause(|| contents.kind(self.batch_type));
        if texts.is_empty() && pause.is_none() {
            return State::running(permits, deadline, Vec::new());
        }
        let asker = Asker::of(&self.options, deadline);
        let shared = Arc::clone(self.shared);
        let preparing = Box::pin(async move {
            if let Some(pause) = pause {
                pause.await;
            }
            prepare_all(shared, texts, asker).await
        });
        State::Preparing { permits, deadline, preparing }
    }

    fn poll_response(
        &mut self,
        contents: &Contents,
        context: &mut Context<'_>,
    ) -> Poll<Result<HostResponse>> {
        self.begin(contents)?;
        let of = contents.kind(self.batch_type);
        ready!(self.poll_turn(contents, of, context))?;
        if matches!(self.state, State::Preparing { .. }) {
            ready!(self.state.poll_prepared(context))?;
        }
        let State::Running { run, prepared: texts, .. } = &mut self.state else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        let operation = BatchOperation {
            batch_type: self.batch_type,
            contents,
            options: &self.options,
            texts,
            max_bytes: self.shared.max_request_bytes,
            consistency: None,
        };
        let response = ready!(run.poll(self.shared, &operation, true, context))?;
        if response.is_result() {
            return Poll::Ready(Ok(response));
        }
        Poll::Ready(Err(run.end(of, response.not_whole())))
    }
}
