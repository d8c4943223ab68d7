//! A reader stops anywhere, and another one goes on from there.

use cqlwire_stream::{Ending, PageBudget, Position, Settings};

use crate::pages::ids_of;
use crate::plenty;
use crate::script::{IdAndName, Scripted, Server, empty, rows};

fn script() -> Vec<Scripted> {
    vec![rows(0..3), empty(), rows(3..4), rows(4..9), empty()]
}

async fn ids_from(server: &Server, budget: &PageBudget, settings: Settings) -> Vec<i64> {
    let rows = server.pages(budget, settings).into_rows::<IdAndName>();
    rows.try_collect(100).await.unwrap().into_iter().map(|(id, _)| id).collect()
}

/// Where somebody stands who has read so many rows of a long first page.
async fn skipping(rows_read: i64) -> Position {
    let server = Server::of([rows(0..100)]);
    let mut stream = server.pages(&plenty(), Settings::default()).into_rows::<IdAndName>();
    for _ in 0..rows_read {
        stream.try_next().await.unwrap();
    }
    stream.position().unwrap()
}

#[tokio::test(start_paused = true)]
async fn g1_6_a_reader_that_stops_at_any_row_is_followed_by_one_that_misses_none() {
    let (server, budget) = (Server::of(script()), plenty());
    for prefetch in 0..3 {
        for stop in 0..=9 {
            let settings = Settings { prefetch, ..Settings::default() };
            let mut first = server.pages(&budget, settings).into_rows::<IdAndName>();
            for id in 0..stop {
                assert_eq!(first.try_next().await.unwrap().unwrap().0, id);
            }
            let from = first.position().unwrap();
            let rest = ids_from(&server, &budget, Settings { from, ..Settings::default() }).await;
            assert_eq!(rest, (stop..9).collect::<Vec<_>>(), "stopped before row {stop}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_result_is_no_position() {
    let (server, budget) = (Server::of(script()), plenty());
    let mut pages = server.pages(&budget, Settings::default());
    assert_eq!(pages.position(), Some(Position::START));
    while pages.try_next().await.unwrap().is_some() {}
    assert_eq!(pages.position(), None);
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_pages_stops_between_them_or_within_one() {
    let (server, budget) = (Server::of(script()), plenty());
    let mut pages = server.pages(&budget, Settings::default());
    let page = pages.try_next().await.unwrap().unwrap();
    for (from, rest) in [
        (page.position_after(0), 0..9),
        (page.position_after(2), 2..9),
        (page.position_after(3), 3..9),
        (page.position_after(99), 3..9),
        (pages.position(), 3..9),
    ] {
        let settings = Settings { from: from.unwrap(), ..Settings::default() };
        assert_eq!(ids_from(&server, &budget, settings).await, rest.collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn rows_may_be_skipped_over_several_pages_and_past_the_end() {
    let (server, budget) = (Server::of(script()), plenty());
    for skip in 0..12 {
        let from = skipping(skip).await;
        let rest = ids_from(&server, &budget, Settings { from, ..Settings::default() }).await;
        assert_eq!(rest, (skip..9).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_skipped_in_a_damaged_page_are_found_damaged() {
    let server = Server::of([rows(0..3).cut(), rows(3..4)]);
    let budget = plenty();
    let from = skipping(3).await;
    let settings = Settings { from, ..Settings::default() };
    let mut stream = server.pages(&budget, settings).into_rows::<IdAndName>();
    let error = format!("{:?}", stream.try_next().await.unwrap_err());
    assert!(error.contains("page: 1, row: 3"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_row_limit_leaves_the_rest_to_the_next_reader() {
    for (server, what) in [
        (Server::of(script()), "the server gives no more than it is asked for"),
        (Server::that_ignores_the_page_size(script()), "the server gives more"),
    ] {
        let budget = plenty();
        for limit in 0..=9 {
            let settings = Settings { row_limit: Some(limit), ..Settings::default() };
            let mut pages = server.pages(&budget, settings);
            let mut read = Vec::new();
            while let Some(page) = pages.try_next().await.unwrap() {
                assert!(!page.is_empty());
                read.extend(ids_of(&page));
            }
            assert_eq!(pages.progress().ending, Some(Ending::Limit));
            assert_eq!((read.len() as u64, pages.progress().rows), (limit, limit), "{what}");
            let from = pages.position().unwrap();
            let rest = ids_from(&server, &budget, Settings { from, ..Settings::default() }).await;
            read.extend(rest);
            assert_eq!(read, server.ids(), "{what}, limit {limit}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_skipped_are_asked_for_beside_the_limit() {
    let (server, budget) = (Server::of([rows(0..9)]), plenty());
    let from = skipping(4).await;
    let settings = Settings { from, row_limit: Some(2), ..Settings::default() };
    assert_eq!(ids_from(&server, &budget, settings).await, [4, 5]);
    assert_eq!(server.asked(), [0], "in one page");
}

#[tokio::test(start_paused = true)]
async fn a_row_limit_that_is_not_reached_is_no_end() {
    let (server, budget) = (Server::of([rows(0..3), rows(3..5)]), plenty());
    for limit in [5, 6, u64::from(u32::MAX) + 1, u64::MAX] {
        let settings = Settings { row_limit: Some(limit), ..Settings::default() };
        let mut pages = server.pages(&budget, settings);
        while pages.try_next().await.unwrap().is_some() {}
        let progress = pages.progress();
        assert_eq!((progress.rows, progress.ending), (5, Some(Ending::Complete)));
        assert_eq!(pages.position(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_limit_counts_empty_pages_and_leaves_the_rest() {
    let (server, budget) = (Server::of(script()), plenty());
    for (limit, first) in [(0, 0), (1, 3), (2, 3), (3, 4), (4, 9)] {
        let settings = Settings { page_limit: Some(limit), ..Settings::default() };
        let mut pages = server.pages(&budget, settings);
        let mut read = Vec::new();
        while let Some(page) = pages.try_next().await.unwrap() {
            read.extend(ids_of(&page));
        }
        assert_eq!(read, (0..first).collect::<Vec<_>>());
        assert_eq!(pages.progress().pages, limit);
        let from = pages.position().unwrap();
        let rest = ids_from(&server, &budget, Settings { from, ..Settings::default() }).await;
        assert_eq!(rest, (first..9).collect::<Vec<_>>());
    }
}
