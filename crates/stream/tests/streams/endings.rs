//! Streams count what came, and say once how they ended.

use std::time::Duration;

use cqlwire_stream::{Ending, Progress, Settings};

use crate::script::{IdAndName, Server, empty, failing, rows};
use crate::{plenty, prefetching};

const DELAY: Duration = Duration::from_millis(10);

/// The figures that the stream of a script reports in the end, read until `stop` rows came.
async fn report(server: &Server, settings: Settings, stop: usize) -> Progress {
    let budget = plenty();
    let mut stream = server.pages(&budget, settings).into_rows::<IdAndName>();
    let mut read = 0;
    while read < stop && matches!(stream.try_next().await, Ok(Some(_))) {
        read += 1;
    }
    let before = stream.progress();
    tokio::time::sleep(DELAY).await;
    let after = stream.progress();
    assert_eq!(before.elapsed == after.elapsed, after.ending.is_some(), "its clock stops then");
    drop(stream);
    let reports = server.reports();
    let endings = reports.iter().filter(|report| report.ending.is_some()).count();
    assert_eq!(endings, 1, "it ends once: {reports:?}");
    assert_eq!(server.held_at_ends(), [0], "all is given back by then");
    *reports.last().unwrap()
}

#[tokio::test(start_paused = true)]
async fn g9_4_streams_count_pages_rows_and_bytes_and_how_they_ended() {
    let limit = Settings { row_limit: Some(4), ..Settings::default() };
    let good = || Server::of([rows(0..3).after(DELAY), empty(), rows(3..5)]);
    let failed = Server::of([rows(0..3).after(DELAY), empty(), failing("down")]);
    for (server, settings, stop, ending, read, bytes) in [
        (good(), prefetching(1), 99, Ending::Complete, 5, 85),
        (good(), limit, 99, Ending::Limit, 4, 68),
        (good(), prefetching(1), 5, Ending::Dropped, 5, 85),
        (good(), prefetching(0), 4, Ending::Dropped, 4, 85),
        (failed, prefetching(0), 99, Ending::Failed, 3, 51),
    ] {
        let report = report(&server, settings, stop).await;
        assert_eq!(report.ending, Some(ending));
        assert_eq!((report.rows, report.bytes), (read, bytes), "{ending:?}");
        let pages = if ending == Ending::Failed { 2 } else { 3 };
        assert_eq!((report.pages, report.empty_pages), (pages, 1));
        assert!(report.elapsed >= DELAY);
    }
}

#[tokio::test(start_paused = true)]
async fn g9_4_a_stream_that_was_never_polled_ends_as_well() {
    let server = Server::of([rows(0..1)]);
    drop(server.pages(&plenty(), prefetching(1)));
    let reports = server.reports();
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0].pages, reports[0].ending), (0, Some(Ending::Dropped)));
    assert!(server.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_page_is_reported_as_it_comes() {
    let server = Server::of([rows(0..3), empty(), rows(3..5)]);
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(0));
    while pages.try_next().await.unwrap().is_some() {}
    let figures: Vec<_> =
        server.reports().iter().map(|report| (report.pages, report.rows, report.bytes)).collect();
    assert_eq!(figures, [(1, 0, 51), (2, 3, 51), (3, 3, 85), (3, 5, 85)]);
}

#[tokio::test(start_paused = true)]
async fn the_rows_of_pages_count_when_they_are_given_out() {
    let server = Server::of([rows(0..3), rows(3..5)]);
    let budget = plenty();
    let mut pages = server.pages(&budget, prefetching(1));
    pages.fetch_ahead();
    assert_eq!((pages.progress().pages, pages.progress().rows), (1, 0));
    let _page = pages.try_next().await.unwrap();
    assert_eq!((pages.progress().pages, pages.progress().rows), (2, 3));
}
