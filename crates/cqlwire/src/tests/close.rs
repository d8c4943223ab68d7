//! Closed, or not closed: each call is let in and ends truly, or is refused and sends nothing.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, Received, ScriptedNode};
use cqlwire_testkit::probe::{Baseline, alone};
use tokio::time::Instant;

use super::memory::Memory;
use super::{INSERT, PATIENCE, SELECT, connected, prime_users, rounds};
use crate::codec::Opcode;
use crate::{PreparedStatement, Session};

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
async fn call_until_closed(session: &Session, by_city: &PreparedStatement) -> (usize, usize) {
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

/// A statement that is counted with none of the others.
const OTHER: &str = "INSERT INTO users (id) VALUES (2)";

/// Ways to ask.
#[derive(Copy, Clone, Debug)]
enum Way {
    Query,
    Prepare,
    Execute,
    Stream,
    Batch,
}

impl Way {
    const ALL: [Self; 5] = [Self::Query, Self::Prepare, Self::Execute, Self::Stream, Self::Batch];

    /// Asks in this way, for the `turn`th time.
    async fn ask(
        self,
        session: &Session,
        by_city: &PreparedStatement,
        turn: u64,
    ) -> crate::Result<()> {
        match self {
            Self::Query => session.query(INSERT, ()).await.map(drop),
            // Nobody else prepares that one, so that there is a request each time.
            Self::Prepare => {
                let statement = format!("INSERT {turn} {}", fastrand::u64(..));
                session.prepare(&statement).await.map(drop)
            }
            Self::Execute => session.execute(by_city, ("Oslo",)).await.map(drop),
            Self::Stream => {
                let mut rows = session.execute(by_city, ("Bergen",)).rows::<(i64, String)>();
                while rows.try_next().await?.is_some() {}
                Ok(())
            }
            Self::Batch => {
                let mut batch = session.batch();
                batch.add(by_city, ("Oslo",))?.add(OTHER, ())?;
                batch.execute().await.map(drop)
            }
        }
    }
}

/// How many requests of each kind there were, but for PREPAREs of what the session has prepared at
/// first: hosts that come up are taught that.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    queries: u64,
    prepares: u64,
    executes: u64,
    batches: u64,
}

fn is_prepare_of_other(one: &&Received) -> bool {
    one.opcode == Opcode::Prepare && one.statements.iter().all(|text| text != SELECT)
}

impl Asked {
    fn received_by(node: &ScriptedNode) -> Self {
        Self {
            queries: u64::try_from(node.count_statement(INSERT)).unwrap(),
            prepares: u64::try_from(node.received().iter().filter(is_prepare_of_other).count())
                .unwrap(),
            executes: node.count(Opcode::Execute),
            batches: node.count(Opcode::Batch),
        }
    }

    fn add(&mut self, way: Way, count: u64) {
        match way {
            Way::Query => self.queries += count,
            Way::Prepare => self.prepares += count,
            Way::Execute | Way::Stream => self.executes += count,
            Way::Batch => self.batches += count,
        }
    }
}

/// Asks in this way until it is refused; gives how often it was answered.
async fn ask_until_closed(session: Session, by_city: PreparedStatement, way: Way) -> (Way, u64) {
    let mut answered = 0;
    loop {
        match way.ask(&session, &by_city, answered).await {
            Ok(()) => answered += 1,
            Err(error) if error.is_closed() => return (way, answered),
            Err(error) => panic!("{way:?}: {error}"),
        }
    }
}

/// Closes a session while two callers of each kind ask.
async fn race_with_close() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 3);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let callers: Vec<_> = (Way::ALL.into_iter().chain(Way::ALL))
        .map(|way| tokio::spawn(ask_until_closed(session.clone(), by_city.clone(), way)))
        .collect();
    for _ in 0..fastrand::usize(0..30) {
        tokio::task::yield_now().await;
    }
    session.close(PATIENCE).await;
    let mut answered = Asked::default();
    for caller in callers {
        let (way, count) = caller.await.unwrap();
        answered.add(way, count);
    }
    // Not before: a page that a caller reads is the caller's.
    assert!(session.resources().is_zero(), "{}", session.resources());
    assert_eq!(Asked::received_by(memory.node()), answered, "received, and answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn g10_1_no_third_way_whatever_is_asked() {
    for _ in 0..rounds(30, 12_500) {
        race_with_close().await;
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

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits outside of tokio.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn g10_2_a_session_is_closed_from_outside_of_tokio() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _alone = runtime.block_on(alone());
    let (node, session) = runtime.block_on(async {
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        let session = connected(&node).await;
        (node, session)
    });
    block_on(session.query(INSERT, ())).unwrap();
    block_on(session.close(PATIENCE));
    assert!(session.resources().is_zero(), "{}", session.resources());
    runtime.block_on(async { drop((session, node)) });
}

/// Those who were let in go on to the next host as long as their own time lasts.
#[tokio::test(start_paused = true)]
async fn g10_1_who_was_let_in_with_much_time_has_all_of_it() {
    let members = [1, 2, 3].map(|last| Member::new(([127, 0, 0, last], 9042).into()));
    let nodes = members.clone().map(|member| ScriptedNode::builder().member(member).in_memory());
    for (node, own) in nodes.iter().zip(&members) {
        node.set_peers(members.iter().filter(|other| *other != own).cloned());
    }
    for node in &nodes[..2] {
        let late = Duration::from_secs(15);
        node.prime(Prime::statement(INSERT).error(0x1001, "too much to do").after(late));
    }
    let memory = Memory::of(nodes);
    let session = memory.session().await;
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move {
                let call = session.query(INSERT, ()).idempotent(true);
                call.timeout(Duration::from_secs(60)).await.map(drop)
            })
        })
        .collect();
    eventually(PATIENCE, "all are inside", || session.resources().calls >= 2).await;
    session.close(Duration::MAX).await;
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[test]
fn g6_1_a_change_of_the_schema_is_waited_for_outside_of_tokio() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _alone = runtime.block_on(alone());
    let (node, session) = runtime.block_on(async {
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        let session = connected(&node).await;
        (node, session)
    });
    let (flags, body) = (crate::codec::EnvelopeFlags::NONE, super::deadlines::keyspace_created());
    node.prime(Prime::statement("CREATE KEYSPACE k").raw(Opcode::Result, flags, body));
    // The first look fails, so that there is a pause before the next.
    let version = "SELECT schema_version FROM system.local WHERE key = 'local'";
    node.prime(Prime::statement(version).first(1).error(0, "not now"));
    let created = block_on(session.query("CREATE KEYSPACE k", ())).unwrap();
    assert_eq!(created.schema_agreed(), Some(true));
    runtime.block_on(async { drop((session, node)) });
}
