//! A stream, or a wait for its next row, is let go of at every point where that is possible.

use std::time::Duration;

use cqlwire_stream::{Ending, Position, Settings};
use cqlwire_testkit::cancel::{Cancellable, Cut, cancel_at_every_poll};

use crate::script::{IdAndName, Scripted, Server, empty, rows};
use crate::{assert_at_rest, plenty, prefetching};

const DELAY: Duration = Duration::from_millis(1);

/// Far more waits than it takes to read the result: one that is not over then gets nowhere.
const MOST_WAITS: usize = 1_000;

fn script() -> Vec<Scripted> {
    vec![
        rows(0..3).after(DELAY),
        empty().after(DELAY).after_retries(1),
        rows(3..200).after(DELAY),
        empty(),
        rows(200..201).after(DELAY),
    ]
}

#[tokio::test(start_paused = true)]
async fn g8_1_dropped_at_every_poll_a_stream_gives_everything_back() {
    for prefetch in 0..3 {
        let (server, budget) = (Server::of(script()), plenty());
        let read_all = || {
            let stream = server.pages(&budget, prefetching(prefetch)).into_rows::<IdAndName>();
            stream.try_collect(1_000)
        };
        let (rows, drops) = cancel_at_every_poll(read_all, async |_| {
            assert_at_rest(&server, &budget);
        })
        .await;
        assert_eq!(rows.unwrap().len(), 201);
        assert!(drops > 5, "{drops}");
        let reports = server.reports();
        let ended = |ending| reports.iter().filter(|report| report.ending == Some(ending)).count();
        assert_eq!((ended(Ending::Complete), ended(Ending::Dropped)), (1, drops));
    }
}

/// Each wait is cut at the same point, over and over, until the result is read: no point loses
/// a row, gives one twice, or asks for a page again.
#[tokio::test(start_paused = true)]
async fn g1_6_a_wait_dropped_at_any_poll_loses_no_row_and_asks_for_no_page_twice() {
    for prefetch in 0..3 {
        for cut in [Cut::AfterPolls(1), Cut::WhenWokenAfter(1), Cut::WhenWokenAfter(2)] {
            let (server, budget) = (Server::of(script()), plenty());
            let mut stream = server.pages(&budget, prefetching(prefetch)).into_rows::<IdAndName>();
            let mut ids = Vec::new();
            for _ in 0..MOST_WAITS {
                match Cancellable::at(stream.try_next(), cut).await {
                    Some(row) => match row.unwrap() {
                        Some((id, _)) => ids.push(id),
                        None => break,
                    },
                    None => tokio::time::sleep(DELAY / 2).await,
                }
            }
            assert_eq!(ids, server.ids());
            assert_eq!((server.asked(), server.abandoned()), (vec![0, 1, 1, 2, 3, 4], 0));
            assert_at_rest(&server, &budget);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g1_6_a_wait_for_a_page_dropped_at_any_poll_loses_no_page() {
    let (server, budget) = (Server::of(script()), plenty());
    let mut pages = server.pages(&budget, prefetching(1));
    let (mut read, mut drops) = (0, 0);
    for _ in 0..MOST_WAITS {
        match Cancellable::new(pages.try_next(), 1).await {
            Some(page) => match page.unwrap() {
                Some(page) => read += page.len(),
                None => break,
            },
            None => {
                drops += 1;
                tokio::time::sleep(DELAY / 2).await;
            }
        }
    }
    assert!(read == 201 && drops > 3, "{read} rows, {drops} waits dropped");
    assert_eq!(server.abandoned(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_of_empty_pages_is_left_at_any_time() {
    let server = Server::of((0..10_000).map(|_| empty()));
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(1));
    let left = Cancellable::new(pages.try_next(), 3).await;
    assert!(left.is_none(), "it does not go through ten thousand pages in one poll");
    assert!((1..1_000).contains(&pages.progress().pages));
    let from = pages.position().unwrap();
    assert_ne!(from, Position::START, "and what was passed over is not read again");
    drop(pages);
    let settings = Settings { from, page_limit: Some(10), ..Settings::default() };
    let mut rest = server.pages(&budget, settings);
    assert!(rest.try_next().await.unwrap().is_none());
    assert_at_rest(&server, &budget);
}
