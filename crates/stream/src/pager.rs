//! Asks for one page after another, ahead of the reader as far as there is room.
//!
//! Two ends move: pages come at the one, and the reader takes them at the other. Between the two
//! are the pages that are `ready`; `next` says what follows them.
//!
//! ```text
//!               a reader waits, or there is room ahead
//!          due ----------------------------------------> under way
//!           ^                                             |  |  |
//!           +------------- a page that is not the last ---+  |  |
//!           ended(failed) <--------------------- an error ---+  |
//!           ended(complete) <--------------- the last page -----+
//!           ended(limit) <------------- the last that is wanted
//!              |
//!              | the ready pages are read: the reader is notified, of an error once
//!              v
//!           the end, for ever: nothing is held any more
//! ```
//!
//! There is no task behind it. A page under way makes progress by itself once it was polled, and
//! is looked at when the reader waits for it, and now and then while the reader is busy.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::task::coop;

use crate::budget::{PageBudget, Reservation};
use crate::progress::Tally;
use crate::{Ending, Fetched, Page, PageSource, Position, Progress, Settings};

/// How many warnings of empty pages are kept for the next page with rows: the first ones, as a run
/// of empty pages has no end that is known.
const MOST_WARNINGS: usize = 32;

pub(crate) struct Pager<S: PageSource> {
    source: S,
    budget: PageBudget,
    prefetch: usize,
    pages_left: u64,
    rows_left: u64,
    /// Pages that came and were not taken yet. Empty ones are passed over, unless it is the last.
    ready: VecDeque<Page>,
    next: Next<S>,
    /// Why no page follows, until the reader is notified.
    error: Option<S::Error>,
    /// Where `next` begins; `None` after the last page.
    tail: Option<Position>,
    /// What the next page will take, in bytes: as much as the last one with rows.
    estimate: usize,
    /// Of the empty pages that were passed over since the last page that was not.
    warnings: Vec<String>,
    tally: Tally,
}

/// What follows the pages that are ready.
enum Next<S: PageSource> {
    Due,
    UnderWay {
        fetch: S::Fetch,
        room: Option<Reservation>,
    },
    /// Nothing; the reader learns why.
    Ended(Ending),
}

impl<S: PageSource> Pager<S> {
    pub(crate) fn new(source: S, budget: PageBudget, settings: Settings) -> Self {
        let fingerprint = source.fingerprint();
        let mut pager = Self {
            source,
            budget,
            prefetch: usize::from(settings.prefetch),
            pages_left: settings.page_limit.unwrap_or(u64::MAX),
            rows_left: settings.row_limit.unwrap_or(u64::MAX),
            // Of most streams no more than one page is ready at a time.
            ready: VecDeque::with_capacity(1),
            next: Next::Due,
            error: None,
            tail: Some(settings.from.of(fingerprint)),
            estimate: 0,
            warnings: Vec::new(),
            tally: Tally::default(),
        };
        pager.next = pager.what_follows();
        pager
    }

    pub(crate) const fn source(&self) -> &S {
        &self.source
    }

    /// The next page, once the reader is done with the one before.
    ///
    /// A reader whose pages are always there gives the other tasks of its thread their turn.
    pub(crate) fn poll_page(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Page>, S::Error>> {
        loop {
            let turn = ready!(coop::poll_proceed(cx));
            if let Some(page) = self.ready.pop_front() {
                turn.made_progress();
                self.fetch_ahead();
                return Poll::Ready(Ok(Some(page)));
            }
            match self.next {
                Next::Due => self.ask(None),
                Next::UnderWay { .. } => {}
                Next::Ended(ending) => return Poll::Ready(self.report_the_end(ending)),
            }
            if let Next::UnderWay { fetch, .. } = &mut self.next {
                S::awaited(fetch);
            }
            ready!(self.poll_fetch(cx));
            turn.made_progress();
        }
    }

    /// Takes the page under way if it came, and asks for the one after it if there is room. Never
    /// waits. The first page needs no room, as the stream holds none yet.
    ///
    /// Nobody is woken for what is only looked at: whoever waits polls again.
    pub(crate) fn fetch_ahead(&mut self) {
        let cx = &mut Context::from_waker(Waker::noop());
        if self.poll_fetch(cx).is_pending() || !matches!(self.next, Next::Due) {
            return;
        }
        if self.tally.progress.pages == 0 {
            self.ask(None);
        } else if self.ready.len() < self.prefetch {
            let Some(room) = self.budget.reserve(self.estimate) else { return };
            self.ask(Some(room));
        }
        // It is on its way once it was polled.
        let _started = self.poll_fetch(cx);
    }

    fn ask(&mut self, room: Option<Reservation>) {
        let Some(from) = &self.tail else { return };
        let most_rows = self.rows_left.saturating_add(u64::from(from.rows_to_skip()));
        let most_rows = u32::try_from(most_rows).ok().and_then(NonZeroU32::new);
        self.tally.asked();
        self.next = Next::UnderWay { fetch: self.source.fetch(from, most_rows), room };
    }

    /// Ready when no page is under way any more.
    fn poll_fetch(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Next::UnderWay { fetch, room } = &mut self.next else { return Poll::Ready(()) };
        let outcome = ready!(Pin::new(fetch).poll(cx));
        let room = room.take();
        match outcome {
            Ok(fetched) => {
                self.receive(fetched, room);
                self.next = self.what_follows();
                // A hook may block here. Asking for the next page comes later: it wakes the
                // connection's driver, which may be due on this very thread.
                self.source.progressed(&self.tally.now());
            }
            Err(error) => {
                self.error = Some(error);
                self.next = Next::Ended(Ending::Failed);
            }
        }
        Poll::Ready(())
    }

    fn receive(&mut self, fetched: Fetched, room: Option<Reservation>) {
        let from = self.tail.take().unwrap_or_default();
        let skip = from.rows_to_skip();
        let bytes = fetched.content.len();
        let share = match room {
            Some(room) => room.fill(bytes),
            None => self.budget.hold(bytes),
        };
        let number = self.tally.progress.pages + 1;
        let mut page = Page::new(fetched, number, from.without_skip(), share);
        self.tally.came(page.len(), bytes);
        if bytes > 0 {
            self.estimate = bytes;
        }
        let still_to_skip = page.skip_rows(skip);
        page.truncate(self.rows_left);
        self.pages_left -= 1;
        self.rows_left -= page.len() as u64;
        self.tail = page.position_after(page.len()).map(|tail| tail.skipping(still_to_skip));
        self.keep_or_pass_over(page);
    }

    /// An empty page is no end: only the paging state tells. The last one is given out all the
    /// same, as its columns and warnings are the result's.
    fn keep_or_pass_over(&mut self, mut page: Page) {
        if page.is_empty() && self.tail.is_some() {
            self.warnings.extend(page.into_warnings());
            self.warnings.truncate(MOST_WARNINGS);
        } else {
            if !self.warnings.is_empty() {
                page.warn_first(mem::take(&mut self.warnings));
            }
            self.ready.push_back(page);
        }
    }

    fn what_follows(&self) -> Next<S> {
        match self.tail {
            None => Next::Ended(Ending::Complete),
            Some(_) if self.pages_left == 0 || self.rows_left == 0 => Next::Ended(Ending::Limit),
            Some(_) => Next::Due,
        }
    }

    fn report_the_end(&mut self, ending: Ending) -> Result<Option<Page>, S::Error> {
        self.end(ending);
        self.error.take().map_or(Ok(None), Err)
    }

    /// The reader cannot go on past `position`. That is its error; one that came ahead of it, for
    /// a later page, is not reported any more.
    pub(crate) fn fail(&mut self, position: Option<Position>) {
        self.tail = position;
        self.error = None;
        self.end(Ending::Failed);
    }

    /// What the source says of an error that the stream found by itself.
    pub(crate) fn failed_at(&self, error: S::Error, position: Option<&Position>) -> S::Error {
        self.source.failed_at(error, position)
    }

    /// Gives everything back, and tells the source how the stream ended.
    fn end(&mut self, ending: Ending) {
        if self.tally.end(ending) {
            self.next = Next::Ended(ending);
            self.ready = VecDeque::new();
            self.warnings = Vec::new();
            self.source.progressed(&self.tally.now());
        }
    }

    /// So many rows were given to the reader.
    #[inline]
    pub(crate) const fn gave(&mut self, rows: u64) {
        self.tally.progress.rows += rows;
    }

    pub(crate) fn progress(&self) -> Progress {
        self.tally.now()
    }

    /// Whether the reader was notified of the end, or of an error.
    pub(crate) fn is_over(&self) -> bool {
        self.tally.progress.ending.is_some()
    }

    /// Where a reader stands that has read all that it took.
    pub(crate) fn position(&self) -> Option<Position> {
        self.ready.front().map(Page::start).or(self.tail.as_ref()).cloned()
    }
}

/// Whoever lets go of a stream lets go of all that it holds, the page on its way included.
impl<S: PageSource> Drop for Pager<S> {
    fn drop(&mut self) {
        self.end(Ending::Dropped);
    }
}

impl<S: PageSource> fmt::Debug for Pager<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let next = match &self.next {
            Next::Due => "due",
            Next::UnderWay { .. } => "under way",
            Next::Ended(_) => "ended",
        };
        f.debug_struct("Pager")
            .field("ready", &self.ready)
            .field("next", &next)
            .field("tail", &self.tail)
            .field("progress", &self.tally.now())
            .finish_non_exhaustive()
    }
}
