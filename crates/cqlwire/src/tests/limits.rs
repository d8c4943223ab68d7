//! A limit of requests in flight in the session: in turn, within the deadline, and given back.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::cancel::{cancel_at_every_poll, poll_once};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::task::JoinHandle;

use super::close::block_on;
use super::memory::{Memory, at_rest, ends_after};
use super::{INSERT, PATIENCE, SELECT, answer_users, prime_users};
use crate::{Error, ErrorKind, RequestLimit, Session, SessionBuilder, TimeoutPhase};

const SOON: Duration = Duration::from_millis(300);

async fn limited(change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let session = change(memory.builder()).connect().await.unwrap();
    (memory, session)
}

fn insert(session: &Session) -> JoinHandle<Result<(), Error>> {
    let session = session.clone();
    tokio::spawn(async move { session.query(INSERT, ()).await.map(drop) })
}

#[tokio::test(start_paused = true)]
async fn as_many_are_in_flight_as_may_and_the_others_come_in_turn() {
    let (memory, session) = limited(|builder| builder.max_requests(3)).await;
    let held = memory.node().hold(Prime::statement(INSERT));
    let mut calls = Vec::new();
    for inside in 1..=10 {
        calls.push(insert(&session));
        eventually(PATIENCE, "it is inside", || session.resources().calls == inside).await;
    }
    let resources = session.resources();
    assert_eq!((resources.permits, resources.queued, held.len()), (3, 7, 3), "{resources}");
    for done in 1..=10 {
        eventually(PATIENCE, "one is held", || !held.is_empty()).await;
        held.release_nth(0);
        let returned = || calls.iter().filter(|call| call.is_finished()).count() == done;
        eventually(PATIENCE, "one returns", returned).await;
        assert!(calls[..done].iter().all(JoinHandle::is_finished), "overtaken at {done}");
    }
    at_rest(&session).await;
    assert_eq!(memory.node().count_statement(INSERT), 10);
}

#[tokio::test(start_paused = true)]
async fn g6_1_the_wait_for_a_turn_ends_and_nothing_is_sent() {
    let (memory, session) = limited(|builder| builder.max_requests(1)).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let held = memory.node().hold(Prime::statement(INSERT));
    let first = insert(&session);
    eventually(PATIENCE, "the first is sent", || held.len() == 1).await;

    let error = ends_after(SOON, session.query(INSERT, ()).timeout(SOON)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("waiting for its turn in the session (max_requests)"), "{text}");
    let phase = TimeoutPhase::Queue;
    assert!(matches!(error.kind(), ErrorKind::Timeout { phase: p, host: None, .. } if *p == phase));
    assert!(!error.may_have_been_applied() && error.is_retryable());
    assert!(error.elapsed().unwrap() >= SOON);

    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    let error = ends_after(SOON, batch.execute().timeout(SOON)).await.unwrap_err();
    assert!(error.is_timeout() && !error.may_have_been_applied(), "{error}");
    let mut pages = session.execute(&by_city, ("Oslo",)).timeout(SOON).pages();
    let error = ends_after(SOON, pages.try_next()).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    drop(pages);
    assert_eq!(session.resources().queued, 0);
    held.release();
    first.await.unwrap().unwrap();
    assert_eq!(memory.node().count_statement(INSERT), 1);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_which_limit_was_met() {
    let change = |builder: SessionBuilder| builder.max_requests(1).max_queued_requests(1);
    let (memory, session) = limited(change).await;
    let held = memory.node().hold(Prime::statement(INSERT));
    let calls = [insert(&session), insert(&session)];
    eventually(PATIENCE, "one waits", || session.resources().queued == 1).await;
    let error = session.query(INSERT, ()).await.unwrap_err();
    let limit = RequestLimit::Session { in_flight: 1, waiting: 1 };
    assert!(matches!(error.kind(), ErrorKind::Overloaded { limit: met } if *met == limit));
    assert!(error.to_string().contains("(max_requests, max_queued_requests)"), "{error}");
    assert!(!error.may_have_been_applied() && error.is_retryable());
    eventually(PATIENCE, "the first is sent", || held.len() == 1).await;
    held.release();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_call_in_the_queue_dropped_at_every_poll() {
    let (memory, session) = limited(|builder| builder.max_requests(1)).await;
    memory.node().prime(Prime::statement(INSERT).after(Duration::from_millis(5)));
    let by_city = session.prepare(SELECT).await.unwrap();
    let session = &session;
    let fresh = || {
        let (first, last) = (insert(session), session.clone());
        let by_city = &by_city;
        Box::pin(async move {
            let mut behind = insert(&last);
            assert!(poll_once(&mut behind).await.is_pending());
            tokio::task::yield_now().await;
            last.query(INSERT, ()).await.map(drop)?;
            let mut batch = last.batch();
            batch.add(INSERT, ())?;
            batch.execute().await.map(drop)?;
            last.prepare("SELECT 1 FROM queue").await.map(drop)?;
            let mut pages = last.execute(by_city, ("Oslo",)).page_size(10).pages();
            while pages.try_next().await?.is_some() {}
            first.await.unwrap()?;
            behind.await.unwrap()
        })
    };
    let (output, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(session).await).await;
    output.unwrap();
    assert!(dropped >= 8, "dropped at {dropped} points only");
    session.query(INSERT, ()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g10_1_who_waits_for_a_turn_when_it_closes_has_it() {
    let (memory, session) = limited(|builder| builder.max_requests(1)).await;
    let held = memory.node().hold(Prime::statement(INSERT));
    let calls: Vec<_> = (0..4).map(|_| insert(&session)).collect();
    eventually(PATIENCE, "three wait", || session.resources().queued == 3).await;
    eventually(PATIENCE, "the first is sent", || held.len() == 1).await;
    let closing = tokio::spawn({
        let session = session.clone();
        async move { session.close(PATIENCE).await }
    });
    eventually(PATIENCE, "it is closed", || session.is_closed()).await;
    assert!(session.query(INSERT, ()).await.unwrap_err().is_closed());
    held.release();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    closing.await.unwrap();
    assert!(session.resources().is_zero(), "{}", session.resources());
    assert_eq!(memory.node().count_statement(INSERT), 4);
}

#[tokio::test(start_paused = true)]
async fn g10_3_a_close_with_a_queue_ends_at_its_deadline() {
    let (memory, session) = limited(|builder| builder.max_requests(1)).await;
    memory.node().prime(Prime::statement(INSERT).silence());
    let calls: Vec<_> = (0..4).map(|_| insert(&session)).collect();
    eventually(PATIENCE, "three wait", || session.resources().queued == 3).await;
    ends_after(SOON, session.close(SOON)).await;
    for call in calls {
        call.await.unwrap().unwrap_err();
    }
    assert_eq!(memory.node().count_statement(INSERT), 1, "nobody was sent after it was closed");
    assert!(session.resources().is_zero(), "{}", session.resources());
}

/// A page holds a permit while it is on its way, and none while nobody reads it.
#[tokio::test(start_paused = true)]
async fn g7_5_a_page_that_nobody_reads_holds_no_permit() {
    let (memory, session) = limited(|builder| builder.max_requests(1)).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    memory.node().prime(answer_users(25).after(Duration::from_millis(5)));
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).stream().prefetch(1).pages();
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    assert_eq!(session.resources().permits, 1, "the next one is on its way");
    session.query(INSERT, ()).timeout(SOON).await.unwrap();
    assert_eq!(session.resources().permits, 0, "it is here, and nobody looks");
    let mut rest = 0;
    while let Some(page) = pages.try_next().await.unwrap() {
        rest += page.len();
    }
    assert_eq!(rest, 15);
    drop(pages);
    at_rest(&session).await;
}

/// Nor does one that waited for its turn when its reader went elsewhere.
#[tokio::test(start_paused = true)]
async fn g7_5_a_page_whose_reader_went_elsewhere_keeps_nobody_waiting() {
    let (memory, session) = limited(|builder| builder.max_requests(1)).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let held = memory.node().hold(Prime::statement(INSERT));
    let first = insert(&session);
    eventually(PATIENCE, "the first is sent", || held.len() == 1).await;
    let mut pages = session.execute(&by_city, ("Oslo",)).pages();
    {
        let mut next = Box::pin(pages.try_next());
        assert!(poll_once(&mut next).await.is_pending());
    }
    let behind = insert(&session);
    eventually(PATIENCE, "both wait", || session.resources().queued == 2).await;
    held.release();
    first.await.unwrap().unwrap();
    behind.await.unwrap().unwrap();
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 25, "it has its turn when it comes");
    drop(pages);
    at_rest(&session).await;
}

#[test]
fn g6_1_a_turn_is_waited_for_outside_of_tokio() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (node, session) = runtime.block_on(async {
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        let session = super::builder(&node).max_requests(1).connect().await.unwrap();
        (node, session)
    });
    let held = node.hold(Prime::statement(INSERT));
    let first = {
        let _inside = runtime.enter();
        insert(&session)
    };
    while held.is_empty() {
        std::thread::yield_now();
    }
    let error = block_on(session.query(INSERT, ()).timeout(SOON)).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    held.release();
    runtime.block_on(first).unwrap().unwrap();
    block_on(session.query(INSERT, ())).unwrap();
    runtime.block_on(async { drop((session, node)) });
}

#[tokio::test]
async fn none_in_flight_is_refused() {
    let error = Session::builder().max_requests(0).connect().await.unwrap_err();
    assert!(error.to_string().contains("max_requests"), "{error}");
}
