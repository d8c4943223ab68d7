//! Pages and rows, as iterators.

use std::fmt;
use std::future::poll_fn;
use std::iter::FusedIterator;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use cqlwire_stream::StreamRow;
use futures_util::stream::Stream;

use super::park::wait;
use crate::error::{Error, Result};
use crate::execution::{self, RowStream};
use crate::shared::Shared;

/// The pages of a result, in order; rows borrow from their page.
pub type Pages = Iter<execution::Pages>;
/// The rows of a result, in order, each owning what it holds.
pub type Rows<T> = Iter<RowStream<T>>;

/// What comes of a stream of pages or rows, one after the other: [`next`](Iterator::next) waits for it.
///
/// Rows that came are given out before the error of the page that did not; then the error, once; then
/// the end, for ever. The next page is asked for while this one is read, as of the async stream, whose
/// position and figures are had by the same methods.
///
/// Dropped in the middle, it abandons the page that is on its way, and leaves nothing behind. It may be
/// moved to another thread, and outlives the session.
#[must_use = "nothing is asked for until `next` is called"]
pub struct Iter<S> {
    stream: S,
    shared: Arc<Shared>,
    /// Nobody serves it any more, and that has been said.
    is_given_up: bool,
}

impl<S> Iter<S> {
    pub(super) const fn new(stream: S, shared: Arc<Shared>) -> Self {
        Self { stream, shared, is_given_up: false }
    }
}

impl<T: StreamRow> Rows<T> {
    /// All rows that are left, `limit` at most.
    ///
    /// # Errors
    ///
    /// As of [`next`](Iterator::next), and [`TooManyRows`](crate::ErrorKind::TooManyRows) if there are more.
    pub fn try_collect(mut self, limit: usize) -> Result<Vec<T>> {
        let rows = self.by_ref().take(limit).collect::<Result<Vec<T>>>()?;
        match self.next().transpose()? {
            None => Ok(rows),
            Some(_) => Err(crate::ErrorKind::TooManyRows { limit }.into()),
        }
    }
}

/// Where it stands, and its figures.
impl<S> Deref for Iter<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.stream
    }
}

impl<S, T> Iterator for Iter<S>
where
    S: Stream<Item = Result<T>> + Unpin,
{
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_given_up {
            return None;
        }
        let next = poll_fn(|context| Pin::new(&mut self.stream).poll_next(context));
        // Each page has a deadline of its own.
        wait(&self.shared, None, next).unwrap_or_else(|why| {
            self.is_given_up = true;
            Some(Err(why.into()))
        })
    }
}

impl<S, T> FusedIterator for Iter<S> where S: Stream<Item = Result<T>> + Unpin {}

impl<S: fmt::Debug> fmt::Debug for Iter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
