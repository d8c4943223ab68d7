//! The rows of a scan, each owning what it holds.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_codec::{ColumnSpec, RowCursor, RowPlan};
use cqlwire_stream::{Page, StreamError, StreamRow};
use futures_util::stream::Stream;

use super::pages::{Given, ScanPages};
use super::plan::{RangeLeft, ScanPlan};
use super::progress::{ScanProgress, ScanWatch};
use crate::error::{Error, Result};

/// The rows of a table, in no order, each owning what it holds. Made by
/// [`Scan::rows`](super::Scan::rows).
///
/// It reads as [`ScanPages`] does, and its [plan](Self::plan) is exact to the row: with a row that
/// cannot be read it ends, and what is left begins with that row.
#[must_use = "a scan asks for nothing until it is polled"]
pub struct ScanRows<T> {
    /// The page that the last row came from. Dropped before the pages.
    current: Option<Current>,
    pages: ScanPages,
    /// The columns that the plan was made for; kept, so that no others get their address.
    columns: Option<Arc<[ColumnSpec]>>,
    row_plan: RowPlan,
    is_over: bool,
    /// Where a row was that cannot be read.
    stopped: Option<RangeLeft>,
    row: PhantomData<fn() -> T>,
}

/// A page that is being read.
struct Current {
    left: RangeLeft,
    page: Page,
    cursor: RowCursor,
}

impl<T> ScanRows<T> {
    pub(super) const fn new(pages: ScanPages) -> Self {
        let row_plan = RowPlan::by_position();
        let (current, columns, stopped) = (None, None, None);
        Self { current, pages, columns, row_plan, is_over: false, stopped, row: PhantomData }
    }

    /// What is left, rows that were given out being read: from there another scan goes on, with none
    /// lost and none twice. `None` until the plan is made.
    pub fn plan(&self) -> Option<ScanPlan> {
        let plan = self.pages.plan()?;
        let unread = self.current.as_ref().filter(|current| current.cursor.remaining() > 0);
        let left = unread.map(|current| current.left_after(current.read()));
        Some(match left.or_else(|| self.stopped.clone()) {
            Some(left) => plan.with(left),
            None => plan,
        })
    }

    /// How far it has got: rows of pages that came count.
    pub fn progress(&self) -> ScanProgress {
        self.pages.progress()
    }

    /// Reads how far it has got from elsewhere.
    pub fn watch(&self) -> ScanWatch {
        self.pages.watch()
    }
}

impl<T: StreamRow> ScanRows<T> {
    /// The next row, or `None` after the last one, and after an error.
    ///
    /// # Errors
    ///
    /// As [`ScanPages::try_next`]; columns that do not go with `T`; a row that cannot be read.
    ///
    /// # Cancel safety
    ///
    /// Dropped at any point it loses nothing.
    pub async fn try_next(&mut self) -> Result<Option<T>> {
        poll_fn(|cx| self.poll_row(cx)).await
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<T>>> {
        loop {
            if self.is_over {
                return Poll::Ready(Ok(None));
            }
            if let Some(row) = self.next_of_page() {
                return Poll::Ready(row.map(Some));
            }
            // Before another page is taken, this one is freed.
            self.current = None;
            match ready!(self.pages.poll_page(cx))? {
                Some(given) => self.begin(given)?,
                None => self.is_over = true,
            }
        }
    }

    #[inline]
    fn next_of_page(&mut self) -> Option<Result<T>> {
        let current = self.current.as_mut()?;
        let read = current.read();
        match T::next(&self.row_plan, &mut current.cursor, &current.page)? {
            Ok(row) => Some(Ok(row)),
            Err(source) => {
                let skipped =
                    current.page.position_after(0).map_or(0, |start| start.rows_to_skip());
                let (page, row) = (current.page.number(), u64::from(skipped) + read as u64 + 1);
                Some(Err(self.stop(read, StreamError::Row { page, row, source })))
            }
        }
    }

    /// Another page may have other columns: the table was altered while it was read.
    fn begin(&mut self, Given { left, page }: Given) -> Result<()> {
        let known = self.columns.as_ref().is_some_and(|known| Arc::ptr_eq(known, page.columns()));
        let (number, cursor, columns) = (page.number(), page.cursor(), Arc::clone(page.columns()));
        self.current = Some(Current { left, page, cursor });
        if known {
            return Ok(());
        }
        match T::plan(&columns) {
            Ok(plan) => self.row_plan = plan,
            Err(source) => {
                return Err(self.stop(0, StreamError::Columns { page: number, source }));
            }
        }
        self.columns = Some(columns);
        Ok(())
    }

    /// The rows of the page from this one on cannot be read: what is left begins there.
    #[cold]
    fn stop(&mut self, read: usize, error: StreamError) -> Error {
        self.is_over = true;
        self.pages.end();
        self.stopped = self.current.take().map(|current| current.left_after(read));
        error.into()
    }
}

impl Current {
    /// What is left of its range once so many of its rows are read.
    fn left_after(&self, rows: usize) -> RangeLeft {
        RangeLeft { from: self.page.position_after(rows), ..self.left.clone() }
    }

    /// How many of its rows were given out.
    fn read(&self) -> usize {
        let remaining = usize::try_from(self.cursor.remaining()).unwrap_or(usize::MAX);
        self.page.len().saturating_sub(remaining)
    }
}

/// Nothing in it is pinned.
impl<T> Unpin for ScanRows<T> {}

impl<T: StreamRow> Stream for ScanRows<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_row(cx).map(Result::transpose)
    }
}

impl<T> fmt::Debug for ScanRows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanRows").field("pages", &self.pages).finish_non_exhaustive()
    }
}
