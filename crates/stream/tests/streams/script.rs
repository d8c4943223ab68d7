//! A result on a server that is not there: scripted pages, and an account of what was asked.
#![allow(dead_code, reason = "each binary of tests uses its own part of it")]
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "small numbers")]

use std::num::NonZeroU32;
use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cqlwire_codec::{ColumnSpec, ColumnType, PagingState, Prefixes, Rows, RowsMetadata};
use cqlwire_stream::{
    ExecutionInfo, Fetched, PageBudget, PageSource, Pages, Position, Progress, Settings,
    StreamError,
};

/// A row of the scripted results.
pub(crate) type IdAndName = (i64, String);

/// Why a scripted page does not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    Server(&'static str),
    Stream(StreamError),
}

impl From<StreamError> for Failed {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

/// One page as it is scripted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scripted {
    ids: Vec<i64>,
    name_bytes: usize,
    columns: Option<Arc<[ColumnSpec]>>,
    warning: Option<&'static str>,
    error: Option<&'static str>,
    delay: Duration,
    retries: usize,
    is_silent: bool,
    is_cut: bool,
}

pub(crate) fn rows(ids: Range<i64>) -> Scripted {
    Scripted { ids: ids.collect(), ..Scripted::default() }
}

pub(crate) fn empty() -> Scripted {
    rows(0..0)
}

pub(crate) fn failing(error: &'static str) -> Scripted {
    Scripted { error: Some(error), ..empty() }
}

/// Never comes.
pub(crate) fn silent() -> Scripted {
    Scripted { is_silent: true, ..empty() }
}

impl Scripted {
    /// Its names are so many bytes long.
    pub(crate) fn with_names_of(self, name_bytes: usize) -> Self {
        Self { name_bytes, ..self }
    }

    pub(crate) fn with_columns(self, columns: &Arc<[ColumnSpec]>) -> Self {
        Self { columns: Some(Arc::clone(columns)), ..self }
    }

    pub(crate) fn with_warning(self, warning: &'static str) -> Self {
        Self { warning: Some(warning), ..self }
    }

    /// Takes so long to come, from when it was asked for.
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Comes only after so many failures, which the source hides by asking again.
    pub(crate) fn after_retries(self, retries: usize) -> Self {
        Self { retries, ..self }
    }

    /// Its last byte is missing.
    pub(crate) fn cut(self) -> Self {
        Self { is_cut: true, ..self }
    }
}

/// The server, and what it saw. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Server(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pages: Vec<Scripted>,
    columns: Arc<[ColumnSpec]>,
    honours_page_size: bool,
    asked: Mutex<Vec<usize>>,
    reports: Mutex<Vec<Progress>>,
    held_at_ends: Mutex<Vec<usize>>,
    under_way: AtomicUsize,
    abandoned: AtomicUsize,
    live_pages: AtomicUsize,
}

pub(crate) fn columns(id: ColumnType, name: ColumnType) -> Arc<[ColumnSpec]> {
    let column = |name: &str, column_type| ColumnSpec {
        keyspace: Arc::from("ks"),
        table: Arc::from("t"),
        name: name.to_owned(),
        column_type,
    };
    Arc::from([column("id", id), column("name", name)])
}

impl Server {
    pub(crate) fn of(pages: impl IntoIterator<Item = Scripted>) -> Self {
        Self::new(pages, true)
    }

    /// Gives out whole pages, however few rows are asked for.
    pub(crate) fn that_ignores_the_page_size(pages: impl IntoIterator<Item = Scripted>) -> Self {
        Self::new(pages, false)
    }

    fn new(pages: impl IntoIterator<Item = Scripted>, honours_page_size: bool) -> Self {
        Self(Arc::new(Inner {
            pages: pages.into_iter().collect(),
            columns: columns(ColumnType::BigInt, ColumnType::Text),
            honours_page_size,
            asked: Mutex::default(),
            reports: Mutex::default(),
            held_at_ends: Mutex::default(),
            under_way: AtomicUsize::new(0),
            abandoned: AtomicUsize::new(0),
            live_pages: AtomicUsize::new(0),
        }))
    }

    pub(crate) fn pages(&self, budget: &PageBudget, settings: Settings) -> Pages<Source> {
        Pages::new(Source(self.clone()), budget, settings)
    }

    /// Which pages were asked for, from 0, in order.
    pub(crate) fn asked(&self) -> Vec<usize> {
        self.0.asked.lock().unwrap().clone()
    }

    /// What the streams reported, in order.
    pub(crate) fn reports(&self) -> Vec<Progress> {
        self.0.reports.lock().unwrap().clone()
    }

    /// How many pages and requests there still were when each stream reported that it ended.
    pub(crate) fn held_at_ends(&self) -> Vec<usize> {
        self.0.held_at_ends.lock().unwrap().clone()
    }

    /// How many requests have neither been answered nor abandoned.
    pub(crate) fn under_way(&self) -> usize {
        self.0.under_way.load(SeqCst)
    }

    /// How many requests were given up before their answer.
    pub(crate) fn abandoned(&self) -> usize {
        self.0.abandoned.load(SeqCst)
    }

    /// How many contents of pages are in memory, whoever holds them.
    pub(crate) fn live_pages(&self) -> usize {
        self.0.live_pages.load(SeqCst)
    }

    /// Throws its accounts away.
    pub(crate) fn forget(&self) {
        *self.0.asked.lock().unwrap() = Vec::new();
        *self.0.reports.lock().unwrap() = Vec::new();
        *self.0.held_at_ends.lock().unwrap() = Vec::new();
    }

    /// All that there is to give out.
    pub(crate) fn ids(&self) -> Vec<i64> {
        self.0.pages.iter().flat_map(|page| page.ids.clone()).collect()
    }

    fn answer(
        &self,
        page: usize,
        from_row: usize,
        most_rows: Option<NonZeroU32>,
    ) -> Result<Fetched, Failed> {
        let scripted = self.0.pages.get(page).expect("a page that there is");
        if let Some(error) = scripted.error {
            return Err(Failed::Server(error));
        }
        let rest = &scripted.ids[from_row..];
        let most = most_rows.filter(|_| self.0.honours_page_size);
        let count = most.map_or(rest.len(), |most| rest.len().min(most.get() as usize));
        let next = match (from_row + count < scripted.ids.len(), page + 1 < self.0.pages.len()) {
            (true, _) => Some(state(page, from_row + count)),
            (false, true) => Some(state(page + 1, 0)),
            (false, false) => None,
        };
        let mut content = content(&rest[..count], scripted.name_bytes);
        if scripted.is_cut {
            content.pop();
        }
        let rows = Rows {
            metadata: RowsMetadata {
                columns: scripted.columns.clone(),
                column_count: 2,
                paging_state: next,
                new_metadata_id: None,
            },
            row_count: count as u32,
            content: self.tracked(content),
        };
        let warnings = scripted.warning.map(str::to_owned).into_iter().collect();
        let prefixes = Prefixes::new(None, warnings, None);
        let info = ExecutionInfo { prefixes, ..ExecutionInfo::default() };
        Ok(Fetched::new(rows, Some(&self.0.columns), info).expect("two columns"))
    }

    fn tracked(&self, content: Vec<u8>) -> Bytes {
        self.0.live_pages.fetch_add(1, SeqCst);
        Bytes::from_owner(Tracked { content: content.into(), server: self.clone() })
    }
}

/// The content of a page, for as long as anybody holds any of it.
struct Tracked {
    content: Box<[u8]>,
    server: Server,
}

impl AsRef<[u8]> for Tracked {
    fn as_ref(&self) -> &[u8] {
        &self.content
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.server.0.live_pages.fetch_sub(1, SeqCst);
    }
}

/// The name in the row of this id.
pub(crate) fn name(id: i64, name_bytes: usize) -> String {
    format!("{id:>name_bytes$}")
}

fn content(ids: &[i64], name_bytes: usize) -> Vec<u8> {
    let mut content = Vec::new();
    for id in ids {
        let name = name(*id, name_bytes);
        content.extend(8_i32.to_be_bytes());
        content.extend(id.to_be_bytes());
        content.extend((name.len() as i32).to_be_bytes());
        content.extend(name.as_bytes());
    }
    content
}

fn state(page: usize, from_row: usize) -> PagingState {
    let numbers = [page as u32, from_row as u32].map(u32::to_be_bytes);
    PagingState::new(numbers.as_flattened())
}

fn place(after: Option<&PagingState>) -> (usize, usize) {
    let Some(state) = after else { return (0, 0) };
    let (page, row) = state.as_bytes().split_first_chunk::<4>().unwrap();
    let row = row.try_into().unwrap();
    (u32::from_be_bytes(*page) as usize, u32::from_be_bytes(row) as usize)
}

/// A reader's way to the server.
#[derive(Clone, Debug)]
pub(crate) struct Source(Server);

impl PageSource for Source {
    type Error = Failed;
    type Fetch = Pin<Box<dyn Future<Output = Result<Fetched, Failed>> + Send>>;

    fn fetch(&mut self, from: &Position, most_rows: Option<NonZeroU32>) -> Self::Fetch {
        let server = self.0.clone();
        let (page, from_row) = place(from.paging_state());
        Box::pin(async move {
            let scripted = &server.0.pages[page];
            for _ in 0..scripted.retries {
                Request::sent(&server, page).answered(scripted).await;
            }
            Request::sent(&server, page).answered(scripted).await;
            server.answer(page, from_row, most_rows)
        })
    }

    fn progressed(&mut self, progress: &Progress) {
        let server = &self.0;
        server.0.reports.lock().unwrap().push(*progress);
        if progress.ending.is_some() {
            let held = server.live_pages() + server.under_way();
            server.0.held_at_ends.lock().unwrap().push(held);
        }
    }
}

/// A request that the server has seen.
struct Request {
    server: Server,
    is_answered: bool,
}

impl Request {
    fn sent(server: &Server, page: usize) -> Self {
        server.0.asked.lock().unwrap().push(page);
        server.0.under_way.fetch_add(1, SeqCst);
        Self { server: server.clone(), is_answered: false }
    }

    async fn answered(mut self, scripted: &Scripted) {
        if scripted.is_silent {
            std::future::pending::<()>().await;
        }
        if !scripted.delay.is_zero() {
            tokio::time::sleep(scripted.delay).await;
        }
        self.is_answered = true;
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.server.0.under_way.fetch_sub(1, SeqCst);
        self.server.0.abandoned.fetch_add(usize::from(!self.is_answered), SeqCst);
    }
}
