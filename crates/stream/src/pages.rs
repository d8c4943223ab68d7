//! A result read a page at a time.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::FusedStream;

use crate::pager::Pager;
use crate::{Page, PageBudget, PageSource, Position, Progress, RowStream, Settings, StreamRow};

/// The pages of a result, in order.
///
/// ```
/// # use cqlwire_stream::{Pages, PageSource, StreamError};
/// # async fn read<S: PageSource>(mut pages: Pages<S>) -> Result<(), S::Error>
/// # where S::Error: From<cqlwire_codec::ValueError> {
/// while let Some(page) = pages.try_next().await? {
///     for row in page.rows::<(i64, &str)>()? {
///         let (id, name) = row?;
/// #       let _ = (id, name);
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// Nothing is asked for before the first poll. Pages without rows are passed over, except the last
/// one of a result. After an error come no more pages.
///
/// Dropping it is all the cleanup there is: pages that came are freed, a page on its way is
/// abandoned.
#[derive(Debug)]
#[must_use = "a stream asks for nothing until it is polled"]
pub struct Pages<S: PageSource> {
    pager: Pager<S>,
}

impl<S: PageSource> Pages<S> {
    /// The pages that `source` gives, counted in `budget`.
    pub fn new(source: S, budget: &PageBudget, settings: Settings) -> Self {
        Self { pager: Pager::new(source, budget.clone(), settings) }
    }

    /// Where its pages come from.
    pub const fn source(&self) -> &S {
        self.pager.source()
    }

    /// The next page, or `None` after the last one, after the limit, and after an error.
    ///
    /// While the page is read, the next one is asked for already, if [`Settings::prefetch`] and
    /// the budget allow it. A reader that takes its time holds up nobody: no more is asked for.
    ///
    /// # Errors
    ///
    /// What the source reports, once. All pages before it were given out by then, and
    /// [`position`](Self::position) says from where to go on.
    ///
    /// # Cancel safety
    ///
    /// Dropped at any point it loses nothing: the page on its way stays in the stream, and no
    /// request is sent twice.
    pub async fn try_next(&mut self) -> Result<Option<Page>, S::Error> {
        poll_fn(|cx| self.poll_page(cx)).await
    }

    /// The rest of the result as rows that own what they hold.
    pub fn into_rows<T: StreamRow>(self) -> RowStream<T, S> {
        RowStream::new(self.pager)
    }

    /// Asks for the next page now if there is room for it, and takes it if it is there. Never
    /// waits, and wakes nobody.
    ///
    /// Before the first [`try_next`](Self::try_next) it starts the stream. After that it is of use
    /// to those who let [`Settings::prefetch`] ask for several pages ahead: a page is asked for
    /// when the one before it was taken, and somebody has to look.
    pub fn fetch_ahead(&mut self) {
        self.pager.fetch_ahead();
    }

    /// Where the page begins that comes next: from there another stream goes on. `None` once the
    /// last page was given out. To stop in the middle of a page, see [`Page::position_after`].
    pub fn position(&self) -> Option<Position> {
        self.pager.position()
    }

    /// The figures so far.
    pub fn progress(&self) -> Progress {
        self.pager.progress()
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Page>, S::Error>> {
        let polled = self.pager.poll_page(cx);
        if let Poll::Ready(Ok(Some(page))) = &polled {
            self.pager.gave(page.len() as u64);
        }
        polled
    }
}

/// Nothing in it is pinned.
impl<S: PageSource> Unpin for Pages<S> {}

impl<S: PageSource> Stream for Pages<S> {
    type Item = Result<Page, S::Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_page(cx).map(Result::transpose)
    }
}

impl<S: PageSource> FusedStream for Pages<S> {
    fn is_terminated(&self) -> bool {
        self.pager.is_over()
    }
}
