//! Pages come in order, each with what came with it, and empty ones are no end.

use std::iter::repeat_n;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use cqlwire_codec::{CustomPayload, Prefixes, ProtocolVersion, Row, ValueError};
use cqlwire_stream::{Ending, ExecutionInfo, Fetched, Page, Pages};
use cqlwire_testkit::cancel::poll_once;
use futures_util::stream::FusedStream;
use uuid::Uuid;

use crate::script::{Failed, IdAndName, Server, Source, empty, failing, rows};
use crate::{assert_at_rest, plenty, prefetching};

pub(crate) fn ids_of(page: &Page) -> Vec<i64> {
    page.rows::<(i64, &str)>().unwrap().map(|row| row.unwrap().0).collect()
}

#[tokio::test(start_paused = true)]
async fn a_page_gives_rows_that_borrow_from_it_and_what_came_with_them() {
    let server = Server::of([rows(0..3).with_warning("slow"), rows(3..5)]);
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(0));
    let page = pages.try_next().await.unwrap().unwrap();
    let names: Vec<&str> = page.rows::<(i64, &str)>().unwrap().map(|row| row.unwrap().1).collect();
    assert_eq!(names, ["0", "1", "2"]);
    assert_eq!((page.len(), page.is_empty(), page.number()), (3, false, 1));
    assert_eq!((page.bytes(), page.content().len()), (51, 51));
    assert_eq!(page.columns()[1].name, "name");
    assert_eq!(page.warnings(), ["slow"]);
    assert_eq!((page.tracing_id(), page.coordinator()), (None, None));
    assert!(page.custom_payload().is_none() && page.paging_state().is_some());
    assert!(matches!(page.rows::<(i64,)>(), Err(ValueError::Columns { .. })));
    assert_eq!(page.rows::<Row<'_>>().unwrap().count(), 3);
    assert!(!format!("{page:?}").contains("\"0\""), "values stay out of logs");
    let last = pages.try_next().await.unwrap().unwrap();
    assert!(last.paging_state().is_none());
    assert_eq!((last.number(), ids_of(&last)), (2, vec![3, 4]));
}

#[tokio::test(start_paused = true)]
async fn g1_6_empty_pages_are_no_end_and_their_warnings_are_kept() {
    for prefetch in 0..3 {
        let tombstones = empty().with_warning("tombstones");
        let server = Server::of([
            tombstones.clone(),
            rows(0..2),
            tombstones.clone(),
            tombstones,
            rows(2..3).with_warning("large"),
            empty(),
            rows(3..4),
        ]);
        let budget = plenty();
        let mut pages = server.pages(&budget, prefetching(prefetch));
        let mut seen = Vec::new();
        while let Some(page) = pages.try_next().await.unwrap() {
            seen.push((page.number(), ids_of(&page), page.warnings().join(" ")));
        }
        let expected = [
            (2, vec![0, 1], "tombstones"),
            (5, vec![2], "tombstones tombstones large"),
            (7, vec![3], ""),
        ];
        assert_eq!(seen, expected.map(|(number, ids, warnings)| (number, ids, warnings.into())));
        assert_eq!((pages.progress().pages, pages.progress().empty_pages), (7, 4));
        assert_eq!(pages.progress().ending, Some(Ending::Complete));
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_page_is_given_out_even_if_it_is_empty() {
    let server = Server::of([empty(), empty().with_warning("none")]);
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(1));
    let page = pages.try_next().await.unwrap().unwrap();
    assert!(page.is_empty() && page.paging_state().is_none());
    assert_eq!((page.columns().len(), page.warnings().len()), (2, 1));
    assert!(pages.try_next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn warnings_of_a_long_run_of_empty_pages_are_bounded() {
    let run = (0..1_000).map(|_| empty().with_warning("tombstones"));
    let server = Server::of(run.chain([rows(0..1)]));
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(1));
    let page = pages.try_next().await.unwrap().unwrap();
    assert_eq!((page.number(), page.warnings().len()), (1_001, 32));
}

#[tokio::test(start_paused = true)]
async fn g2_3_pages_come_before_the_error_that_follows_them() {
    for prefetch in 0..4 {
        let delay = Duration::from_millis(1);
        let server = Server::of([rows(0..2), rows(2..4).after(delay), failing("down")]);
        let budget = plenty();
        let mut pages = server.pages(&budget, prefetching(prefetch));
        assert_eq!(ids_of(&pages.try_next().await.unwrap().unwrap()), [0, 1]);
        // The error arrives while the second page is not read yet.
        for _ in 0..3 {
            tokio::time::sleep(delay).await;
            pages.fetch_ahead();
        }
        assert_eq!(ids_of(&pages.try_next().await.unwrap().unwrap()), [2, 3]);
        let position = pages.position();
        assert_eq!(pages.try_next().await.unwrap_err(), Failed::Server("down"));
        assert_eq!(pages.position(), position, "it says from where to go on");
        for _ in 0..3 {
            assert!(pages.try_next().await.unwrap().is_none());
            pages.fetch_ahead();
        }
        assert_eq!(server.asked(), [0, 1, 2]);
        assert_at_rest(&server, &budget);
    }
}

#[tokio::test(start_paused = true)]
async fn g5_4_a_page_that_came_before_the_first_poll_is_there_on_it() {
    let delay = Duration::from_millis(5);
    let server = Server::of([rows(0..2).after(delay), rows(2..3)]);
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(1));
    assert!(server.asked().is_empty(), "nothing is asked for before somebody wants it");
    pages.fetch_ahead();
    assert_eq!(server.asked(), [0]);
    tokio::time::sleep(delay).await;
    let page = at_the_first_poll(&mut pages).await.unwrap();
    assert_eq!(ids_of(&page), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn g5_4_an_error_that_came_before_the_first_poll_is_there_on_it() {
    let delay = Duration::from_millis(5);
    let server = Server::of([failing("down").after(delay)]);
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(1));
    pages.fetch_ahead();
    tokio::time::sleep(delay).await;
    assert_eq!(at_the_first_poll(&mut pages).await.unwrap_err(), Failed::Server("down"));
}

async fn at_the_first_poll(pages: &mut Pages<Source>) -> Result<Page, Failed> {
    let mut next = Box::pin(pages.try_next());
    match poll_once(&mut next).await {
        Poll::Ready(page) => page.map(Option::unwrap),
        Poll::Pending => panic!("it is there, and was not given out"),
    }
}

/// One thread, a source that never has to wait, and a reader that never does either.
#[tokio::test(start_paused = true)]
async fn a_reader_whose_pages_are_always_there_gives_others_their_turn() {
    for (what, script) in [("rows", rows(0..1)), ("empty pages", empty())] {
        let server = Server::of(repeat_n(script, 1_000).chain([rows(0..1)]));
        let turns = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&turns);
        let other = tokio::spawn(async move {
            loop {
                counter.fetch_add(1, Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let budget = plenty();
        let mut pages = server.pages(&budget, prefetching(1));
        while pages.try_next().await.unwrap().is_some() {}
        let turns = turns.load(Relaxed);
        assert!(turns >= 5, "{turns} turns beside 1,001 pages of {what}");
        other.abort();
    }
}

#[tokio::test]
async fn a_result_that_is_none_of_rows_is_a_page_without_columns() {
    let page = Fetched::without_rows(ExecutionInfo::default()).into_page(&plenty());
    assert_eq!((page.len(), page.columns().len(), page.bytes()), (0, 0, 0));
    assert!(page.position_after(0).is_none());
}

#[tokio::test]
async fn what_came_beside_the_rows_is_found_on_the_page() {
    let (tracing_id, payload) = (Uuid::from_u128(7), CustomPayload::default());
    let node = "10.0.0.7:9042".parse().unwrap();
    let info = ExecutionInfo {
        prefixes: Prefixes::new(Some(tracing_id), Vec::new(), Some(payload.clone())),
        coordinator: Some(node),
        protocol: Some(ProtocolVersion::V4),
    };
    let page = Fetched::without_rows(info).into_page(&plenty());
    assert_eq!((page.tracing_id(), page.custom_payload()), (Some(tracing_id), Some(&payload)));
    assert_eq!((page.coordinator(), page.protocol()), (Some(node), Some(ProtocolVersion::V4)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_terminated_once_its_reader_knows_that_it_is_over() {
    let (server, budget) = (Server::of([rows(0..2)]), plenty());
    let mut pages = server.pages(&budget, prefetching(1));
    assert!(!pages.is_terminated());
    assert!(pages.try_next().await.unwrap().is_some());
    assert!(!pages.is_terminated(), "the reader has yet to be told");
    assert!(pages.try_next().await.unwrap().is_none());
    assert!(pages.is_terminated());
    let mut read = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    while !read.is_terminated() {
        let _row = read.try_next().await.unwrap();
    }
    assert_eq!((read.progress().rows, read.progress().ending), (2, Some(Ending::Complete)));
}
