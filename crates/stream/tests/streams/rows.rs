//! Rows come exactly as the server has them, whatever happens on the way.

use std::time::Duration;

use cqlwire_codec::{ColumnSpec, ColumnType, DecodeRow, RowCells, RowPlan, ValueError};
use cqlwire_stream::{OwnedRow, Page, PageBudget, RowStream, Settings, StreamError};
use cqlwire_testkit::cancel::Cancellable;
use futures_util::{StreamExt, TryStreamExt};

use crate::script::{
    Failed, IdAndName, Scripted, Server, Source, columns, empty, failing, name, rows,
};
use crate::{assert_at_rest, plenty, prefetching};

#[tokio::test(start_paused = true)]
async fn g1_6_rows_are_the_servers_with_retries_empty_pages_and_cancellations_in_between() {
    for seed in 0..300 {
        let random = &mut fastrand::Rng::with_seed(seed);
        let server = Server::of(any_pages(random));
        let budget = PageBudget::new(random.usize(0..3_000));
        let settings = prefetching(random.u8(0..4));
        let rows = server.pages(&budget, settings).into_rows::<IdAndName>();
        let read = read_with_interruptions(rows, random).await;
        assert_eq!(read, server.ids(), "seed {seed}");
        assert_eq!(server.abandoned(), 0, "no page was asked for in vain, seed {seed}");
        assert_at_rest(&server, &budget);
    }
}

/// Up to 12 pages of up to 300 rows; many empty, many late, some only after retries.
fn any_pages(random: &mut fastrand::Rng) -> Vec<Scripted> {
    let mut first = 0;
    let count = random.usize(1..12);
    std::iter::repeat_with(|| {
        let most = *random.choice([0, 1, 5, 300].iter()).unwrap();
        let ids = first..first + random.i64(0..=most);
        first = ids.end;
        let delay = Duration::from_millis(random.u64(0..3));
        rows(ids).after(delay).after_retries(random.usize(0..3))
    })
    .take(count)
    .collect()
}

/// Reads to the end, and lets go of many a wait on the way.
async fn read_with_interruptions(
    mut rows: RowStream<IdAndName, Source>,
    random: &mut fastrand::Rng,
) -> Vec<i64> {
    let mut read = Vec::new();
    for _ in 0..10_000 {
        if random.u8(0..10) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        match Cancellable::new(rows.try_next(), random.usize(0..3)).await {
            Some(Ok(Some((id, text)))) => {
                assert_eq!(text, name(id, 0));
                read.push(id);
            }
            Some(Ok(None)) => return read,
            Some(Err(error)) => panic!("{error:?}"),
            None => tokio::time::sleep(Duration::from_micros(300)).await,
        }
    }
    panic!("it gets nowhere")
}

#[tokio::test(start_paused = true)]
async fn g2_3_rows_come_before_the_error_then_one_error_then_the_end() {
    for prefetch in 0..3 {
        let server = Server::of([rows(0..2), rows(2..300), failing("down"), rows(300..301)]);
        let budget = plenty();
        let mut stream = server.pages(&budget, prefetching(prefetch)).into_rows::<IdAndName>();
        for id in 0..300 {
            assert_eq!(stream.try_next().await.unwrap().unwrap().0, id);
        }
        assert_eq!(stream.try_next().await.unwrap_err(), Failed::Server("down"));
        for _ in 0..3 {
            assert_eq!(stream.try_next().await, Ok(None));
        }
        assert_eq!(server.asked(), [0, 1, 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn g2_3_a_row_that_cannot_be_decoded_ends_the_rows_before_it() {
    let server = Server::of([rows(0..3), rows(3..6).cut(), rows(6..9)]);
    let budget = plenty();
    let mut stream = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    for id in 0..5 {
        assert_eq!(stream.try_next().await.unwrap().unwrap().0, id);
    }
    let Err(Failed::Stream(error)) = stream.try_next().await else { panic!("it is cut") };
    let source = ValueError::CutRow { at: 50, needed: 1, remaining: 0 };
    assert_eq!(error, StreamError::Row { page: 2, row: 3, source });
    assert_eq!(
        error.to_string(),
        "page 2, row 3: the rows are cut off at byte 50: 1 bytes needed, 0 left"
    );
    assert_at_rest(&server, &budget);
    assert_eq!(
        stream.position().unwrap().rows_to_skip(),
        2,
        "the row that was not given out is the next"
    );
    assert_eq!(stream.try_next().await, Ok(None));
}

/// The error of the second page is there already when a row of the first turns out broken.
#[tokio::test(start_paused = true)]
async fn g2_3_there_is_one_error_even_if_the_next_page_failed_too() {
    let server = Server::of([rows(0..300).cut(), failing("down")]);
    let budget = plenty();
    let mut stream = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    let mut read = 0;
    let error = loop {
        match stream.try_next().await {
            Ok(row) => read += usize::from(row.is_some()),
            Err(error) => break error,
        }
    };
    assert!(read == 299 && matches!(error, Failed::Stream(_)), "{read} rows, then {error:?}");
    assert_eq!(server.asked(), [0, 1], "the failure came ahead");
    assert_eq!(stream.try_next().await, Ok(None));
}

/// Counts how often its columns are checked.
#[derive(Debug)]
struct Counted;

static CHECKS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

impl DecodeRow<'_> for Counted {
    fn plan(_: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        CHECKS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(RowPlan::by_position())
    }

    fn decode_row(_: &RowPlan, _: &mut RowCells<'_>) -> Result<Self, ValueError> {
        Ok(Self)
    }
}

#[tokio::test(start_paused = true)]
async fn a_type_is_checked_once_for_pages_that_share_their_columns() {
    let altered = columns(ColumnType::BigInt, ColumnType::Ascii);
    let server = Server::of([
        rows(0..500),
        rows(0..500),
        rows(0..1).with_columns(&altered),
        rows(0..1).with_columns(&altered),
    ]);
    let budget = plenty();
    let counted = server.pages(&budget, prefetching(1)).into_rows::<Counted>();
    assert_eq!(counted.try_collect(2_000).await.unwrap().len(), 1_002);
    assert_eq!(CHECKS.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_with_other_columns_is_never_decoded_with_the_old_ones() {
    let altered = columns(ColumnType::BigInt, ColumnType::Blob);
    let script = [rows(0..2), rows(2..4).with_columns(&altered), rows(4..6)];
    let (server, budget) = (Server::of(script), plenty());
    let mut typed = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    assert_eq!(typed.try_next().await.unwrap().unwrap().0, 0);
    assert_eq!(typed.try_next().await.unwrap().unwrap().0, 1);
    let error = typed.try_next().await.unwrap_err();
    let Failed::Stream(error @ StreamError::Columns { .. }) = error else { panic!("{error:?}") };
    let text = error.to_string();
    assert!(text.starts_with("page 2: column `name`: blob does not go with"), "{text}");
    assert_at_rest(&server, &budget);

    // From the same place they are read as what they are now.
    let from = typed.position().unwrap();
    let settings = Settings { from, row_limit: Some(2), ..Settings::default() };
    let rest = server.pages(&budget, settings).into_rows::<(i64, Vec<u8>)>();
    assert_eq!(rest.try_collect(9).await.unwrap(), [(2, b"2".to_vec()), (3, b"3".to_vec())]);
}

#[tokio::test(start_paused = true)]
async fn a_dynamic_row_follows_the_columns_of_its_page() {
    let altered = columns(ColumnType::BigInt, ColumnType::Blob);
    let server = Server::of([rows(0..1), rows(1..2).with_columns(&altered)]);
    let budget = plenty();
    let dynamic = server.pages(&budget, prefetching(1)).into_rows::<OwnedRow>();
    let rows = dynamic.try_collect(9).await.unwrap();
    assert_eq!(rows[0].get::<&str>("name"), Ok("0"));
    assert_eq!(rows[1].get::<&[u8]>("name"), Ok(&b"1"[..]));
    assert_eq!(rows[1].decode::<(i64, &[u8])>(), Ok((1, &b"1"[..])));
    assert_eq!(rows[1].raw(0).unwrap().bytes, Some(&1_i64.to_be_bytes()[..]));
    assert_eq!(rows[1].columns(), &*altered);
    assert_eq!(format!("{:?}", rows[1]), r#"OwnedRow(17 bytes) ["id", "name"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_dynamic_row_is_cut_where_its_page_is() {
    let server = Server::of([rows(0..2).cut()]);
    let budget = plenty();
    let mut dynamic = server.pages(&budget, prefetching(1)).into_rows::<OwnedRow>();
    assert_eq!(dynamic.try_next().await.unwrap().unwrap().get::<i64>(0), Ok(0));
    assert!(matches!(
        dynamic.try_next().await,
        Err(Failed::Stream(StreamError::Row { page: 1, row: 2, .. }))
    ));
}

#[tokio::test(start_paused = true)]
async fn collecting_takes_no_more_than_its_limit() {
    let server = Server::of([rows(0..3), rows(3..5)]);
    let budget = plenty();
    let collect =
        |limit| server.pages(&budget, prefetching(1)).into_rows::<IdAndName>().try_collect(limit);
    assert_eq!(collect(5).await.unwrap().len(), 5);
    let error = collect(4).await.unwrap_err();
    assert_eq!(error, Failed::Stream(StreamError::TooManyRows { limit: 4 }));
    assert_at_rest(&server, &budget);
}

#[tokio::test(start_paused = true)]
async fn a_result_without_rows_still_has_columns_and_checks_its_type() {
    let (server, budget) = (Server::of([empty()]), plenty());
    let mut none = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    assert_eq!(none.try_next().await, Ok(None));
    assert_eq!(none.columns().unwrap()[0].name, "id");
    assert!(none.page().is_none());
    let mut wrong = server.pages(&budget, prefetching(1)).into_rows::<(i64, i64)>();
    assert!(wrong.try_next().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn both_are_streams_for_those_who_have_the_combinators() {
    let (server, budget) = (Server::of([rows(0..3), empty(), rows(3..5)]), plenty());
    let pages: Vec<_> = server.pages(&budget, prefetching(1)).try_collect().await.unwrap();
    assert_eq!(pages.iter().map(Page::len).collect::<Vec<_>>(), [3, 2]);
    let stream = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
    let mut ids = stream.map_ok(|(id, _)| id).fuse();
    for id in 0..5 {
        assert_eq!(ids.next().await, Some(Ok(id)));
    }
    assert_eq!(ids.next().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_goes_from_one_thread_to_another() {
    let budget = plenty();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let delay = Duration::from_micros(100);
        let server = Server::of((0..20).map(|page| rows(page * 10..page * 10 + 10).after(delay)));
        let rows = server.pages(&budget, prefetching(1)).into_rows::<IdAndName>();
        readers.spawn(async move { rows.try_collect(200).await.unwrap().len() });
    }
    let read: usize = readers.join_all().await.into_iter().sum();
    assert_eq!(read, 50 * 200);
    assert_eq!(budget.usage().bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn the_page_of_the_last_row_is_known_and_the_first_can_be_asked_for_ahead() {
    let (server, budget) = (Server::of([rows(0..1), rows(1..2)]), plenty());
    let mut read = server.pages(&budget, prefetching(0)).into_rows::<IdAndName>();
    assert!(read.page().is_none());
    read.fetch_ahead();
    assert_eq!(server.asked(), [0]);
    for number in 1..=2 {
        assert!(read.try_next().await.unwrap().is_some());
        assert_eq!(read.page().map(Page::number), Some(number));
    }
    assert!(read.try_next().await.unwrap().is_none());
    assert!(read.page().is_none());
}
