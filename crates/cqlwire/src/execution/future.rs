//! The future of a whole result. `sending` has all of it but the values.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Execution;
use crate::error::Result;
use crate::result::QueryResult;

/// Nothing in it is ever pinned.
impl<V> Unpin for Execution<'_, V> {}

impl<V> Future for Execution<'_, V> {
    type Output = Result<QueryResult>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { sending, values, as_values } = &mut *self;
        sending.poll(as_values(values), context)
    }
}

impl<V> fmt::Debug for Execution<'_, V> {
    /// Without its values: they are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("statement", &self.sending.statement)
            .field("options", &self.sending.options)
            .finish_non_exhaustive()
    }
}
