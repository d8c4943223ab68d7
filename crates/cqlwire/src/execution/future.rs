//! The future of a whole result.
//!
//! ```text
//!   new --first poll: let in, sent--> running --response, or the error--> done
//! ```
//!
//! All of it is a state of the future itself: that the first attempt is the last one, as nearly
//! always, costs no allocation.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cqlwire_net::Deadline;

use super::Execution;
use super::state::State;
use crate::attempt::Run;
use crate::error::{ErrorKind, Result};
use crate::operation::{HostResponse, StatementOperation};
use crate::result::QueryResult;

/// Nothing in it is ever pinned.
impl<V> Unpin for Execution<'_, V> {}

impl<V> Execution<'_, V> {
    /// Lets it in and begins, if that has not been done.
    fn begin(&mut self) -> Result<()> {
        if matches!(self.state, State::New) {
            let timeout = self.options.profile.timeout;
            let permit = self.shared.admit(timeout)?;
            self.statement.check_origin(&self.shared.origin)?;
            let run = Run::new(Deadline::after(timeout));
            self.state = State::Running { _permit: permit, run };
        }
        Ok(())
    }

    fn finish(&mut self, response: HostResponse) -> Result<QueryResult> {
        let State::Running { run, .. } = &mut self.state else {
            return Err(ErrorKind::SessionClosed.into());
        };
        let (fetched, change) =
            response.into_fetched().map_err(|kind| run.end(self.statement.kind(), kind))?;
        let page = fetched.into_page(&self.shared.budget);
        if page.paging_state().is_some() {
            let rows = u32::try_from(page.len()).unwrap_or(u32::MAX);
            return Err(run.end(self.statement.kind(), ErrorKind::MorePages { rows }));
        }
        Ok(QueryResult::new(page, change, self.statement.kind_at_a_glance()))
    }
}

impl<V> Future for Execution<'_, V> {
    type Output = Result<QueryResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Err(error) = this.begin() {
            this.state = State::Done;
            return Poll::Ready(Err(error));
        }
        let State::Running { run, .. } = &mut this.state else {
            debug_assert!(false, "polled after it had resolved");
            return Poll::Pending;
        };
        let operation = StatementOperation {
            statement: this.statement,
            values: (this.as_values)(&this.values),
            options: &this.options,
            page: None,
        };
        let result = match ready!(run.poll(this.shared, &operation, true, context)) {
            Ok(response) => this.finish(response),
            Err(error) => Err(error),
        };
        this.state = State::Done;
        Poll::Ready(result)
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
