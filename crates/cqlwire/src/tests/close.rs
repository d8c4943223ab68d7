//! Closed, or not closed: each call is let in and ends truly, or is refused and sends nothing.

use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::{Baseline, alone};
use tokio::time::Instant;

use super::memory::Memory;
use super::{INSERT, PATIENCE, SELECT, connected, prime_users};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_1_every_call_is_let_in_or_refused_and_nothing_else() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    prime_users(&node, 3);
    for _ in 0..30 {
        let session = connected(&node).await;
        let by_city = session.prepare(SELECT).await.unwrap();
        let before = (node.count_statement(INSERT), node.count_statement(SELECT));
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (session, by_city) = (session.clone(), by_city.clone());
                tokio::spawn(async move { call_until_closed(&session, &by_city).await })
            })
            .collect();
        eventually(PATIENCE, "some are answered", || node.count_statement(INSERT) > before.0 + 8)
            .await;
        session.close(PATIENCE).await;
        let (mut inserted, mut selected) = (0, 0);
        for caller in callers {
            let (inserts, selects) = caller.await.unwrap();
            inserted += inserts;
            selected += selects;
        }
        assert!(session.resources().is_zero(), "{}", session.resources());
        assert_eq!(node.count_statement(INSERT), before.0 + inserted, "refused, but sent");
        assert_eq!(node.count_statement(SELECT), before.1 + selected, "refused, but sent");
    }
}

/// How many statements of each kind were answered before the first that was refused.
async fn call_until_closed(session: &crate::Session, by_city: &crate::Prepared) -> (usize, usize) {
    let (mut inserts, mut selects) = (0, 0);
    loop {
        match session.query(INSERT, ()).await {
            Ok(_) => inserts += 1,
            Err(error) => {
                assert!(error.is_closed(), "{error}");
                return (inserts, selects);
            }
        }
        let mut rows = session.execute(by_city, ("Oslo",)).rows::<(i64, String)>();
        match rows.try_next().await {
            Ok(_) => selects += 1,
            Err(error) => {
                assert!(error.is_closed(), "{error}");
                return (inserts, selects);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g10_2_all_closers_return_after_the_same_drain() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let held = memory.node().hold(Prime::statement(INSERT));
    let inside = tokio::spawn({
        let session = session.clone();
        async move { session.query(INSERT, ()).await.map(drop) }
    });
    eventually(PATIENCE, "it is sent", || held.len() == 1).await;
    let closers: Vec<_> = (0..5)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move {
                session.close(PATIENCE).await;
                session.resources()
            })
        })
        .collect();
    eventually(PATIENCE, "it is closed", || session.is_closed()).await;
    assert!(closers.iter().all(|closer| !closer.is_finished()), "one still waits inside");
    held.release();
    inside.await.unwrap().unwrap();
    for closer in closers {
        let resources = closer.await.unwrap();
        assert!(resources.is_zero(), "{resources}");
    }
}

#[tokio::test(start_paused = true)]
async fn g10_3_an_idle_session_closes_at_once() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    session.query(INSERT, ()).await.unwrap();
    let started = Instant::now();
    session.close(PATIENCE).await;
    assert!(started.elapsed() <= Duration::from_millis(50), "{:?}", started.elapsed());
    assert_eq!(memory.node().connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn g10_3_a_busy_session_closes_as_soon_as_it_is_done() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let answer_after = Duration::from_secs(2);
    memory.node().prime(Prime::statement(INSERT).after(answer_after));
    let inside = tokio::spawn({
        let session = session.clone();
        async move { session.query(INSERT, ()).await.map(drop) }
    });
    eventually(PATIENCE, "it is sent", || memory.node().owed() == 1).await;
    let started = Instant::now();
    session.close(PATIENCE).await;
    inside.await.unwrap().unwrap();
    assert!(started.elapsed() <= answer_after + Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn g10_4_after_close_nothing_comes_back() {
    let baseline = Baseline::of_tasks();
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    session.close(PATIENCE).await;
    let accepted = memory.node().accepted().len();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(memory.node().accepted().len(), accepted, "it connected again");
    assert!(session.resources().is_zero());
    drop((session, memory));
    baseline.regained().await;
}
