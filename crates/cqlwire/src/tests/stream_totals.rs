//! What the streams of a session came to, counted by it and by each of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::memory::{Memory, at_rest};
use super::{SELECT, prime_users};
use crate::codec::Opcode;
use crate::stream::Ending;
use crate::{PreparedStatement, Progress, RowStream, Session, StreamTotals};

const ROWS: i64 = 95;

/// The last figures that each stream told its hook.
type Reports = Arc<Mutex<Vec<Progress>>>;

fn rows(
    session: &Session,
    by_city: &PreparedStatement,
    reports: &Reports,
) -> RowStream<(i64, String)> {
    let reports = Arc::clone(reports);
    let execution = session.execute(by_city, ("Oslo",)).page_size(10);
    let hook = move |progress: &Progress| {
        if progress.ending.is_some() {
            reports.lock().unwrap().push(*progress);
        }
    };
    execution.stream().on_progress(hook).rows()
}

/// Reads so many rows, to the end or to an error if it comes first, and lets go.
async fn read(mut rows: RowStream<(i64, String)>, most: usize) {
    for _ in 0..most {
        let Ok(Some(_)) = rows.try_next().await else { return };
    }
}

fn sum(reports: &[Progress]) -> StreamTotals {
    let count = |ending| reports.iter().filter(|one| one.ending == Some(ending)).count() as u64;
    let sum = |figure: fn(&Progress) -> u64| reports.iter().map(figure).sum();
    StreamTotals {
        opened: reports.len() as u64,
        complete: count(Ending::Complete),
        limited: count(Ending::Limit),
        failed: count(Ending::Failed),
        dropped: count(Ending::Dropped),
        pages: sum(|one| one.pages),
        empty_pages: sum(|one| one.empty_pages),
        rows: sum(|one| one.rows),
        bytes: sum(|one| one.bytes),
    }
}

#[tokio::test(start_paused = true)]
async fn g9_4_the_figures_of_a_session_are_the_sums_of_its_streams() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), ROWS);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let page = Prime::opcode(Opcode::Execute);
    memory.node().prime(page.page(4).first(30).error(0x1200, "too slow"));
    let reports = Reports::default();
    let mut readers = Vec::new();
    for most in (0..120).chain(0..120) {
        readers.push(tokio::spawn(read(rows(&session, &by_city, &reports), most)));
    }
    for reader in readers {
        reader.await.unwrap();
    }
    at_rest(&session).await;
    let reports = reports.lock().unwrap().clone();
    assert_eq!(session.metrics().streams, sum(&reports));
    assert_eq!((reports.len(), session.metrics().streams.open()), (240, 0));
}

#[tokio::test(start_paused = true)]
async fn g9_4_every_end_is_counted_as_what_it_is() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), ROWS);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let of_ten = || session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(0);
    let complete = of_ten().rows::<(i64, String)>().try_collect(100).await.unwrap();
    assert_eq!(complete.len(), 95);
    let limited = of_ten().row_limit(15).rows::<(i64, String)>();
    assert_eq!(limited.try_collect(100).await.unwrap().len(), 15);
    read(of_ten().rows(), 12).await;
    drop(of_ten().pages());
    let mut wrong_type = of_ten().rows::<(String, String)>();
    wrong_type.try_next().await.unwrap_err();
    let mut wrong_values = session.execute(&by_city, (1_i32,)).pages();
    wrong_values.try_next().await.unwrap_err();

    let kept = of_ten().pages();
    let totals = session.metrics().streams;
    assert_eq!((totals.opened, totals.ended(), totals.open()), (7, 6, 1));
    let ends = (totals.complete, totals.limited, totals.failed, totals.dropped);
    assert_eq!(ends, (1, 1, 2, 2));
    // 10 and 2 and 2, and one whose rows were of another type.
    assert_eq!((totals.pages, totals.empty_pages), (15, 0));
    assert_eq!(totals.rows, 95 + 15 + 12);
    drop(kept);
    assert_eq!(session.metrics().streams.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn g9_4_a_page_that_never_comes_is_none_and_its_stream_is_counted() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), ROWS);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    memory.node().prime(Prime::opcode(Opcode::Execute).page(1).silence());
    for timed_out in [true, false] {
        let before = session.metrics().streams;
        let execution = session.execute(&by_city, ("Oslo",)).page_size(10);
        let mut rows = execution.timeout(Duration::from_secs(1)).rows::<(i64, String)>();
        for _ in 0..10 {
            rows.try_next().await.unwrap().unwrap();
        }
        if timed_out {
            assert!(rows.try_next().await.unwrap_err().is_timeout());
        }
        drop(rows);
        let totals = session.metrics().streams;
        assert_eq!((totals.pages - before.pages, totals.rows - before.rows), (1, 10));
        assert_eq!(totals.failed - before.failed, u64::from(timed_out));
        assert_eq!(totals.dropped - before.dropped, u64::from(!timed_out));
    }
}
