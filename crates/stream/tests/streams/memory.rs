//! Pages are gone when their use is over.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_stream::{OwnedRow, PageBudget};
use cqlwire_testkit::probe::Baseline;

use crate::script::{IdAndName, Server, failing, rows, silent};
use crate::{assert_at_rest, plenty, prefetching};

#[tokio::test(start_paused = true)]
async fn g2_1_a_stream_holds_its_page_and_those_ahead_and_no_more() {
    for ahead in 0..4_u8 {
        let server = Server::of((0..1_000).map(|page| rows(page * 130..page * 130 + 130)));
        let budget = plenty();
        let mut stream = server.pages(&budget, prefetching(ahead)).into_rows::<IdAndName>();
        let (mut read, mut most) = (0, 0);
        while stream.try_next().await.unwrap().is_some() {
            read += 1;
            most = most.max(server.live_pages());
        }
        assert_eq!((read, most), (130_000, 1 + usize::from(ahead)));
        assert_at_rest(&server, &budget);
    }
}

#[tokio::test(start_paused = true)]
async fn g2_2_with_an_error_all_pages_are_freed_while_it_is_still_held() {
    for prefetch in 0..3 {
        let script = [rows(0..300), rows(300..600).cut(), rows(600..900), rows(900..901)];
        let server = Server::of(script);
        let budget = plenty();
        let mut stream = server.pages(&budget, prefetching(prefetch)).into_rows::<IdAndName>();
        let error = loop {
            match stream.try_next().await {
                Ok(row) => assert!(row.is_some()),
                Err(error) => break error,
            }
        };
        assert_at_rest(&server, &budget);
        drop((error, stream));
    }
}

#[tokio::test(start_paused = true)]
async fn g2_2_with_the_error_of_the_next_page_all_pages_are_freed() {
    let server = Server::of([rows(0..2), failing("down")]);
    let budget = plenty();
    let mut stream = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    assert!(stream.try_next().await.is_ok() && stream.try_next().await.is_ok());
    let _error = stream.try_next().await.unwrap_err();
    assert_at_rest(&server, &budget);
}

#[tokio::test(start_paused = true)]
async fn g2_2_dropped_in_the_middle_of_a_page_nothing_is_held() {
    let server = Server::of((0..9).map(|page| rows(page * 300..page * 300 + 300)));
    for read in [0, 1, 150, 299, 300, 301, 2_700] {
        let budget = plenty();
        let mut stream = server.pages(&budget, prefetching(3)).into_rows::<IdAndName>();
        for _ in 0..read {
            stream.try_next().await.unwrap().unwrap();
        }
        drop(stream);
        assert_at_rest(&server, &budget);
    }
}

#[tokio::test(start_paused = true)]
async fn g2_4_dropped_with_a_page_on_its_way_the_page_is_abandoned_and_no_task_is_left() {
    let baseline = Baseline::of_tasks();
    let late = Duration::from_secs(1);
    for next in [silent(), rows(2..4).after(late)] {
        let server = Server::of([rows(0..2), next]);
        let budget = plenty();
        let mut stream = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
        stream.try_next().await.unwrap();
        assert_eq!((server.under_way(), server.abandoned()), (1, 0));
        assert!(budget.usage().reserved_bytes > 0);
        drop(stream);
        assert_eq!((server.under_way(), server.abandoned()), (0, 1));
        assert_at_rest(&server, &budget);
    }
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn g2_5_ten_thousand_times_opened_read_a_little_and_dropped() {
    let server = Server::of([rows(0..100), rows(100..200), silent()]);
    let budget = plenty();
    for _ in 0..10_000 {
        let mut stream = server.pages(&budget, prefetching(2)).into_rows::<IdAndName>();
        for _ in 0..10 {
            stream.try_next().await.unwrap().unwrap();
        }
        drop(stream);
        assert_at_rest(&server, &budget);
    }
    assert!(budget.usage().peak_bytes > 0);
}

#[tokio::test(start_paused = true)]
async fn g2_6_what_is_kept_of_a_row_does_not_keep_its_page() {
    let server = Server::of([rows(0..3).with_names_of(10_000)]);
    let budget = plenty();
    let typed = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    let kept = typed.try_collect(3).await.unwrap();
    assert_at_rest(&server, &budget);
    let dynamic = server.pages(&budget, prefetching(1)).into_rows::<OwnedRow>();
    let rows = dynamic.try_collect(3).await.unwrap();
    assert_at_rest(&server, &budget);
    assert_eq!(rows[2].get::<String>("name").unwrap(), kept[2].1);
}

/// What a page holds is counted wherever the page is, also when its stream is long gone.
#[tokio::test(start_paused = true)]
async fn a_page_counts_for_as_long_as_it_is_kept() {
    let server = Server::of([rows(0..100), rows(100..200)]);
    let budget = PageBudget::new(4_000);
    let mut pages = server.pages(&budget, prefetching(1));
    let kept = pages.try_next().await.unwrap().unwrap();
    drop(pages);
    assert_eq!((budget.usage().pages, budget.usage().bytes), (1, kept.bytes()));
    let mut other = server.pages(&budget, prefetching(1));
    let _page = other.try_next().await.unwrap().unwrap();
    assert_eq!(server.asked(), [0, 1, 0], "no room is left to ask ahead");
    drop(kept);
    other.fetch_ahead();
    assert_eq!(server.asked(), [0, 1, 0, 1]);
}

#[test]
fn g5_3_a_stream_is_dropped_outside_of_a_runtime() {
    static READ: AtomicUsize = AtomicUsize::new(0);
    let server = Server::of([rows(0..2), silent()]);
    let budget = plenty();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let stream = runtime.block_on(async {
        let mut stream = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
        READ.fetch_add(usize::from(stream.try_next().await.unwrap().is_some()), Relaxed);
        stream
    });
    drop(runtime);
    assert_eq!((READ.load(Relaxed), server.under_way()), (1, 1));
    drop(stream);
    assert_at_rest(&server, &budget);
}
