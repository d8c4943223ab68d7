//! The future of a batch's result.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cqlwire_net::Deadline;

use super::BatchExecution;
use crate::error::Result;
use crate::execution::{Permits, State};
use crate::operation::{BatchOperation, Operation};
use crate::result::QueryResult;

impl BatchExecution<'_> {
    /// Lets it in and begins, if that has not been done.
    fn begin(&mut self) -> Result<()> {
        if matches!(self.state, State::New) {
            let timeout = self.options.profile.timeout;
            let permit = self.shared.admit(timeout)?;
            let deadline = Deadline::after(timeout);
            self.state = State::admitted(self.shared, permit, deadline, running);
        }
        Ok(())
    }

    fn poll_result(&mut self, context: &mut Context<'_>) -> Poll<Result<QueryResult>> {
        self.begin()?;
        let operation = BatchOperation {
            batch_type: self.batch_type,
            contents: self.contents,
            options: &self.options,
            max_bytes: self.shared.max_request_bytes,
        };
        if matches!(self.state, State::Queued { .. }) {
            let turn = ready!(self.state.poll_queued(operation.kind(), context))?;
            self.state = running(turn.0, turn.1);
        }
        let State::Running { run, .. } = &mut self.state else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        let response = ready!(run.poll(self.shared, &operation, true, context))?;
        let (fetched, change) =
            response.into_fetched().map_err(|kind| run.end(operation.kind(), kind))?;
        let page = fetched.into_page(&self.shared.budget);
        Poll::Ready(Ok(QueryResult::new(page, change, operation.kind())))
    }
}

const fn running(permits: Permits<'_>, deadline: Deadline) -> State<'_> {
    State::running(permits, deadline, None)
}

impl Future for BatchExecution<'_> {
    type Output = Result<QueryResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.poll_result(context);
        if polled.is_ready() {
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
