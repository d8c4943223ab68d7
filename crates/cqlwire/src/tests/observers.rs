//! Users' own eyes on a session: they block, panic and call back, and no request notices.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::eventually;
use tokio::time::Instant;

use super::memory::Memory;
use super::*;
use crate::{
    ClusterChange, ConnectionChange, ConnectionChangeKind, Observer, RequestEnding, RequestKind,
    RequestReport, StepKind,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// Keeps all that it is told.
#[derive(Debug, Default)]
struct Keeps {
    requests: Mutex<Vec<RequestReport>>,
    changes: Mutex<Vec<String>>,
}

impl Keeps {
    fn requests(&self) -> Vec<RequestReport> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn changes(&self) -> Vec<String> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Tells another of what it is told.
#[derive(Debug)]
struct Tells(Arc<Keeps>);

impl Observer for Tells {
    fn request(&self, report: &RequestReport) {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).push(report.clone());
    }

    fn cluster(&self, change: &ClusterChange) {
        let change = format!("{change:?}");
        self.0.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    fn connection(&self, change: &ConnectionChange) {
        let change = match &change.kind {
            ConnectionChangeKind::Opened => format!("opened {}", change.address),
            ConnectionChangeKind::Lost(end) => format!("lost {}: {end}", change.address),
            other => format!("{} {other:?}", change.address),
        };
        self.0.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}

async fn closed(session: &Session) {
    session.close(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn observers_hear_of_requests_of_the_cluster_and_of_connections_until_the_end() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 30);
    let kept = Arc::new(Keeps::default());
    let session = memory.builder().observer(Tells(Arc::clone(&kept))).connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    session.execute(&by_city, ("Oslo",)).await.unwrap();
    let mut pages = session.execute(&by_city, ("Oslo",)).page_size(10).pages();
    while pages.try_next().await.unwrap().is_some() {}
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    batch.execute().await.unwrap();
    memory.node().prime(Prime::statement(INSERT).error(0x2200, "no such table"));
    session.query(INSERT, ()).await.unwrap_err();
    memory.node().clear_primes();
    memory.node().prime(Prime::statement(INSERT).silence());
    let dropped = session.query(INSERT, ()).timeout(Duration::from_secs(1));
    tokio::time::timeout(Duration::from_millis(1), dropped).await.unwrap_err();
    let before = memory.node().accepted().len();
    memory.node().reset_connections();
    let is_back =
        || memory.node().accepted().len() >= before + 2 && session.metrics().hosts[0].is_up;
    eventually(HOUR, "it is connected again", is_back).await;
    // The thread of the observers is in real time.
    tokio::time::resume();
    closed(&session).await;

    let told: Vec<_> = kept
        .requests()
        .iter()
        .map(|report| {
            let ending = match &report.ending {
                RequestEnding::Ok => "ok",
                RequestEnding::Failed(_) => "failed",
                RequestEnding::Cancelled => "cancelled",
            };
            (report.kind, ending, report.attempts())
        })
        .collect();
    let pages = [(RequestKind::Page, "ok", 1); 3];
    let expected = [
        &[(RequestKind::Prepare, "ok", 0), (RequestKind::Read, "ok", 1)][..],
        &pages,
        &[(RequestKind::Batch, "ok", 1)],
        &[(RequestKind::Other, "failed", 1), (RequestKind::Other, "cancelled", 1)],
    ];
    assert_eq!(told, expected.concat());
    assert_eq!(session.metrics().requests.ended(), told.len() as u64);
    let changes = kept.changes();
    for begins in ["HostUp", "opened 127.0.0.1:9042", "lost 127.0.0.1:9042", "HostDown"] {
        assert!(changes.iter().any(|change| change.starts_with(begins)), "{begins} in {changes:?}");
    }
    let totals = session.metrics().observers;
    assert_eq!((totals.missed, totals.panics), (0, 0));
    assert_eq!(totals.told, (told.len() + changes.len()) as u64);
}

#[tokio::test(start_paused = true)]
async fn a_report_says_what_happened_step_by_step() {
    let nodes = [1, 2].map(|number| {
        let member = cqlwire_testkit::node::Member::new(([127, 0, 0, number], 9042).into());
        ScriptedNode::builder().member(member).in_memory()
    });
    nodes[0].set_peers([nodes[1].member()]);
    let memory = Memory::of(nodes);
    let kept = Arc::new(Keeps::default());
    let builder = memory.builder().ready_when(2).observer(Tells(Arc::clone(&kept)));
    let session = builder.connect().await.unwrap();
    for node in memory.nodes() {
        node.prime(Prime::statement("SELECT 1").nth(1).error(0x1001, "too much to do"));
    }
    session.query("SELECT 1", ()).await.unwrap();
    // The thread of the observers is in real time.
    tokio::time::resume();
    closed(&session).await;
    let reports = kept.requests();
    let [report] = &reports[..] else { panic!("{reports:?}") };
    let steps: Vec<_> = report.steps.iter().map(|step| step.kind.to_string()).collect();
    let begins = |from: usize, words: [&str; 3]| {
        let found = steps[from..].iter().zip(words);
        found.clone().count() == 3 && found.into_iter().all(|(step, words)| step.starts_with(words))
    };
    assert!(begins(0, ["sent to 127.0.0.", "response of 20 bytes from", "failed at 127.0.0."]));
    assert!(begins(3, ["sent to 127.0.0.", "response of 20 bytes from", "failed at 127.0.0."]));
    assert!(
        begins(6, ["no host left, the plan begins anew", "a pause of", "sent to"]),
        "{steps:?}"
    );
    assert!(steps[2].ends_with(": overloaded: too much to do"), "{steps:?}");
    assert!(matches!(report.steps.last().unwrap().kind, StepKind::Response { .. }), "{steps:?}");
    let table = report.to_string();
    assert!(table.starts_with("SELECT ?\n"), "{table}");
    assert_eq!(table.lines().count(), steps.len() + 2, "{table}");
    assert!(table.ends_with("  done\n"), "{table}");
}

/// Waits for the test with each event.
#[derive(Debug)]
struct Blocks(Mutex<Receiver<()>>);

impl Observer for Blocks {
    fn request(&self, _: &RequestReport) {
        // Until the test lets it go on, or has ended.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap_or_default();
    }
}

fn blocks() -> (Blocks, Sender<()>) {
    let (go_on, wait) = channel();
    (Blocks(Mutex::new(wait)), go_on)
}

/// What a thousand requests take, in paused time, and whether all of them went well.
async fn a_thousand(session: &Session) -> Duration {
    let begun = Instant::now();
    for _ in 0..1_000 {
        session.query(INSERT, ()).await.unwrap();
    }
    begun.elapsed()
}

/// It blocks for as long as all requests take, and longer.
#[tokio::test(start_paused = true)]
async fn g9_2_an_observer_that_blocks_changes_nothing_and_what_it_missed_is_counted() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(Prime::statement(INSERT).after(Duration::from_millis(5)));
    let unobserved = a_thousand(&memory.session().await).await;

    let (observer, go_on) = blocks();
    let builder = memory.builder().observer(observer).observer_queue(100);
    let session = builder.connect().await.unwrap();
    assert_eq!(a_thousand(&session).await, unobserved);
    let totals = session.metrics().observers;
    assert!(totals.told < 10, "it holds the first request: {totals}");
    // It has one of them in hand, and the queue is full.
    assert!(totals.missed >= 1_000 - 1 - 100, "{totals}");
    drop(go_on);
    // The thread of the observers is in real time.
    tokio::time::resume();
    closed(&session).await;
    let totals = session.metrics().observers;
    let connected = totals.told + totals.missed - 1_000;
    assert!((1..10).contains(&connected), "{totals}");
}

#[tokio::test(start_paused = true)]
async fn g9_2_an_observer_that_never_comes_back_holds_up_no_close() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let (observer, go_on) = blocks();
    let session = memory.builder().observer(observer).connect().await.unwrap();
    for _ in 0..20 {
        session.query(INSERT, ()).await.unwrap();
    }
    let begun = Instant::now();
    session.close(Duration::from_secs(3)).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    let totals = session.metrics().observers;
    // All but the one that it has in hand, and what else came after that.
    assert!((19..22).contains(&totals.missed), "{totals}");
    // Once more: nothing is left to be waited for but the thread.
    drop(go_on);
    // The thread of the observers is in real time.
    tokio::time::resume();
    closed(&session).await;
    assert_eq!(session.metrics().observers.missed, totals.missed);
}

/// The gate lets nobody wait for it, and its own deadline is far away.
#[tokio::test(start_paused = true)]
async fn g9_2_a_request_that_close_cuts_off_is_counted_as_missed_when_it_ends_after_that() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(Prime::statement(INSERT).silence());
    let (blocking, go_on) = blocks();
    let kept = Arc::new(Keeps::default());
    let builders = [
        memory.builder().observer(Tells(Arc::clone(&kept))),
        // And where the thread is not there at the deadline.
        memory.builder().observer(blocking),
    ];
    // The thread of the observers is in real time.
    tokio::time::resume();
    for builder in builders {
        let session = builder.connect().await.unwrap();
        // What the one that blocks has in hand.
        session.query("INSERT INTO other", ()).await.unwrap();
        let mut calls: Vec<_> = (0..3).map(|_| session.query(INSERT, ()).timeout(HOUR)).collect();
        for call in &mut calls {
            assert!(poll_once(call).await.is_pending());
        }
        session.close(Duration::from_millis(200)).await;
        let before = session.metrics().observers;
        let mut calls = calls.into_iter();
        assert!(calls.next().unwrap().await.is_err());
        drop(calls);
        let (after, requests) = (session.metrics().observers, session.metrics().requests);
        assert_eq!((after.missed - before.missed, after.told), (3, before.told), "{after}");
        assert_eq!((requests.ended(), requests.cancelled), (4, 2), "{requests}");
    }
    assert_eq!(kept.requests().len(), 1);
    drop(go_on);
}

/// It is counted, so it is told.
#[tokio::test(start_paused = true)]
async fn g9_3_observers_hear_of_requests_that_cannot_be_begun() {
    #[derive(Debug)]
    struct Gone;
    impl crate::TimestampGenerator for Gone {
        fn next_micros(&self) -> Option<i64> {
            panic!("the clock is gone")
        }
    }

    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let kept = Arc::new(Keeps::default());
    let session = memory.builder().observer(Tells(Arc::clone(&kept))).connect().await.unwrap();
    let elsewhere = session.with_keyspace("other").await.unwrap().prepare(SELECT).await.unwrap();
    session.execute(&elsewhere, ("Oslo",)).await.unwrap_err();
    let write = session.query(INSERT, ()).idempotent(true).timestamp_generator(Gone);
    write.await.unwrap_err();
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    batch.execute().idempotent(true).timestamp_generator(Gone).await.unwrap_err();
    // The thread of the observers is in real time.
    tokio::time::resume();
    closed(&session).await;
    let (told, requests) = (kept.requests(), session.metrics().requests);
    let failed = told.iter().filter(|report| report.error().is_some() && report.attempts() == 0);
    assert_eq!((failed.count() as u64, requests.invalid), (3, 3), "{told:?}, {requests}");
}

#[derive(Debug, Default)]
struct Panics(Arc<AtomicUsize>);

impl Observer for Panics {
    fn request(&self, _: &RequestReport) {
        self.0.fetch_add(1, Relaxed);
        panic!("what an observer does");
    }

    fn cluster(&self, _: &ClusterChange) {
        panic!("what an observer does");
    }

    fn connection(&self, _: &ConnectionChange) {
        panic!("what an observer does");
    }
}

#[tokio::test(start_paused = true)]
async fn g9_2_an_observer_that_panics_changes_nothing_and_others_are_told() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(Prime::statement(INSERT).after(Duration::from_millis(5)));
    let unobserved = a_thousand(&memory.session().await).await;
    let (panics, kept) = (Panics::default(), Arc::new(Keeps::default()));
    let called = Arc::clone(&panics.0);
    let builder = memory.builder().observer(panics).observer(Tells(Arc::clone(&kept)));
    let session = builder.connect().await.unwrap();
    assert_eq!(a_thousand(&session).await, unobserved);
    // The thread of the observers is in real time.
    tokio::time::resume();
    closed(&session).await;
    let totals = session.metrics().observers;
    assert_eq!((called.load(Relaxed), kept.requests().len()), (1_000, 1_000));
    assert_eq!((totals.panics, totals.missed), (totals.told, 0), "{totals}");
}

/// What nobody wants to know is not written down.
#[derive(Debug)]
struct OnlyHosts(Arc<AtomicUsize>);

impl Observer for OnlyHosts {
    fn request(&self, _: &RequestReport) {
        self.0.fetch_add(1, Relaxed);
    }

    fn wants_requests(&self) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_wants_no_requests_is_told_of_none_whatever_others_want() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let called = Arc::new(AtomicUsize::new(0));
    let only_hosts = || OnlyHosts(Arc::clone(&called));
    let session = memory.builder().observer(only_hosts()).connect().await.unwrap();
    assert!(!session.shared().is_watched());
    let kept = Arc::new(Keeps::default());
    let builder = memory.builder().observer(only_hosts()).observer(Tells(Arc::clone(&kept)));
    let other = builder.connect().await.unwrap();
    tokio::time::resume();
    for session in [&session, &other] {
        session.query(INSERT, ()).await.unwrap();
        closed(session).await;
    }
    assert_eq!((called.load(Relaxed), kept.requests().len()), (0, 1));
}

/// It would panic with each of them.
#[tokio::test(start_paused = true)]
async fn g9_2_one_that_panics_when_it_is_asked_wants_no_requests_and_is_told_of_hosts() {
    #[derive(Debug)]
    struct Asked(Tells);

    impl Observer for Asked {
        fn request(&self, report: &RequestReport) {
            self.0.request(report);
        }

        fn cluster(&self, change: &ClusterChange) {
            self.0.cluster(change);
        }

        fn wants_requests(&self) -> bool {
            panic!("what an observer does")
        }
    }

    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let (kept, others) = (Arc::new(Keeps::default()), Arc::new(Keeps::default()));
    let builder = memory.builder().observer(Asked(Tells(Arc::clone(&kept))));
    let session = builder.observer(Tells(Arc::clone(&others))).connect().await.unwrap();
    session.query(INSERT, ()).await.unwrap();
    // The thread of the observers is in real time.
    tokio::time::resume();
    closed(&session).await;
    assert_eq!((kept.requests().len(), others.requests().len()), (0, 1));
    assert!(!kept.changes().is_empty());
}

/// Tells the test when it is dropped, with its thread.
#[derive(Debug)]
struct LastOfIt(Sender<()>);

impl Observer for LastOfIt {}

impl Drop for LastOfIt {
    fn drop(&mut self) {
        self.0.send(()).unwrap_or_default();
    }
}

#[tokio::test]
async fn g8_6_the_thread_ends_with_a_session_that_is_dropped_and_with_one_that_cannot_connect() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let (ended, wait) = channel();
    drop(memory.builder().observer(LastOfIt(ended.clone())).connect().await.unwrap());
    let gone = || wait.try_recv().is_ok();
    eventually(PATIENCE, "the thread has ended", gone).await;
    let refused = Prime::opcode(crate::codec::Opcode::Startup).error(0x0100, "bad credentials");
    memory.node().prime(refused);
    memory.builder().observer(LastOfIt(ended)).connect().await.unwrap_err();
    eventually(PATIENCE, "the thread has ended", gone).await;
}
