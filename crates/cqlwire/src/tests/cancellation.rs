//! Every future of a session dropped at every poll, under paused time.

use std::time::Duration;

use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::Baseline;

use super::memory::{Memory, at_rest};
use super::{INSERT, PATIENCE, SELECT, prime_users};

/// A node that takes its time, so that there is something to be dropped.
async fn slow() -> (std::sync::Arc<Memory>, crate::Session) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    memory.node().prime(Prime::statement(INSERT).after(Duration::from_millis(2)));
    let session = memory.session().await;
    (memory, session)
}

#[tokio::test(start_paused = true)]
async fn g8_1_execute_dropped_at_every_poll() {
    let (_memory, session) = slow().await;
    let fresh = || Box::pin(async { session.query(INSERT, ()).await.map(drop) });
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 2, "dropped at {dropped} points only");
}

#[tokio::test(start_paused = true)]
async fn g8_1_prepare_dropped_at_every_poll() {
    let (_memory, session) = slow().await;
    let fresh = || Box::pin(session.prepare(SELECT));
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    output.unwrap();
    assert!(dropped >= 2, "dropped at {dropped} points only");
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_stream_dropped_at_every_poll_of_its_next_page() {
    let (_memory, session) = slow().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    for prefetch in [0, 1] {
        let fresh = || {
            let mut pages = session
                .execute(&by_city, ("Oslo",))
                .page_size(10)
                .stream()
                .prefetch(prefetch)
                .pages();
            async move {
                let first = pages.try_next().await.unwrap().unwrap();
                let second = pages.try_next().await.unwrap().unwrap();
                (first.len(), second.len())
            }
        };
        let (output, dropped) =
            cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
        assert_eq!(output, (10, 10));
        assert!(dropped >= 2, "dropped at {dropped} points only");
    }
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_dropped_next_page_loses_no_row() {
    let (_memory, session) = slow().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    for polls in 0..8 {
        let mut rows = session.execute(&by_city, ("Oslo",)).page_size(10).rows::<(i64, String)>();
        let mut seen = Vec::new();
        loop {
            for _ in 0..polls {
                let mut next = Box::pin(rows.try_next());
                if let std::task::Poll::Ready(row) = poll_once(&mut next).await {
                    seen.extend(row.unwrap().map(|(id, _)| id));
                }
            }
            match rows.try_next().await.unwrap() {
                Some((id, _)) => seen.push(id),
                None => break,
            }
        }
        assert_eq!(seen, (0..25).collect::<Vec<i64>>());
    }
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g8_1_connect_dropped_at_every_poll() {
    let baseline = Baseline::of_tasks();
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let node = memory.node();
    let fresh = || Box::pin(memory.builder().connect());
    let (output, dropped) = cancel_at_every_poll(fresh, async |cut| {
        // The last one completes; its session is dropped with the output.
        eventually(PATIENCE, &format!("{cut:?}: nothing is open"), || node.connections() <= 2)
            .await;
    })
    .await;
    assert!(dropped >= 4, "dropped at {dropped} points only");
    drop(output.unwrap());
    eventually(PATIENCE, "nothing is open", || memory.node().connections() == 0).await;
    drop(memory);
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn g8_1_close_dropped_at_every_poll_closes_all_the_same() {
    for polls in 0..6 {
        let (memory, session) = slow().await;
        let closing = session.close(PATIENCE);
        cqlwire_testkit::cancel::Cancellable::new(closing, polls).await;
        if polls > 0 {
            assert!(session.query(INSERT, ()).await.unwrap_err().is_closed());
        }
        drop(session);
        eventually(PATIENCE, "all is closed", || memory.node().connections() == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g8_2_a_statement_dropped_before_it_was_written_is_never_sent() {
    let (memory, session) = slow().await;
    for _ in 0..100 {
        let mut executing = session.query(INSERT, ()).into_future();
        assert!(poll_once(&mut executing).await.is_pending());
    }
    at_rest(&session).await;
    session.query("INSERT the last", ()).await.unwrap();
    assert_eq!(memory.node().count_statement(INSERT), 0);
}

#[tokio::test(start_paused = true)]
async fn g8_6_a_dropped_session_leaves_no_socket_and_no_task() {
    let baseline = Baseline::of_tasks();
    let (memory, session) = slow().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut rows = session.execute(&by_city, ("Oslo",)).page_size(10).rows::<(i64, String)>();
    rows.try_next().await.unwrap().unwrap();
    drop(session);
    assert_eq!(rows.try_next().await.unwrap().unwrap().0, 1, "a stream outlives the session");
    drop(rows);
    eventually(PATIENCE, "nothing is open", || memory.node().connections() == 0).await;
    drop(memory);
    baseline.regained().await;
}
