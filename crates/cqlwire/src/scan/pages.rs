//! A scan that runs: so many ranges at once, page by page.
//!
//! ```text
//!              a turn                    a page, and others follow
//!   left ------------------> being read --------------------------> being read, one page further on
//!    ^                          |   |
//!    |  an error, not yet for   |   +--- the last page ------------> done
//!    +--- the third time -------+
//! ```

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_cluster::TokenRange;
use cqlwire_stream::Page;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};

use super::making::{self, Cut, What};
use super::plan::{Done, RangeLeft, ScanPlan};
use super::progress::{Counters, ScanProgress, ScanWatch};
use crate::error::Result;
use crate::execution::{Pages, Streaming};
use crate::operation::{Options, Statement};
use crate::shared::Shared;

/// How often a range fails in a row before the scan does.
const MOST_FAILURES: u32 = 3;

/// The pages of a table, in no order. Made by [`Scan::pages`](super::Scan::pages).
///
/// ```no_run
/// # async fn example(session: cqlwire::Session) -> cqlwire::Result<()> {
/// let mut pages = session.scan("shop.orders").columns(["total"]).pages();
/// let mut sum = 0;
/// while let Some(page) = pages.try_next().await? {
///     for row in page.rows::<(i64,)>()? {
///         sum += row?.0;
///     }
/// }
/// # Ok(()) }
/// ```
///
/// It keeps the session's connections, as a stream does. Dropped, it abandons the pages that are on their
/// way. After an error come no more pages.
#[must_use = "a scan asks for nothing until it is polled"]
pub struct ScanPages {
    shared: Arc<Shared>,
    options: Options<'static>,
    parallel: usize,
    state: State,
    counters: Arc<Counters>,
}

enum State {
    Planning(Pin<Box<dyn Future<Output = Result<ScanPlan>> + Send>>),
    Running(Running),
    /// With what was left.
    Over(Option<ScanPlan>),
}

/// What is being read, and what is left.
struct Running {
    keyspace: Arc<str>,
    statement: Arc<str>,
    done: Done,
    waiting: VecDeque<Reading>,
    /// By their numbers.
    being_read: HashMap<u64, Reading>,
    pages: FuturesUnordered<NextPage>,
    next: u64,
}

/// A range, behind the pages of it that were given out.
struct Reading {
    left: RangeLeft,
    /// How often in a row it failed.
    failures: u32,
    /// How many pages of it came since it was begun, those included that had no rows.
    pages: u64,
}

/// A page that is given out.
pub(super) struct Given {
    /// What was left of its range, this page included.
    pub(super) left: RangeLeft,
    pub(super) page: Page,
}

/// Whose it is, the rest of the range, and its page.
type Came = (u64, Pages, Result<Option<Page>>);
type NextPage = Pin<Box<dyn Future<Output = Came> + Send>>;

impl ScanPages {
    pub(super) fn new(
        shared: Arc<Shared>,
        options: Options<'static>,
        what: What,
        cut: Cut,
        parallel: usize,
    ) -> Self {
        let counters = Arc::new(Counters::default());
        let state = match what {
            What::Plan(plan) => State::Running(Running::new(plan, &counters)),
            What::Table(wanted) => {
                let (shared, through) = (Arc::clone(&shared), options.keyspace.clone());
                State::Planning(Box::pin(async move {
                    making::plan(&shared, &through, &wanted, cut).await
                }))
            }
        };
        Self { shared, options, parallel, state, counters }
    }

    /// The next page, or `None` after the last one, and after an error.
    ///
    /// # Errors
    ///
    /// What the ranges or the plan failed with. [`plan`](Self::plan) says what is left.
    ///
    /// # Cancel safety
    ///
    /// Dropped at any point it loses nothing: pages on their way stay in the scan.
    pub async fn try_next(&mut self) -> Result<Option<Page>> {
        poll_fn(|cx| self.poll_page(cx)).await.map(|given| given.map(|given| given.page))
    }

    /// What is left, pages that were given out being read: from there another scan goes on. `None` until
    /// the plan is made.
    pub fn plan(&self) -> Option<ScanPlan> {
        match &self.state {
            State::Planning(_) => None,
            State::Running(running) => Some(running.what_is_left()),
            State::Over(plan) => plan.clone(),
        }
    }

    /// How far it has got.
    pub fn progress(&self) -> ScanProgress {
        self.counters.progress()
    }

    /// Reads how far it has got from elsewhere.
    pub fn watch(&self) -> ScanWatch {
        self.counters.watch()
    }

    /// No more is read: what is on its way is let go of.
    pub(super) fn end(&mut self) {
        self.counters.end();
        if let State::Running(running) = &self.state {
            self.state = State::Over(Some(running.what_is_left()));
        }
    }

    /// The next page, and whose it is.
    pub(super) fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Given>>> {
        self.counters.begin();
        loop {
            let running = match &mut self.state {
                State::Over(_) => return Poll::Ready(Ok(None)),
                State::Running(running) => running,
                State::Planning(planning) => {
                    let planned = ready!(planning.as_mut().poll(cx));
                    let planned = planned.inspect_err(|_| self.counters.end());
                    self.state = State::Over(None);
                    self.state = State::Running(Running::new(planned?, &self.counters));
                    continue;
                }
            };
            while running.being_read.len() < self.parallel
                && running.begin(&self.shared, &self.options)
            {}
            let came = match ready!(running.pages.poll_next_unpin(cx)) {
                Some(came) => running.take(came, &self.counters),
                None => Some(Ok(None)),
            };
            match came {
                None => {}
                Some(Ok(Some(page))) => return Poll::Ready(Ok(Some(page))),
                Some(over) => {
                    self.end();
                    return Poll::Ready(over);
                }
            }
        }
    }
}

impl Running {
    fn new(plan: ScanPlan, counters: &Counters) -> Self {
        let Done { ranges, weight } = plan.done;
        let all = weight.saturating_add(plan.weight_left());
        let of_all = ranges.saturating_add(plan.ranges_left() as u64);
        counters.planned(of_all, all, ranges, weight);
        let ScanPlan { keyspace, statement, done, left } = plan;
        let waiting = left.into_iter().map(|left| Reading { left, failures: 0, pages: 0 });
        let waiting = waiting.collect();
        let (being_read, pages) = (HashMap::new(), FuturesUnordered::new());
        Self { keyspace, statement, done, waiting, being_read, pages, next: 0 }
    }

    fn what_is_left(&self) -> ScanPlan {
        // By their numbers: in the order in which they were begun.
        let mut being_read: Vec<_> = self.being_read.iter().collect();
        being_read.sort_by_key(|(number, _)| **number);
        let being_read = being_read.into_iter().map(|(_, reading)| reading);
        let left = being_read.chain(&self.waiting).map(|reading| reading.left.clone()).collect();
        let (keyspace, statement) = (Arc::clone(&self.keyspace), Arc::clone(&self.statement));
        ScanPlan { keyspace, statement, done: self.done, left }
    }

    /// Begins to read the next range; `false` if there is none.
    fn begin(&mut self, shared: &Arc<Shared>, options: &Options<'static>) -> bool {
        let Some(mut reading) = self.waiting.pop_front() else { return false };
        let TokenRange { start, end } = reading.left.range;
        let mut options = options.clone();
        let rare = options.rare.get_or_insert_default();
        (rare.token, rare.keyspace) = (Some(end), Some((*self.keyspace).into()));
        let statement = Statement::Text(&self.statement);
        let stream = Streaming::new(shared, statement, &(start.0, end.0), options).prefetch(1);
        let stream = match &reading.left.from {
            Some(position) => stream.from_position(position.clone()),
            None => stream,
        };
        let number = self.next;
        self.next += 1;
        reading.pages = 0;
        self.being_read.insert(number, reading);
        // On its way from here on, and so is the next page of each when one is taken: those who wait are
        // polled in turn, and one that is ready ends the turn. The next would be asked for only once all
        // that came are read, and servers would have nothing to do until then.
        let mut pages = stream.pages();
        pages.fetch_ahead();
        self.pages.push(next_page(number, pages));
        true
    }

    /// What comes of a page that came; `None`: another one has to.
    fn take(
        &mut self,
        (number, pages, page): Came,
        counters: &Counters,
    ) -> Option<Result<Option<Given>>> {
        let mut reading = self.being_read.remove(&number)?;
        let known = std::mem::replace(&mut reading.pages, pages.progress().pages);
        let came = reading.pages.saturating_sub(known);
        counters.pages(came);
        match page {
            Ok(page) => {
                let given = page.filter(|page| !page.is_empty()).map(|page| {
                    counters.page(page.len(), page.bytes());
                    Given { left: reading.left.clone(), page }
                });
                match pages.position() {
                    Some(position) => {
                        (reading.left.from, reading.failures) = (Some(position), 0);
                        self.being_read.insert(number, reading);
                        self.pages.push(next_page(number, pages));
                    }
                    None => {
                        counters.range_done(reading.left.weight);
                        self.done.ranges = self.done.ranges.saturating_add(1);
                        self.done.weight = self.done.weight.saturating_add(reading.left.weight);
                    }
                }
                given.map(|given| Ok(Some(given)))
            }
            Err(error) => {
                if let Some(position) = pages.position()
                    && came > 0
                {
                    // Pages without rows: they are not read again, nor is it the page that failed before.
                    (reading.left.from, reading.failures) = (Some(position), 0);
                }
                reading.failures += 1;
                let fails = reading.failures >= MOST_FAILURES || !error.is_retryable();
                self.waiting.push_back(reading);
                fails.then_some(Err(error))
            }
        }
    }
}

fn next_page(number: u64, mut pages: Pages) -> NextPage {
    Box::pin(async move {
        let page = pages.try_next().await;
        (number, pages, page)
    })
}

impl Stream for ScanPages {
    type Item = Result<Page>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let given = self.get_mut().poll_page(cx);
        given.map(|given| given.map(|given| given.map(|given| given.page)).transpose())
    }
}

impl fmt::Debug for ScanPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanPages")
            .field("parallel", &self.parallel)
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}
