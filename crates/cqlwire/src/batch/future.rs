//! The future of a batch's result.
//!
//! ```text
//!   new --first poll: let in, sent--> running --response, or the error--> done
//!    |                                   ^
//!    +--> preparing (texts with values) -+
//!    |            ^                      |
//!    +--> queued (a limit is reached) ---+
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use cqlwire_codec::StatementKind;
use cqlwire_net::{Deadline, RequestKind};

use super::execution::BatchExecution;
use crate::error::Result;
use crate::execution::{Permits, State, Turn, take_turn};
use crate::operation::BatchOperation;
use crate::prepare::prepare;
use crate::prepared::PreparedStatement;
use crate::result::QueryResult;
use crate::shared::Shared;

/// Prepares texts, one after the other: those that the session has cost nothing.
async fn prepare_all(
    shared: Arc<Shared>,
    texts: Vec<Arc<str>>,
    deadline: Deadline,
    attempt_timeout: Option<Duration>,
) -> Result<Vec<PreparedStatement>> {
    let mut statements = Vec::with_capacity(texts.len());
    for text in texts {
        statements.push(prepare(Arc::clone(&shared), text, deadline, attempt_timeout).await?);
    }
    Ok(statements)
}

impl BatchExecution<'_> {
    /// Lets it in and begins, if that has not been done.
    fn begin(&mut self) -> Result<()> {
        if matches!(self.state, State::New) {
            let timeout = self.options.profile.timeout;
            let call = self.shared.admit(timeout)?;
            let deadline = Deadline::after(timeout);
            self.state = match take_turn(self.shared, call, deadline) {
                Turn::Now(permits) => self.begun(permits, deadline),
                Turn::Later(queued) => State::Queued(queued),
            };
        }
        Ok(())
    }

    /// Begins once its turn has come.
    fn poll_turn(&mut self, of: StatementKind, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let State::Queued(queued) = &mut self.state {
            let (permits, deadline) = ready!(queued.poll(of, context))?;
            self.state = self.begun(permits, deadline);
        }
        Poll::Ready(Ok(()))
    }

    fn begun<'p>(
        &self,
        permits: Permits<'p>,
        deadline: Deadline,
    ) -> State<'p, Vec<PreparedStatement>> {
        let texts: Vec<_> = self.contents.texts().cloned().collect();
        if texts.is_empty() {
            return State::running(permits, deadline, Vec::new());
        }
        let (shared, of_attempt) = (Arc::clone(self.shared), self.options.profile.attempt_timeout);
        let preparing = Box::pin(prepare_all(shared, texts, deadline, of_attempt));
        State::Preparing { permits, deadline, preparing }
    }

    fn poll_result(&mut self, context: &mut Context<'_>) -> Poll<Result<QueryResult>> {
        self.begin()?;
        let of = self.contents.kind(self.batch_type);
        ready!(self.poll_turn(of, context))?;
        if matches!(self.state, State::Preparing { .. }) {
            ready!(self.state.poll_prepared(context))?;
        }
        let State::Running { run, prepared: texts, .. } = &mut self.state else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        let operation = BatchOperation {
            batch_type: self.batch_type,
            contents: self.contents,
            options: &self.options,
            texts,
            max_bytes: self.shared.max_request_bytes,
            consistency: None,
        };
        let response = ready!(run.poll(self.shared, &operation, true, context))?;
        let (fetched, change) = response.into_fetched().map_err(|kind| run.end(of, kind))?;
        let page = fetched.into_page(&self.shared.budget);
        Poll::Ready(Ok(QueryResult::new(page, change, of)))
    }
}

impl Future for BatchExecution<'_> {
    type Output = Result<QueryResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.poll_result(context);
        if let Poll::Ready(result) = &polled {
            let shared = self.shared;
            self.state.end(shared, result.as_ref().err(), None, || RequestKind::Batch);
            self.state = State::Done;
        }
        polled
    }
}

impl fmt::Debug for BatchExecution<'_> {
    /// Without its values: they are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchExecution")
            .field("type", &self.batch_type)
            .field("statements", &self.contents.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
