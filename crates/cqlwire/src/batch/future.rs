//! The future of a batch's result.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::execution::BatchExecution;
use crate::error::Result;
use crate::result::QueryResult;

impl Future for BatchExecution<'_> {
    type Output = Result<QueryResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { contents, sending } = &mut *self;
        sending.poll(contents, context)
    }
}

impl fmt::Debug for BatchExecution<'_> {
    /// Without its values: they are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchExecution")
            .field("type", &self.sending.batch_type)
            .field("statements", &self.contents.len())
            .field("options", &self.sending.options)
            .finish_non_exhaustive()
    }
}
