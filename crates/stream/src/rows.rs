//! A result read a row at a time.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_codec::{ColumnSpec, RowCursor, RowPlan, ValueError};
use futures_core::Stream;
use futures_core::stream::FusedStream;

use crate::pager::Pager;
use crate::{Page, PageSource, Position, Progress, StreamError, StreamRow};

/// After how many rows a reader that is busy with a page looks at what is ahead of it.
const LOOK_AHEAD_EVERY: u32 = 128;

/// The rows of a result, in order, each owning what it holds.
///
/// ```
/// # use cqlwire_stream::{PageSource, RowStream, StreamError};
/// # async fn read<S: PageSource>(mut rows: RowStream<(i64, String), S>) -> Result<(), S::Error>
/// # where S::Error: From<StreamError> {
/// while let Some((id, name)) = rows.try_next().await? {
/// #   let _ = (id, name);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Rows that came are given out before the error of the page that did not; then the error, once;
/// then the end, for ever. With the error, and with the end, the stream holds no page any more.
///
/// It holds at most the page that is read and those that it asked for ahead. Dropping it is all
/// the cleanup there is.
#[must_use = "a stream asks for nothing until it is polled"]
pub struct RowStream<T, S: PageSource> {
    /// The page that the last row came from. Dropped before the pager, which reports when the
    /// stream holds nothing any more.
    page: Option<Page>,
    pager: Pager<S>,
    cursor: RowCursor,
    /// The columns that the plan was made for; kept, so that no others get their address.
    columns: Option<Arc<[ColumnSpec]>>,
    plan: RowPlan,
    row: PhantomData<fn() -> T>,
}

impl<T, S: PageSource> RowStream<T, S> {
    pub(crate) const fn new(pager: Pager<S>) -> Self {
        let cursor = RowCursor::new(0);
        let plan = RowPlan::by_position();
        Self { page: None, pager, cursor, columns: None, plan, row: PhantomData }
    }

    /// Where its pages come from.
    pub const fn source(&self) -> &S {
        self.pager.source()
    }

    /// Asks for the next page now if there is room for it. Never waits. Before the first row it
    /// starts the stream; after that the stream does so by itself, as rows are taken.
    pub fn fetch_ahead(&mut self) {
        self.pager.fetch_ahead();
    }

    /// The page that the last row came from: its number, tracing id, warnings and coordinator.
    /// `None` before the first row, and after the last.
    pub const fn page(&self) -> Option<&Page> {
        self.page.as_ref()
    }

    /// The columns of the last page that came to be read, even if the result had no rows; `None`
    /// before.
    pub fn columns(&self) -> Option<&[ColumnSpec]> {
        self.columns.as_deref()
    }

    /// Where the next row is: from there another stream goes on, with none lost and none twice.
    /// `None` if nothing is left of the result.
    pub fn position(&self) -> Option<Position> {
        match &self.page {
            Some(page) if self.cursor.remaining() > 0 => {
                page.position_after(rows_read(page, self.cursor.remaining()))
            }
            _ => self.pager.position(),
        }
    }

    /// The figures so far.
    pub fn progress(&self) -> Progress {
        self.pager.progress()
    }
}

impl<T: StreamRow, S: PageSource> RowStream<T, S>
where
    S::Error: From<StreamError>,
{
    /// The next row, or `None` after the last one, after the limit, and after an error.
    ///
    /// # Errors
    ///
    /// What the source reports; columns that do not go with `T`; a row that cannot be decoded.
    /// Once, and [`position`](Self::position) then says from where to go on.
    ///
    /// # Cancel safety
    ///
    /// Dropped at any point it loses nothing: the page on its way stays in the stream, and no
    /// request is sent twice.
    pub async fn try_next(&mut self) -> Result<Option<T>, S::Error> {
        poll_fn(|cx| self.poll_row(cx)).await
    }

    /// All rows that are left, `limit` at most.
    ///
    /// # Errors
    ///
    /// As [`try_next`](Self::try_next), and [`StreamError::TooManyRows`] if there are more.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is done, the rows are gone and the page on its way is abandoned.
    pub async fn try_collect(mut self, limit: usize) -> Result<Vec<T>, S::Error> {
        let mut rows = Vec::new();
        while let Some(row) = self.try_next().await? {
            if rows.len() == limit {
                return Err(StreamError::TooManyRows { limit }.into());
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// Put where rows are read, as what belongs to pages is not: a row takes less than a call does
    /// that gives it back through memory.
    #[inline]
    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>, S::Error>> {
        loop {
            if let Some(row) = self.next_of_page() {
                return Poll::Ready(row.map(Some));
            }
            if !ready!(self.poll_page(cx))? {
                return Poll::Ready(Ok(None));
            }
        }
    }

    /// Begins the next page; `false` if there is none.
    #[inline(never)]
    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, S::Error>> {
        // Before another page is asked for, this one is freed.
        self.page = None;
        match ready!(self.pager.poll_page(cx))? {
            Some(page) => self.begin(page)?,
            None => return Poll::Ready(Ok(false)),
        }
        Poll::Ready(Ok(true))
    }

    #[inline]
    fn next_of_page(&mut self) -> Option<Result<T, S::Error>> {
        let page = self.page.as_ref()?;
        let before = self.cursor.remaining();
        match T::next(&self.plan, &mut self.cursor, page)? {
            Ok(row) => {
                self.pager.gave(1);
                if self.cursor.remaining().is_multiple_of(LOOK_AHEAD_EVERY) {
                    self.pager.fetch_ahead();
                }
                Some(Ok(row))
            }
            Err(source) => self.broken_row(before, source).map(Err),
        }
    }

    /// The first of so many rows that were left of the page cannot be decoded.
    #[cold]
    fn broken_row(&mut self, left: u32, source: ValueError) -> Option<S::Error> {
        let page = self.page.as_ref()?;
        let read = rows_read(page, left);
        let row = u64::from(page.start().rows_to_skip()) + read as u64 + 1;
        let error = StreamError::Row { page: page.number(), row, source };
        Some(self.fail(page.position_after(read), error))
    }

    /// Another page may have other columns: the table was altered while it was read.
    fn begin(&mut self, page: Page) -> Result<(), S::Error> {
        let known = self.columns.as_ref().is_some_and(|known| Arc::ptr_eq(known, page.columns()));
        let without_rows = page.columns().is_empty() && page.is_empty();
        if !known && !without_rows {
            match T::plan(page.columns()) {
                Ok(plan) => self.plan = plan,
                Err(source) => {
                    let error = StreamError::Columns { page: page.number(), source };
                    return Err(self.fail(Some(page.start().clone()), error));
                }
            }
        }
        self.columns = Some(Arc::clone(page.columns()));
        self.cursor = page.cursor();
        self.page = Some(page);
        Ok(())
    }

    /// The rows from `position` on cannot be given out.
    #[cold]
    fn fail(&mut self, position: Option<Position>, error: StreamError) -> S::Error {
        self.page = None;
        let error = self.pager.failed_at(error.into(), position.as_ref());
        self.pager.fail(position);
        error
    }
}

/// How many rows of the page were read when so many are left.
fn rows_read(page: &Page, left: u32) -> usize {
    page.len().saturating_sub(usize::try_from(left).unwrap_or(usize::MAX))
}

/// Nothing in it is pinned.
impl<T, S: PageSource> Unpin for RowStream<T, S> {}

impl<T: StreamRow, S: PageSource> Stream for RowStream<T, S>
where
    S::Error: From<StreamError>,
{
    type Item = Result<T, S::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_row(cx).map(Result::transpose)
    }
}

impl<T: StreamRow, S: PageSource> FusedStream for RowStream<T, S>
where
    S::Error: From<StreamError>,
{
    fn is_terminated(&self) -> bool {
        self.pager.is_over()
    }
}

impl<T, S: PageSource> fmt::Debug for RowStream<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream")
            .field("pager", &self.pager)
            .field("page", &self.page)
            .field("remaining", &self.cursor.remaining())
            .finish_non_exhaustive()
    }
}
