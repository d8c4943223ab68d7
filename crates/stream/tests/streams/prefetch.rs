//! Pages are asked for ahead of their reader as far as that was allowed, and no further.

use std::time::Duration;

use cqlwire_stream::{PageBudget, Pages, RowStream};

use crate::script::{IdAndName, Server, Source, empty, rows};
use crate::{assert_at_rest, plenty, prefetching};

const DELAY: Duration = Duration::from_millis(10);

/// So many pages of 500 rows.
fn pages_of_500(count: i64) -> Server {
    Server::of(
        (0..count).map(|page| rows(page * 500..page * 500 + 500).with_names_of(8).after(DELAY)),
    )
}

#[tokio::test(start_paused = true)]
async fn the_next_page_comes_while_this_one_is_read() {
    for (prefetch, waits) in [(0, 4), (1, 1)] {
        let server = pages_of_500(4);
        let budget = plenty();
        let mut pages = server.pages(&budget, prefetching(prefetch));
        let start = tokio::time::Instant::now();
        while let Some(page) = pages.try_next().await.unwrap() {
            tokio::time::sleep(DELAY).await;
            drop(page);
        }
        assert_eq!(start.elapsed(), DELAY * 4 + DELAY * waits);
    }
}

#[tokio::test(start_paused = true)]
async fn g7_5_a_slow_reader_stops_asking() {
    for prefetch in 0..4_u8 {
        let server = pages_of_500(20);
        let budget = plenty();
        let mut pages = server.pages(&budget, prefetching(prefetch));
        let _page = pages.try_next().await.unwrap().unwrap();
        for _ in 0..20 {
            tokio::time::sleep(DELAY).await;
            pages.fetch_ahead();
        }
        assert_eq!(server.asked().len(), 1 + usize::from(prefetch));
        assert_eq!(budget.usage().pages, 1 + usize::from(prefetch));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_rows_looks_ahead_as_it_goes() {
    let server = pages_of_500(5);
    let budget = plenty();
    let mut stream = server.pages(&budget, prefetching(3)).into_rows::<IdAndName>();
    read(&mut stream, 1).await;
    assert_eq!(server.asked(), [0, 1]);
    for (rows, pages) in [(128, 3), (128, 4), (128, 4)] {
        tokio::time::sleep(DELAY).await;
        read(&mut stream, rows).await;
        assert_eq!(server.asked().len(), pages, "three are ahead at most");
    }
}

async fn read(stream: &mut RowStream<IdAndName, Source>, rows: usize) {
    for _ in 0..rows {
        stream.try_next().await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn g2_1_a_stream_that_finds_no_room_goes_on_without_prefetch() {
    let server = pages_of_500(4);
    let budget = PageBudget::new(0);
    let mut pages = server.pages(&budget, prefetching(2));
    let mut read = 0;
    while let Some(page) = pages.try_next().await.unwrap() {
        read += page.len();
        assert_eq!(server.asked().len(), read / 500, "nothing is asked for ahead");
    }
    assert_eq!((read, budget.usage().pages), (2_000, 0));
}

/// A thousand readers, and room for fifty pages beside the one that each may hold.
#[tokio::test(start_paused = true)]
async fn g2_1_a_thousand_streams_stay_within_the_budget_and_a_page_each() {
    const STREAMS: usize = 1_000;
    let page_bytes = first_page(&mut pages_of_500(1).pages(&plenty(), prefetching(0))).await;
    let budget = PageBudget::new(page_bytes * 50);
    let most_bytes = page_bytes * (STREAMS + 50);
    let server = pages_of_500(3);
    let (mut streams, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..STREAMS {
        let mut stream = server.pages(&budget, prefetching(1));
        pages.push(stream.try_next().await.unwrap().unwrap());
        streams.push(stream);
    }
    tokio::time::sleep(DELAY).await;
    streams.iter_mut().for_each(Pages::fetch_ahead);
    assert!(budget.usage().peak_bytes <= most_bytes);
    assert_eq!(server.live_pages() * page_bytes, budget.usage().bytes, "the account is the truth");

    // All room is free again, and all streams look for it before any page comes.
    pages.clear();
    streams.iter_mut().for_each(Pages::fetch_ahead);
    let usage = budget.usage();
    assert!(usage.bytes + usage.reserved_bytes <= budget.limit(), "{usage:?}");
    assert_eq!(server.asked().len(), STREAMS + 50);

    // Whoever waits for its page gets it all the same.
    for stream in &mut streams {
        pages.push(stream.try_next().await.unwrap().unwrap());
    }
    assert!(budget.usage().peak_bytes <= most_bytes);
    drop((streams, pages));
    assert_at_rest(&server, &budget);
}

async fn first_page(pages: &mut Pages<Source>) -> usize {
    pages.try_next().await.unwrap().unwrap().bytes()
}

/// Those that follow an empty page are as large as those before it.
#[tokio::test(start_paused = true)]
async fn an_empty_page_is_no_estimate_of_the_next() {
    let server = Server::of([rows(0..3), empty(), rows(3..6)]);
    let budget = PageBudget::new(60);
    let mut pages = server.pages(&budget, prefetching(1));
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!(first.bytes(), 51);
    drop(first);
    pages.fetch_ahead();
    let others = server.pages(&budget, prefetching(0)).try_next().await.unwrap().unwrap();
    pages.fetch_ahead();
    assert_eq!(server.asked(), [0, 1, 0], "a page of 51 bytes has no room beside another");
    drop(others);
    pages.fetch_ahead();
    assert_eq!(server.asked(), [0, 1, 0, 2]);
}
