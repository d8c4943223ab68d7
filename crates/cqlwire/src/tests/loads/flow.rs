//! What is taken from the source when, and how many requests are in flight.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::node::Held;
use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;

use super::super::memory::at_rest;
use super::*;
use crate::ErrorKind;

/// Holds what is written by a statement; on each node.
fn hold(cluster: &ScriptedCluster, text: &str) -> [Held; 3] {
    [0, 1, 2].map(|number| cluster.node(number).hold(Prime::statement(text)))
}

fn held(holds: &[Held; 3]) -> usize {
    holds.iter().map(Held::len).sum()
}

fn release_one(holds: &[Held; 3]) {
    holds.iter().find(|held| !held.is_empty()).unwrap().release_nth(0);
}

#[tokio::test(start_paused = true)]
async fn no_row_is_taken_before_it_can_go() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let holds = hold(&cluster, PLAIN);
    let taken = AtomicU32::new(0);
    let rows = (0..1_000).map(|n| (n, "v")).inspect(|_| {
        taken.fetch_add(1, Relaxed);
    });
    let plain = session.prepare(PLAIN).await.unwrap();
    let mut load = session.insert_all(&plain, rows).concurrency(8);
    assert_eq!(taken.load(Relaxed), 0, "nothing happens before it is polled");
    for done in 0..20 {
        let ends = async { load.next_failure().await };
        let goes_on = async {
            eventually(PATIENCE, "they are sent", || held(&holds) == 8).await;
            assert_eq!(taken.load(Relaxed), 8 + done);
        };
        tokio::select! {
            _ = ends => panic!("it is over"),
            () = goes_on => {}
        }
        assert_eq!(session.resources().requests, 8);
        release_one(&holds);
    }
    drop(load);
    holds.iter().for_each(Held::release);
    at_rest(&session).await;
    assert!(taken.load(Relaxed) <= 8 + 20);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_bounded_in_rows_and_bytes() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let holds = hold(&cluster, WRITE);
    let write = session.prepare(WRITE).await.unwrap();
    // Each row is a partition of its own, so nothing shares a request.
    let rows = || (0..10_000).map(|n| (n, 0_i64, "celsius"));
    let mut load = session.insert_all(&write, rows()).concurrency(8).read_ahead(50);
    assert!(poll_once(&mut load).await.is_pending());
    assert_eq!(load.progress().taken, 8 + 50);
    drop(load);
    let mut load = session.insert_all(&write, rows()).concurrency(8).max_held_bytes(10 * 31);
    assert!(poll_once(&mut load).await.is_pending());
    assert_eq!(load.progress().taken, 10);
    drop(load);
    let large = (0..100).map(|n| (n, 0_i64, "v".repeat(1 << 20)));
    let mut load = session.insert_all(&write, large);
    assert!(poll_once(&mut load).await.is_pending());
    assert_eq!(load.progress().taken, 16, "16 MiB unless it is told otherwise");
    drop(load);
    holds.iter().for_each(Held::release);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn rows_that_are_there_are_not_kept_waiting_for_others() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let write = session.prepare(WRITE).await.unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    let rows = stream::unfold(receiver, async |mut receiver| {
        let row: Reading = receiver.recv().await?;
        Some((row, receiver))
    });
    let mut load = session.insert_stream(&write, rows.boxed());
    let watch = load.watch();
    let feed = async {
        for at in 0..5 {
            sender.send((1, at, "celsius")).unwrap();
            let written = || watch.progress().written == at.unsigned_abs() + 1;
            eventually(PATIENCE, "it is written", written).await;
        }
        assert!(!watch.progress().is_over);
        drop(sender);
    };
    let (loaded, ()) = tokio::join!(&mut load, feed);
    assert_eq!(loaded.unwrap().requests, 5);
    assert!(watch.progress().is_over);
}

#[tokio::test(start_paused = true)]
async fn its_figures_are_read_while_it_runs() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::statement(PLAIN).after(Duration::from_millis(10)));
    let load = session.insert_all(PLAIN, (0..1_000).map(|n| (n, "value"))).concurrency(10);
    let watch = load.watch();
    let reader = async {
        tokio::time::sleep(Duration::from_millis(505)).await;
        watch.progress()
    };
    let (loaded, half) = tokio::join!(load, reader);
    assert!((450..=550).contains(&half.written), "{half}");
    assert!((900.0..=1_100.0).contains(&half.rows_per_second()), "{half}");
    assert_eq!(half.bytes, half.written * 17);
    let whole = loaded.unwrap();
    assert_eq!((whole.written, whole.requests, whole.bytes), (1_000, 1_000, 17_000));
    assert!(whole.elapsed >= Duration::from_secs(1) && whole == watch.progress(), "{whole}");
}

#[tokio::test(start_paused = true)]
async fn rows_that_others_leave_no_room_for_go_later() {
    let cluster = cluster();
    let builder = builder_of(&cluster).max_requests(4).max_queued_requests(0);
    let session = builder.connect().await.unwrap();
    let plain = session.prepare(PLAIN).await.unwrap();
    let holds = hold(&cluster, "INSERT INTO other");
    let mut others: Vec<_> = (0..3).map(|_| session.query("INSERT INTO other", ())).collect();
    for other in &mut others {
        assert!(poll_once(other).await.is_pending());
    }
    prime_all(&cluster, &Prime::statement(PLAIN).after(Duration::from_millis(1)));
    let rows = || (0..100).map(|n| (n, "v"));
    let progress = session.insert_all(&plain, rows()).await.unwrap();
    assert!(progress.requests > 100, "some were refused: {progress}");
    assert_eq!(progress.written, 100);
    drop(others);
    holds.iter().for_each(Held::release);
    at_rest(&session).await;
}

/// No request of its own is there whose end would make some.
#[tokio::test(start_paused = true)]
async fn rows_for_which_there_is_no_room_at_all_wait_for_it_as_long_as_a_request_may_take() {
    let cluster = cluster();
    let builder = builder_of(&cluster).max_requests(1).max_queued_requests(0);
    let session = builder.connect().await.unwrap();
    let plain = session.prepare(PLAIN).await.unwrap();
    let holds = hold(&cluster, "INSERT INTO other");
    let rows = || (0..3).map(|n| (n, "v"));
    let second = Duration::from_secs(1);
    let mut other = session.query("INSERT INTO other", ()).timeout(60 * second);
    assert!(poll_once(&mut other).await.is_pending());

    // One after the other, none is sent, and each has its time.
    let begun = tokio::time::Instant::now();
    let mut load = session.insert_all(&plain, rows()).timeout(second);
    for number in 1..=3 {
        let failed = load.next_failure().await.unwrap().unwrap();
        assert!(matches!(failed.error.kind(), ErrorKind::Overloaded { .. }), "{failed}");
        assert_eq!(
            (failed.number, begun.elapsed()),
            (number, second * u32::try_from(number).unwrap())
        );
    }
    assert!(load.next_failure().await.unwrap().is_none());
    let requests_made = load.progress().requests;
    assert!(requests_made < 100, "it does not go round and round: {requests_made}");
    assert_eq!(requests(&cluster, PLAIN).len(), 0);
    assert_eq!(session.resources().calls, 1, "the other");

    // It ends with its own time, and with the session, while it waits.
    let load = session.insert_all(&plain, rows()).total_timeout(second / 10);
    let error = load.await.unwrap_err();
    assert_eq!(error.progress.taken, 1, "{error}");
    assert!(error.stopped.is_some_and(|stopped| stopped.is_timeout()));

    // There is room later, and no row was the worse for it.
    let watch = async {
        tokio::time::sleep(5 * second).await;
        holds.iter().for_each(Held::release);
        other.await.unwrap();
    };
    let begun = tokio::time::Instant::now();
    let (loaded, ()) = tokio::join!(session.insert_all(&plain, rows()), watch);
    assert_eq!(loaded.unwrap().written, 3);
    let took = begun.elapsed();
    assert!(took < 5 * second + second / 10, "{took:?}");
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_session_makes_it_slower_and_no_row_fails_for_it() {
    let cluster = cluster();
    let builder = builder_of(&cluster).max_requests(4).max_queued_requests(0);
    let session = builder.connect().await.unwrap();
    prime_all(&cluster, &Prime::statement(PLAIN).after(Duration::from_millis(1)));
    let plain = session.prepare(PLAIN).await.unwrap();
    let others = async {
        let mut refused = 0;
        for _ in 0..200 {
            let outcome = session.query("INSERT INTO other", ()).await;
            if let Err(error) = outcome {
                assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }), "{error}");
                refused += 1;
            }
            tokio::time::sleep(Duration::from_micros(300)).await;
        }
        refused
    };
    let load = session.insert_all(&plain, (0..1_000).map(|n| (n, "v")));
    let (loaded, _) = tokio::join!(load, others);
    assert_eq!(loaded.unwrap().written, 1_000);
    at_rest(&session).await;
}

/// A source that always has a row, and requests that end at once, keep nobody from their turn.
#[tokio::test(start_paused = true)]
async fn g7_5_other_tasks_have_their_turn_while_it_runs() {
    let cluster = cluster();
    let session = builder_of(&cluster).retries(|retries| retries.max_plans = 1).connect().await;
    let session = session.unwrap();
    let plain = session.prepare(PLAIN).await.unwrap();
    (0..3).for_each(|number| cluster.kill(number));
    eventually(PATIENCE, "nobody is there", || session.resources().connections == 0).await;
    let rows = || (0..4_000).map(|n| (n, "v"));
    let mut load = session.insert_all(&plain, rows()).max_failures(u64::MAX);
    let mut polls = 0_u32;
    let count = |polled: Poll<()>, polls: &mut u32| {
        *polls += 1;
        polled
    };
    poll_fn(|context| count(Pin::new(&mut load).poll(context).map(drop), &mut polls)).await;
    assert_eq!(load.progress().failed, 4_000);
    assert!(polls > 14, "{polls} polls");

    let mut load = session.insert_all(&plain, rows());
    let mut failures = pin!(async { while load.next_failure().await.unwrap().is_some() {} });
    let mut polls = 0;
    poll_fn(|context| count(failures.as_mut().poll(context), &mut polls)).await;
    assert!(polls > 14, "{polls} polls");
}

/// As many as the session lets, once it lets them again.
#[tokio::test(start_paused = true)]
async fn what_was_too_much_for_a_while_is_not_for_good() {
    let cluster = cluster();
    let builder = builder_of(&cluster).max_requests(8).max_queued_requests(0);
    let session = builder.connect().await.unwrap();
    let plain = session.prepare(PLAIN).await.unwrap();
    prime_all(&cluster, &Prime::statement(PLAIN).after(Duration::from_millis(1)));
    let holds = hold(&cluster, "INSERT INTO other");
    let mut others: Vec<_> = (0..7).map(|_| session.query("INSERT INTO other", ())).collect();
    for other in &mut others {
        assert!(poll_once(other).await.is_pending());
    }
    let load = session.insert_all(&plain, (0..2_000).map(|n| (n, "v")));
    let watch = load.watch();
    let lets_go = async {
        eventually(PATIENCE, "one goes at a time", || watch.progress().written > 50).await;
        assert_eq!(session.resources().requests, 8);
        drop(others);
        eventually(PATIENCE, "all go at once", || session.resources().permits == 8).await;
        assert!(!watch.progress().is_over);
        let (before, began) = (watch.progress().written, tokio::time::Instant::now());
        eventually(PATIENCE, "it is done", || watch.progress().is_over).await;
        let each = began.elapsed() / u32::try_from(2_000 - before).unwrap();
        assert!(each < Duration::from_micros(400), "{each:?}");
    };
    let (loaded, ()) = tokio::join!(load, lets_go);
    assert_eq!(loaded.unwrap().written, 2_000);
    holds.iter().for_each(Held::release);
    at_rest(&session).await;
}

/// Each of them fails, since it may have been done: as many as it takes to find out, and few then.
#[tokio::test(start_paused = true)]
async fn a_server_that_is_overloaded_is_sent_less() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let plain = session.prepare(PLAIN).await.unwrap();
    prime_all(&cluster, &Prime::statement(PLAIN).after(Duration::from_millis(1)));
    let too_much = Prime::statement(PLAIN).above(4).error(0x1001, "too much");
    prime_all(&cluster, &too_much.after(Duration::from_millis(1)));
    let mut load = session.insert_all(&plain, (0..5_000).map(|n| (n, "v"))).concurrency(64);
    let mut failed = 0;
    while let Some(failure) = load.next_failure().await.unwrap() {
        assert!(failure.error.to_string().contains("too much"), "{failure}");
        failed += 1;
    }
    assert!((50..1_500).contains(&failed), "{failed}");
    assert_eq!(load.progress().written + failed, 5_000);
}

/// What would only wait in the session's queue, before others, is not taken.
#[tokio::test(start_paused = true)]
async fn no_more_requests_are_in_flight_than_the_session_lets() {
    let cluster = cluster();
    let session = builder_of(&cluster).max_requests(4).connect().await.unwrap();
    let plain = session.prepare(PLAIN).await.unwrap();
    let mut load = session.insert_all(&plain, (0..1_000).map(|n| (n, "v")));
    assert!(poll_once(&mut load).await.is_pending());
    let resources = session.resources();
    assert_eq!((resources.permits, resources.queued, load.progress().taken), (4, 0, 4));
}
