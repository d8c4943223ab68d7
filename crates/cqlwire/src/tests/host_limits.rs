//! Limits of what is in flight at a host: given, or found out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, ScriptedNode};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::memory::{Memory, at_rest};
use super::{INSERT, PATIENCE};
use crate::codec::ErrorCode;
use crate::{
    AdaptiveLimit, Backlog, ErrorKind, RequestLimit, Session, TimeoutPhase, WaitingLimit, WaitsFor,
};

/// How many inserts the node bears at once, and how long each takes.
const BEARS: usize = 32;
const TAKES: Duration = Duration::from_millis(10);

fn bears(node: &ScriptedNode, requests: usize) {
    node.prime(Prime::statement(INSERT).after(TAKES));
    let overloaded = Prime::statement(INSERT).above(requests).error(0x1001, "too much to do");
    node.prime(overloaded.after(Duration::from_millis(1)));
}

/// What became of inserts.
#[derive(Default)]
struct Tally {
    done: AtomicUsize,
    overloaded: AtomicUsize,
    other: AtomicUsize,
}

impl Tally {
    fn take(&self) -> (usize, usize, usize) {
        let take = |count: &AtomicUsize| count.swap(0, Relaxed);
        (take(&self.done), take(&self.overloaded), take(&self.other))
    }

    async fn insert(&self, session: &Session) {
        let count = match session.query(INSERT, ()).await {
            Ok(_) => &self.done,
            Err(error) if is_overloaded(error.kind()) => &self.overloaded,
            Err(_) => &self.other,
        };
        count.fetch_add(1, Relaxed);
    }
}

fn is_overloaded(kind: &ErrorKind) -> bool {
    matches!(kind, ErrorKind::Server { error, .. } if error.code == ErrorCode::Overloaded)
}

fn limit_of(session: &Session, node: &ScriptedNode) -> usize {
    let limits = session.shared().host_limits.as_ref().unwrap();
    limits.of(Uuid::from_bytes(node.member().host_id)).unwrap()
}

/// Inserts by so many callers, each as fast as it can, until this is dropped.
fn load(session: &Session, callers: usize) -> (JoinSet<()>, Arc<Tally>) {
    let tally = Arc::new(Tally::default());
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (session, tally) = (session.clone(), Arc::clone(&tally));
        tasks.spawn(async move {
            loop {
                tally.insert(&session).await;
            }
        });
    }
    (tasks, tally)
}

/// The node bears 3,200 inserts a second. A client that sends more than it bears at once has most of
/// them refused; one that finds out has nearly all of them done.
#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_settles_near_what_the_host_bears() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session =
        memory.builder().adaptive_limit(AdaptiveLimit::default()).connect().await.unwrap();
    bears(memory.node(), BEARS);
    let (tasks, tally) = load(&session, 400);
    sleep(Duration::from_secs(1)).await;
    tally.take();
    sleep(Duration::from_secs(2)).await;
    let (done, overloaded, other) = tally.take();
    let limit = limit_of(&session, memory.node());
    println!("done {done}, overloaded {overloaded}, other {other}, limit {limit}");
    assert!((BEARS / 2..=BEARS + 4).contains(&limit), "limit {limit}");
    assert!(done > 2 * 3_200 * 7 / 10, "goodput: {done} of 6,400");
    assert!(overloaded * 20 < done, "{overloaded} were refused while {done} were done");
    assert_eq!(other, 0);
    // It has recovered, and gets more again.
    memory.node().clear_primes();
    memory.node().prime(Prime::statement(INSERT).after(TAKES));
    sleep(Duration::from_secs(2)).await;
    let raised = limit_of(&session, memory.node());
    assert!(raised > 2 * BEARS, "raised to {raised}");
    drop(tasks);
    at_rest(&session).await;
}

/// One host that has too much to do is no reason to send less to another.
#[tokio::test(start_paused = true)]
async fn an_overloaded_host_slows_down_no_other() {
    let members = [1, 2].map(|last| Member::new(([127, 0, 0, last], 9042).into()));
    let nodes = members.clone().map(|member| ScriptedNode::builder().member(member).in_memory());
    nodes[0].set_peers([members[1].clone()]);
    nodes[1].set_peers([members[0].clone()]);
    let memory = Memory::of(nodes);
    let limit = AdaptiveLimit { min: 2, max: 64, ..AdaptiveLimit::default() };
    let session = memory.builder().adaptive_limit(limit).connect().await.unwrap();
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    bears(&memory.nodes()[0], 4);
    memory.nodes()[1].prime(Prime::statement(INSERT).after(TAKES));
    let (tasks, tally) = load(&session, 100);
    sleep(Duration::from_secs(2)).await;
    let [sick, well] = [0, 1].map(|index| limit_of(&session, &memory.nodes()[index]));
    assert!(sick <= 8, "{sick}");
    assert_eq!(well, 64);
    assert!(tally.take().0 > 0);
    drop(tasks);
    at_rest(&session).await;
}

/// A host that answers nothing in time has too much to do, too: a silent one gets the least.
#[tokio::test(start_paused = true)]
async fn timeouts_are_a_sign_and_waiting_here_is_none() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let limit = AdaptiveLimit { min: 2, max: 10, backoff: 0.5 };
    let session = memory.builder().adaptive_limit(limit).connect().await.unwrap();
    memory.node().prime(Prime::statement(INSERT).silence());
    let started = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let session = session.clone();
        let timeout = Duration::from_millis(100);
        calls.spawn(async move { session.query(INSERT, ()).timeout(timeout).await.map(drop) });
    }
    while let Some(call) = calls.join_next().await {
        assert!(call.unwrap().unwrap_err().is_timeout());
    }
    assert!(started.elapsed() < Duration::from_millis(150));
    assert_eq!(limit_of(&session, memory.node()), 5, "once for all of them");
    // Until the late answers come, whoever comes waits here.
    sleep(Duration::from_secs(2)).await;
    let waited = session.query(INSERT, ()).timeout(Duration::from_millis(100)).await;
    let phase = TimeoutPhase::Queue;
    let error = waited.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Timeout { phase: at, .. } if *at == phase),
        "{error}"
    );
    assert_eq!(limit_of(&session, memory.node()), 5);
}

/// So many requests at once.
fn eight(session: &Session) -> JoinSet<crate::Result<()>> {
    let ask = |_| {
        let session = session.clone();
        async move { session.query(INSERT, ()).await.map(drop) }
    };
    (0..8).map(ask).collect()
}

#[tokio::test(start_paused = true)]
async fn a_host_has_no_more_in_flight_than_may_be() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let builder = memory.builder().connections_per_host(2).max_requests_per_host(6);
    let session = builder.max_waiting_requests(1).connect().await.unwrap();
    eventually(PATIENCE, "both are open", || session.resources().connections == 2).await;
    let held = memory.node().hold(Prime::statement(INSERT));
    let calls = eight(&session);
    eventually(PATIENCE, "six are sent", || held.len() == 6).await;
    let resources = session.resources();
    assert_eq!((resources.in_flight, resources.waiting), (6, 2), "{resources}");
    let error = session.query(INSERT, ()).await.unwrap_err();
    let backlog = Backlog::new(WaitsFor::StreamId(3), WaitingLimit::Requests(1));
    let met = RequestLimit::Connection(backlog);
    assert!(matches!(error.kind(), ErrorKind::Overloaded { limit } if *limit == met), "{error}");
    let both = "each connection is busy: 3 requests are in flight, as many as may \
                (max_requests_per_host, adaptive_limit, max_in_flight), and 1 request wait, as \
                many as may (max_waiting_requests)";
    assert!(error.to_string().contains(both), "{error}");
    held.release();
    calls.join_all().await.into_iter().for_each(Result::unwrap);
    at_rest(&session).await;
}

/// The limit that a host has from the start is then that of `adaptive_limit`, whichever was set first.
#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_replaces_the_one_that_is_set_for_each_host() {
    let adaptive = AdaptiveLimit { min: 1, max: 6, ..AdaptiveLimit::default() };
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    for builder in [
        memory.builder().max_requests_per_host(2).adaptive_limit(adaptive),
        memory.builder().adaptive_limit(adaptive).max_requests_per_host(9),
    ] {
        let session = builder.connect().await.unwrap();
        let held = memory.node().hold(Prime::statement(INSERT));
        let calls = eight(&session);
        eventually(PATIENCE, "six are sent", || held.len() == 6).await;
        let resources = session.resources();
        assert_eq!((resources.in_flight, resources.waiting), (6, 2), "{resources}");
        held.release();
        calls.join_all().await.into_iter().for_each(Result::unwrap);
        at_rest(&session).await;
    }
}

#[tokio::test]
async fn none_in_flight_is_refused() {
    let none = Session::builder().max_requests_per_host(0);
    let error = none.connect().await.unwrap_err();
    assert!(error.to_string().contains("max_requests_per_host"), "{error}");
    let limit = AdaptiveLimit { min: 9, max: 8, ..AdaptiveLimit::default() };
    let error = Session::builder().adaptive_limit(limit).connect().await.unwrap_err();
    assert!(
        error.to_string().contains("adaptive_limit.min: 9 was given; allowed: at most 8"),
        "{error}"
    );
}
