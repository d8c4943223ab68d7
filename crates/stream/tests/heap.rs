//! What streams take of the heap, by the counting allocator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

#[path = "streams/script.rs"]
mod script;

use std::future::{Ready, ready};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cqlwire_codec::{ColumnSpec, ColumnType, PagingState, Rows, RowsMetadata};
use cqlwire_stream::{
    ExecutionInfo, Fetched, PageBudget, PageSource, Pages, Position, Settings, StreamError,
};
use cqlwire_testkit::probe::heap;

use script::{Failed, IdAndName, Server, columns, rows, silent};

#[global_allocator]
static HEAP: heap::Counting = &heap::COUNTING;

cqlwire_testkit::one_thread![
    g2_1_a_thousand_streams_take_the_budget_and_a_page_each,
    g2_1_a_thousand_pages_pass_through_the_memory_of_two,
    g2_5_opened_and_dropped_ten_thousand_times_memory_stays_flat,
    a_page_and_a_borrowed_row_cost_no_allocation,
    an_owned_row_costs_what_it_owns,
];

/// What the runtime and the books of the test may take meanwhile, in bytes.
const NOISE: usize = 64 << 10;

/// What a stream may take beside its pages, in bytes: itself and the future of one page, here with
/// a timer in it.
const STREAM: usize = 2 << 10;

fn taken_since(before: heap::Heap) -> usize {
    usize::try_from(heap::now().live_bytes - before.live_bytes).unwrap_or(0)
}

fn prefetching(prefetch: u8) -> Settings {
    Settings { prefetch, ..Settings::default() }
}

/// The bytes of one page of the server.
async fn page_bytes(server: &Server) -> usize {
    let mut pages = server.pages(&PageBudget::default(), prefetching(0));
    pages.try_next().await.unwrap().unwrap().bytes()
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn g2_1_a_thousand_streams_take_the_budget_and_a_page_each() {
    const STREAMS: usize = 1_000;
    let delay = Duration::from_millis(1);
    let server = Server::of(
        (0..20).map(|page| rows(page * 100..page * 100 + 100).with_names_of(100).after(delay)),
    );
    let page_bytes = page_bytes(&server).await;
    let budget = PageBudget::new(50 * page_bytes);
    let before = heap::now();
    let mut streams: Vec<_> = (0..STREAMS)
        .map(|_| server.pages(&budget, prefetching(2)).into_rows::<IdAndName>())
        .collect();
    let mut most = 0;
    // Each reads half a page further than the one before it, in turns.
    for turn in 0..6 {
        for stream in &mut streams {
            for _ in 0..50 + turn {
                stream.try_next().await.unwrap().unwrap();
            }
        }
        server.forget();
        most = most.max(taken_since(before));
    }
    let limit = budget.limit() + STREAMS * (page_bytes + STREAM) + NOISE;
    assert!(most <= limit, "{most} bytes of {limit}, pages of {page_bytes}");
    assert!(most >= STREAMS * page_bytes, "the pages were not even there");
    assert!(budget.usage().peak_bytes <= budget.limit() + STREAMS * page_bytes);
    drop(streams);
    server.forget();
    assert!(taken_since(before) <= NOISE);
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn g2_1_a_thousand_pages_pass_through_the_memory_of_two() {
    let server =
        Server::of((0..1_000).map(|page| rows(page * 130..page * 130 + 130).with_names_of(1_000)));
    let page_bytes = page_bytes(&server).await;
    let before = heap::now();
    let mut stream = server.pages(&PageBudget::default(), prefetching(1)).into_rows::<IdAndName>();
    let mut most = 0;
    while stream.try_next().await.unwrap().is_some() {
        most = most.max(taken_since(before));
    }
    assert_eq!(stream.progress().rows, 130_000);
    assert!(most <= 2 * page_bytes + 4 * NOISE, "{most} bytes, pages of {page_bytes}");
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn g2_5_opened_and_dropped_ten_thousand_times_memory_stays_flat() {
    let budget = PageBudget::default();
    let server = Server::of([rows(0..100), rows(100..200), silent()]);
    let before = heap::now();
    for _ in 0..10_000 {
        let mut stream = server.pages(&budget, prefetching(2)).into_rows::<IdAndName>();
        for _ in 0..10 {
            stream.try_next().await.unwrap().unwrap();
        }
    }
    server.forget();
    assert!(taken_since(before) <= NOISE, "{} bytes are left", taken_since(before));
}

/// The same page again and again, and nothing of its own on the heap.
struct Endless {
    columns: Arc<[ColumnSpec]>,
    again: PagingState,
}

const ROW: &[u8] = b"\0\0\0\x08\0\0\0\0\0\0\0\x07\0\0\0\x04name";

impl PageSource for Endless {
    type Error = Failed;
    type Fetch = Ready<Result<Fetched, Failed>>;

    fn fetch(&mut self, _: &Position, _: Option<NonZeroU32>) -> Self::Fetch {
        let metadata = RowsMetadata {
            columns: None,
            column_count: 2,
            paging_state: Some(self.again.clone()),
            new_metadata_id: None,
        };
        let rows = Rows { metadata, row_count: 1, content: Bytes::from_static(ROW) };
        ready(Ok(Fetched::new(rows, Some(&self.columns), ExecutionInfo::default()).unwrap()))
    }
}

impl Endless {
    fn pages(budget: &PageBudget) -> Pages<Self> {
        let columns = columns(ColumnType::BigInt, ColumnType::Text);
        Pages::new(Self { columns, again: PagingState::new(b"again") }, budget, prefetching(1))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn a_page_and_a_borrowed_row_cost_no_allocation() {
    let budget = PageBudget::default();
    let mut pages = Endless::pages(&budget);
    drop(pages.try_next().await);
    let before = heap::now();
    for _ in 0..10_000 {
        let page = pages.try_next().await.unwrap().unwrap();
        for row in page.rows::<(i64, &str)>().unwrap() {
            assert_eq!(row, Ok((7, "name")));
        }
    }
    let allocations = heap::now().allocations - before.allocations;
    assert!(allocations < 100, "{allocations} allocations for 10,000 pages and as many rows");
}

#[tokio::main(flavor = "current_thread")]
async fn an_owned_row_costs_what_it_owns() {
    let budget = PageBudget::default();
    let mut stream = Endless::pages(&budget).into_rows::<IdAndName>();
    drop(stream.try_next().await);
    let before = heap::now();
    for _ in 0..10_000 {
        let row = stream.try_next().await.unwrap().unwrap();
        assert_eq!(row, (7, "name".to_owned()));
    }
    let allocations = heap::now().allocations - before.allocations;
    assert!((20_000..20_100).contains(&allocations), "{allocations}: one here, one for the row");
    let error = Failed::Stream(StreamError::TooManyRows { limit: 3 });
    assert_eq!(Endless::pages(&budget).into_rows::<IdAndName>().try_collect(3).await, Err(error));
}
