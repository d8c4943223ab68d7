//! How a load ends before its source does, and what it leaves behind.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_testkit::cancel::cancel_at_every_poll;
use futures_util::stream;

use super::super::memory::{at_rest, ends_after};
use super::*;
use crate::{ErrorKind, TimeoutPhase};

const SOON: Duration = Duration::from_millis(300);

#[tokio::test(start_paused = true)]
async fn g8_1_a_load_dropped_at_every_poll() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::opcode(Opcode::Execute).after(Duration::from_millis(2)));
    prime_all(&cluster, &Prime::opcode(Opcode::Batch).after(Duration::from_millis(3)));
    let rows = readings(6, 3);
    for text in [WRITE, PLAIN] {
        let fresh = || {
            let (session, rows) = (&session, &rows);
            Box::pin(async move {
                if text == WRITE {
                    session.insert_all(text, rows).concurrency(4).await.map(drop).unwrap();
                } else {
                    let rows = (0..6).map(|n| (n, "v"));
                    session.insert_all(text, rows).concurrency(4).await.map(drop).unwrap();
                }
            })
        };
        let ((), dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
        assert!(dropped >= 4, "dropped at {dropped} points only");
    }
}

#[tokio::test(start_paused = true)]
async fn g8_2_rows_that_were_not_written_when_it_is_dropped_are_never_sent() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let plain = session.prepare(PLAIN).await.unwrap();
    for _ in 0..20 {
        let mut load = session.insert_all(&plain, (0..1_000).map(|n| (n, "v")));
        assert!(cqlwire_testkit::cancel::poll_once(&mut load).await.is_pending());
        assert_eq!(load.progress().taken, 256);
    }
    at_rest(&session).await;
    session.execute(&plain, (1, "the last")).await.unwrap();
    assert_eq!(requests(&cluster, PLAIN).len(), 1);
}

/// A failure at a time, each call dropped in the middle: none is lost, and none comes twice.
#[tokio::test(start_paused = true)]
async fn g8_1_a_call_for_the_next_failure_that_is_dropped_loses_none() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let error = Prime::statement(PLAIN).error(0x1100, "late").after(Duration::from_millis(1));
    prime_all(&cluster, &error);
    let mut load = session.insert_all(PLAIN, (0..100).map(|n| (n, "v"))).concurrency(3);
    let mut numbers = Vec::new();
    loop {
        let call = cqlwire_testkit::cancel::Cancellable::new(load.next_failure(), 1);
        match call.await {
            None => tokio::time::sleep(Duration::from_micros(700)).await,
            Some(Ok(Some(failure))) => numbers.push(failure.number),
            Some(Ok(None)) => break,
            Some(Err(error)) => panic!("{error}"),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g6_1_the_time_of_the_whole_ends_it_with_each_row_accounted_for() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::statement(PLAIN).after(2 * SOON));
    let plain = session.prepare(PLAIN).await.unwrap();
    let load = session.insert_all(&plain, (0..1_000).map(|n| (n, "v"))).concurrency(8);
    let load = load.total_timeout(SOON).max_failures(1_000);
    let error = ends_after(SOON, load).await.unwrap_err();
    assert_eq!((error.failures.len(), error.progress.taken), (8, 8));
    assert!(error.failures.iter().all(|failure| failure.error.is_timeout()));
    let stopped = error.stopped.unwrap();
    let phase = TimeoutPhase::Load;
    assert!(matches!(stopped.kind(), ErrorKind::Timeout { phase: p, .. } if *p == phase));
    assert!(stopped.may_have_been_applied() && stopped.to_string().contains("loading rows"));
    assert!(stopped.elapsed().unwrap() >= SOON);

    // Also while there is nothing to be waited for but rows.
    let rows = stream::pending::<(i32, &str)>();
    let load = session.insert_stream(&plain, rows).total_timeout(SOON);
    let error = ends_after(SOON, load).await.unwrap_err();
    assert!(error.stopped.unwrap().is_timeout());
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g10_1_a_session_that_is_closed_ends_it_and_each_row_has_its_true_outcome() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::statement(PLAIN).after(Duration::from_millis(5)));
    let plain = session.prepare(PLAIN).await.unwrap();
    let load = session.insert_all(&plain, (0..100_000).map(|n| (n, "v"))).concurrency(8);
    let load = load.max_failures(u64::MAX);
    let watch = load.watch();
    let closes = async {
        eventually(PATIENCE, "some are written", || watch.progress().written > 50).await;
        session.close(PATIENCE).await;
    };
    let (loaded, ()) = tokio::join!(load, closes);
    let error = loaded.unwrap_err();
    assert!(error.stopped.unwrap().is_closed());
    assert!(error.failures.iter().all(|failure| failure.error.is_closed()));
    let written = requests(&cluster, PLAIN).len() as u64;
    assert_eq!((error.progress.written, error.progress.taken), (written, error.progress.done()));
    assert!(session.resources().is_zero(), "{}", session.resources());
}

#[tokio::test(start_paused = true)]
async fn g10_1_a_load_that_waits_for_rows_ends_with_the_session() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let plain = session.prepare(PLAIN).await.unwrap();
    let load = session.insert_stream(&plain, stream::pending::<(i32, &str)>());
    let closes = async {
        tokio::time::sleep(SOON).await;
        session.close(PATIENCE).await;
    };
    let (loaded, ()) = tokio::join!(load, closes);
    assert!(loaded.unwrap_err().error.is_closed());
}

#[tokio::test(start_paused = true)]
async fn what_writes_no_rows_or_cannot_be_prepared_takes_none() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let mut rows = (0..10).map(|n| (n,));
    for text in ["SELECT v FROM app.plain WHERE k = ?", "DROP TABLE app.plain"] {
        let error = session.insert_all(text, &mut rows).await.unwrap_err();
        let named = matches!(error.error.kind(), ErrorKind::Settings { setting, .. } if setting == "insert_all");
        assert!(named && !error.error.may_have_been_applied(), "{error}");
    }
    let error = session.insert_all("use app", &mut rows).await.unwrap_err();
    assert!(matches!(error.error.kind(), ErrorKind::UseStatement), "{error}");
    prime_all(&cluster, &Prime::prepare(PLAIN).error(0x2200, "unconfigured table"));
    let error = session.insert_all(PLAIN, &mut rows).await.unwrap_err();
    assert!(error.to_string().contains("unconfigured table"), "{error}");
    let mut load = session.insert_all(PLAIN, &mut rows);
    assert!(load.next_failure().await.is_err() && load.progress().taken == 0);
    drop(load);
    assert_eq!(rows.len(), 10);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_load_of_no_rows_is_one() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let progress = session.insert_all(PLAIN, Vec::<(i32, &str)>::new()).await.unwrap();
    assert_eq!((progress.taken, progress.requests, progress.is_over), (0, 0, true));
}

/// Counts the turns that another task of the same thread has until all rows have failed.
async fn turns_until_all_failed<R: Send>(mut load: crate::Load<'_, R>, rows: u64) -> u64 {
    let turns = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&turns);
    let other = tokio::spawn(async move {
        loop {
            counted.fetch_add(1, Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let failed = async {
        let mut failed = 0;
        // A session that was closed says so when all are through.
        while let Ok(Some(_)) = load.next_failure().await {
            failed += 1;
        }
        failed
    };
    assert_eq!(tokio::time::timeout(PATIENCE, failed).await.expect("it ends"), rows);
    other.abort();
    assert_eq!((load.progress().failed, load.progress().written), (rows, 0));
    turns.load(Relaxed)
}

/// Nothing is waited for: not for a server, a timer or the source.
#[tokio::test(start_paused = true)]
async fn g7_5_a_load_of_which_all_rows_fail_at_once_ends_and_others_have_their_turns() {
    const ROWS: u64 = 4_000;
    // 256 requests are polled in one turn.
    const FEWEST: u64 = ROWS / 256;
    let rows = || (0..4_000).map(|n| (n, "v"));
    let cluster = cluster();
    let session = builder_of(&cluster).retries(|retries| retries.max_plans = 1).connect().await;
    let session = session.unwrap();
    knows_schema(&session).await;
    for text in [PLAIN, WRITE] {
        let statement = session.prepare(text).await.unwrap();
        // Both texts have values of other types: no row can be encoded.
        let misfits = (0..4_000).map(|_| ("text", "text", 5));
        let load = session.insert_all(&statement, misfits);
        let turns = turns_until_all_failed(load, ROWS).await;
        assert!(turns >= FEWEST, "{turns}");
    }
    let plain = session.prepare(PLAIN).await.unwrap();
    // With no time, nothing is sent.
    let load = session.insert_all(&plain, rows()).timeout(Duration::ZERO);
    let turns = turns_until_all_failed(load, ROWS).await;
    assert!(turns >= FEWEST, "{turns}");
    (0..3).for_each(|number| cluster.kill(number));
    eventually(PATIENCE, "nobody is there", || session.resources().connections == 0).await;
    let turns = turns_until_all_failed(session.insert_all(&plain, rows()), ROWS).await;
    assert!(turns >= FEWEST, "{turns}");
    assert_eq!(requests(&cluster, PLAIN).len(), 0);
    at_rest(&session).await;
}

/// As all of a session whose limit others have met, and who leave no room to wait in; rows that have
/// no time to wait for any.
#[tokio::test(start_paused = true)]
async fn g7_5_a_load_that_is_refused_each_row_ends_and_others_have_their_turns() {
    let cluster = cluster();
    let builder = builder_of(&cluster).max_requests(1).max_queued_requests(0);
    let session = builder.connect().await.unwrap();
    let plain = session.prepare(PLAIN).await.unwrap();
    (0..3).for_each(|number| cluster.node(number).prime(Prime::statement("INSERT x").silence()));
    let mut other = session.query("INSERT x", ()).timeout(10 * PATIENCE);
    assert!(cqlwire_testkit::cancel::poll_once(&mut other).await.is_pending());
    let load = session.insert_all(&plain, (0..4_000).map(|n| (n, "v"))).timeout(Duration::ZERO);
    let turns = turns_until_all_failed(load, 4_000).await;
    assert!(turns >= 4_000 / 256, "{turns}");
}

/// A source that blocks: it has no more rows taken once the time has passed, however many there is
/// room for.
#[tokio::test]
async fn g6_1_a_slow_source_is_asked_for_no_row_once_the_time_of_the_whole_has_passed() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let plain = session.prepare(PLAIN).await.unwrap();
    let slow = Duration::from_millis(20);
    let rows = (0..1_000).map(|n| {
        std::thread::sleep(slow);
        (n, "v")
    });
    let load = session.insert_all(&plain, rows).total_timeout(5 * slow);
    let error = load.max_failures(u64::MAX).await.unwrap_err();
    assert!(error.stopped.as_ref().unwrap().is_timeout(), "{error}");
    assert!(error.progress.taken <= 6, "{}", error.progress.taken);
    assert_eq!(error.progress.taken, error.progress.done());
    at_rest(&session).await;
}
