//! The connections of a keyspace on v4, in a cluster that changes: hosts that stop, restart, join, leave
//! and move.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::cluster::{EventDelivery, Reach, ScriptedCluster};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, Received};
use cqlwire_testkit::schema::{Keyspace, Table};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::memory::at_rest;
use super::scripted::Dials;
use super::{INSERT, PATIENCE, rounds};
use crate::codec::{Opcode, ProtocolVersion};
use crate::net::Dialer;
use crate::{
    AdaptiveLimit, Error, ErrorKind, ExecutionProfile, RequestKind, RoundRobin, Session,
    SessionBuilder,
};

const READ: &str = "SELECT v FROM other.t WHERE k = ?";

fn cluster_of(racks: &[&str]) -> ScriptedCluster {
    let table = || Table::new("t").partition_key("k", "int").column("v", "text");
    let factor = racks.len().to_string();
    let keyspace = |name| Keyspace::network(name, [("near", factor.as_str())]).table(table());
    ScriptedCluster::builder()
        .versions([ProtocolVersion::V4])
        .data_center("near", racks.iter().copied())
        .keyspace(keyspace("app"))
        .keyspace(keyspace("other"))
        .in_memory()
}

fn builder(cluster: &ScriptedCluster) -> SessionBuilder {
    let dialer: Arc<dyn Dialer> = Arc::new(Dials(cluster.clone()));
    Session::builder()
        .contact_points([cluster.address(0).to_string()])
        .connections_per_host(1)
        .keyspace("app")
        .connection(|settings| settings.dialer = Some(dialer))
}

async fn has_connections(session: &Session, count: usize) {
    eventually(PATIENCE, "all are connected", || session.resources().connections == count).await;
}

fn executed(cluster: &ScriptedCluster, hosts: usize) -> Vec<u64> {
    (0..hosts).map(|number| cluster.node(number).count(Opcode::Execute)).collect()
}

/// Reads through this handle, evenly over the time.
struct Reads {
    handle: Session,
    under_way: JoinSet<Result<(), Error>>,
}

impl Reads {
    fn of(handle: &Session) -> Self {
        Self { handle: handle.clone(), under_way: JoinSet::new() }
    }

    /// So many, one each so many milliseconds.
    async fn run(&mut self, count: u32, every: u64) {
        for _ in 0..count {
            let handle = self.handle.clone();
            self.under_way.spawn(async move {
                let key = fastrand::i32(..);
                handle.query(READ, (key,)).await.map(drop)
            });
            sleep(Duration::from_millis(every)).await;
        }
    }

    /// Waits for all of them, and gives how many failed.
    async fn failed(&mut self) -> usize {
        let mut failed = 0;
        while let Some(done) = self.under_way.join_next().await {
            failed += usize::from(done.unwrap().is_err());
        }
        failed
    }
}

/// A cluster of three, and a handle in a keyspace of its own, all connected.
async fn three() -> (ScriptedCluster, Session, Session) {
    let cluster = cluster_of(&["rack1", "rack2", "rack3"]);
    let session = builder(&cluster).ready_when(3).connect().await.unwrap();
    has_connections(&session, 3).await;
    let other = session.with_keyspace("other").await.unwrap();
    assert_eq!(session.resources().connections, 6, "no host has all that comes next");
    (cluster, session, other)
}

fn host_id(cluster: &ScriptedCluster, number: usize) -> Uuid {
    Uuid::from_bytes(cluster.member(number).host_id)
}

#[tokio::test(start_paused = true)]
async fn g13_3_a_host_that_stops_gets_no_request_of_a_handle_from_one_second_on() {
    let (cluster, session, other) = three().await;
    let mut reads = Reads::of(&other);
    reads.run(200, 1).await;
    cluster.node(2).stop();
    reads.run(1_000, 1).await;
    let resources = session.resources();
    let owed = resources.in_flight + resources.orphaned;
    assert!(owed < 500, "{resources}");
    let before = executed(&cluster, 3);
    reads.run(2_000, 1).await;
    let resources = session.resources();
    // One probe at most, for a sign of life.
    assert!(resources.in_flight + resources.orphaned <= owed + 1, "{resources}");
    cluster.node(2).resume();
    sleep(Duration::from_millis(2)).await;
    let after = executed(&cluster, 3);
    assert_eq!(after[0] + after[1] - before[0] - before[1], 2_000);
    // And its share once it goes on.
    reads.run(1_000, 1).await;
    let share = executed(&cluster, 3)[2] - after[2];
    assert!((250..450).contains(&share), "{share}");
    assert_eq!(reads.failed().await, 0);
}

/// Whichever policy chooses the host, and whichever of its connections was looked at for that.
#[tokio::test(start_paused = true)]
async fn g15_6_requests_that_are_routed_are_in_the_keyspace_of_their_handle() {
    let (cluster, session, other) = three().await;
    for policy in [None, Some(RoundRobin::default())] {
        for (handle, name) in [(&session, "app"), (&other, "other")] {
            let before: Vec<_> =
                (0..3).map(|number| cluster.node(number).received().len()).collect();
            for key in 0..30 {
                let (mut read, mut write) = (handle.query(READ, (key,)), handle.query(INSERT, ()));
                if let Some(policy) = policy.clone() {
                    (read, write) =
                        (read.load_balancing(policy.clone()), write.load_balancing(policy));
                }
                read.await.unwrap();
                write.await.unwrap();
            }
            for (number, before) in before.into_iter().enumerate() {
                let received = cluster.node(number).received().split_off(before);
                let is_ours = |one: &&Received| {
                    one.statements.iter().any(|text| text == READ || text == INSERT)
                };
                let ours: Vec<_> = received.iter().filter(is_ours).collect();
                assert!(ours.len() >= 5, "{number}");
                assert!(ours.iter().all(|one| one.runs_in.as_deref() == Some(name)), "{ours:?}");
            }
        }
    }
}

/// It is known before: nothing is sent in vain where all are known to be quiet.
#[tokio::test(start_paused = true)]
async fn g13_3_a_request_of_a_handle_goes_nowhere_else_where_its_connections_are_quiet() {
    let (cluster, session, other) = three().await;
    (0..3).for_each(|number| cluster.node(number).stop());
    let ask = || Box::pin(other.query("SELECT v FROM other.t", ()));
    let mut first = JoinSet::new();
    for _ in 0..30 {
        let other = other.clone();
        first.spawn(async move { other.query("SELECT v FROM other.t", ()).await.map(drop) });
    }
    // The connections of the session are idle: nobody knows by them.
    sleep(Duration::from_secs(1)).await;
    assert!(session.topology().hosts().iter().all(|host| host.pool().load().is_some()));
    let before = session.metrics().speculation.for_silence;
    let mut late = ask();
    assert!(poll_once(&mut late).await.is_pending());
    sleep(Duration::from_secs(1)).await;
    assert!(poll_once(&mut late).await.is_pending());
    assert_eq!(session.metrics().speculation.for_silence, before);
    (0..3).for_each(|number| cluster.node(number).resume());
    late.await.unwrap();
    while let Some(done) = first.join_next().await {
        done.unwrap().unwrap();
    }
}

/// What nobody is in any more is not connected to for the sake of a statement that somebody holds.
#[tokio::test(start_paused = true)]
async fn a_host_that_comes_up_is_taught_nothing_of_a_keyspace_that_nobody_is_in() {
    let (cluster, session, other) = three().await;
    let (there, here) = (other.prepare(READ).await.unwrap(), session.prepare(READ).await.unwrap());
    drop(other);
    has_connections(&session, 3).await;
    let before = cluster.node(2).accepted().len();
    cluster.restart(2);
    let taught = || {
        let received = cluster.node(2).received();
        received.iter().any(|one| one.opcode == Opcode::Prepare && one.connection >= before)
    };
    eventually(PATIENCE, "it is taught what is in use", taught).await;
    sleep(Duration::from_secs(5)).await;
    let accepted = cluster.node(2).accepted().split_off(before);
    assert!(accepted.iter().all(|one| one.keyspace.as_deref() != Some("other")), "{accepted:?}");
    drop((there, here));
}

/// The requests of all handles are its load.
#[tokio::test(start_paused = true)]
async fn a_host_that_is_slow_for_one_handle_gets_less_of_all() {
    let (cluster, session, other) = three().await;
    session.query(READ, (1,)).await.unwrap();
    let mut warm = Reads::of(&other);
    warm.run(100, 1).await;
    assert_eq!(warm.failed().await, 0);
    cluster.node(2).prime(Prime::opcode(Opcode::Execute).after(Duration::from_millis(300)));
    for (busy, idle) in [(&other, &session), (&session, &other)] {
        let mut reads = Reads::of(busy);
        reads.run(400, 1).await;
        let before = executed(&cluster, 3);
        let mut others = Reads::of(idle);
        others.run(30, 1).await;
        let slow = executed(&cluster, 3)[2] - before[2];
        assert!(slow <= 3, "{slow} of 30 went to the busiest host");
        assert_eq!(reads.failed().await + others.failed().await, 0);
    }
}

/// Its connections are open and silent, and new ones come to nothing.
#[tokio::test(start_paused = true)]
async fn g6_1_a_silent_host_keeps_nobody_from_a_keyspace() {
    let cluster = cluster_of(&["rack1", "rack2", "rack3"]);
    let soon = Duration::from_secs(1);
    let profile = ExecutionProfile::default().timeout(soon);
    let session = builder(&cluster).ready_when(3).profile(profile).connect().await.unwrap();
    has_connections(&session, 3).await;
    cluster.node(2).stop();
    let began = Instant::now();
    let other = session.with_keyspace("other").await.unwrap();
    assert!(began.elapsed() < soon, "{:?}", began.elapsed());
    let mut reads = Reads::of(&other);
    reads.run(100, 1).await;
    assert_eq!(reads.failed().await, 0);
    // It is connected to once it can be.
    cluster.node(2).resume();
    has_connections(&session, 6).await;
}

#[tokio::test(start_paused = true)]
async fn g3_4_a_host_that_comes_back_has_the_connections_of_keyspaces_as_soon_as_its_own() {
    for delivery in [EventDelivery::Now, EventDelivery::Lost] {
        let cluster = cluster_of(&["rack1"]);
        let session = builder(&cluster).connect().await.unwrap();
        let other = session.with_keyspace("other").await.unwrap();
        let cluster = cluster.events(delivery);
        for _ in 0..5 {
            cluster.kill(0);
            sleep(Duration::from_secs(200)).await;
            cluster.start(0);
            let is_up = || session.topology().hosts()[0].state().is_up();
            eventually(PATIENCE * 4, "it is back", is_up).await;
            sleep(Duration::from_millis(100)).await;
            assert_eq!(session.resources().connections, 2, "{delivery:?}");
            session.query(INSERT, ()).idempotent(true).await.unwrap();
            other.query(INSERT, ()).idempotent(true).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_joins_takes_requests_of_a_handle_that_are_for_it_alone() {
    let cluster = cluster_of(&["rack1"]);
    let session = builder(&cluster).connect().await.unwrap();
    let other = session.with_keyspace("other").await.unwrap();
    has_connections(&session, 2).await;
    let id = host_id(&cluster, cluster.join("near", "rack1"));
    // Before there is any request for it.
    has_connections(&session, 4).await;
    other.query(INSERT, ()).host(id).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g12_3_the_connections_of_a_keyspace_follow_their_hosts() {
    let (cluster, session, other) = three().await;
    let mut reads = Reads::of(&other);
    let (old, new) = (cluster.address(1), ([10, 0, 9, 9], 9042).into());
    cluster.change_address(1, new);
    reads.run(500, 10).await;
    has_connections(&session, 6).await;
    let dials = cluster.dials(old);
    let left = cluster.address(2);
    cluster.leave(2);
    reads.run(500, 10).await;
    has_connections(&session, 4).await;
    let dials_left = cluster.dials(left);
    let joined = cluster.join("near", "rack3");
    reads.run(600, 100).await;
    has_connections(&session, 6).await;
    assert!(executed(&cluster, 4)[joined] > 100);
    assert_eq!((cluster.dials(old), cluster.dials(left)), (dials, dials_left));
    assert_eq!(reads.failed().await, 0);
    let id = host_id(&cluster, joined);
    session.force_down(id).await;
    has_connections(&session, 4).await;
    session.force_up(id).await;
    reads.run(100, 100).await;
    has_connections(&session, 6).await;
    assert_eq!(reads.failed().await, 0);
    drop((other, reads));
    has_connections(&session, 3).await;
    session.close(PATIENCE).await;
    assert!(session.resources().is_zero(), "{}", session.resources());
}

/// What is dropped while its handles live fails, and works again as soon as it is there again.
#[tokio::test(start_paused = true)]
async fn g3_4_a_keyspace_that_is_made_anew_is_connected_to_at_once() {
    let (cluster, session, other) = three().await;
    let set_keyspaces = |names: &[&str]| {
        (0..3).for_each(|number| cluster.node(number).set_keyspaces(names.iter().copied()));
    };
    set_keyspaces(&["app"]);
    cluster.drop_keyspace("other");
    (0..3).for_each(|number| cluster.restart(number));
    sleep(Duration::from_secs(300)).await;
    assert_eq!(session.resources().connections, 3);
    let error = other.query(INSERT, ()).await.unwrap_err();
    let no_host = matches!(error.kind(), ErrorKind::NoHostAvailable { .. });
    assert!(no_host && error.to_string().contains("other"), "{error}");
    assert!(!error.may_have_been_applied(), "{error}");
    session.query(INSERT, ()).await.unwrap();
    set_keyspaces(&["app", "other"]);
    cluster.put_keyspace(Keyspace::network("other", [("near", "3")]));
    sleep(Duration::from_secs(2)).await;
    assert_eq!(session.resources().connections, 6);
    other.query(INSERT, ()).await.unwrap();
}

/// So many are in flight at a host through all handles together.
#[tokio::test(start_paused = true)]
async fn a_host_has_no_more_in_flight_than_may_be_through_all_handles() {
    let cluster = cluster_of(&["rack1"]);
    let session = builder(&cluster).max_requests_per_host(30).connect().await.unwrap();
    let other = session.with_keyspace("other").await.unwrap();
    has_connections(&session, 2).await;
    let held = cluster.node(0).hold(Prime::statement(INSERT));
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        for handle in [&session, &other] {
            let handle = handle.clone();
            calls.spawn(async move { handle.query(INSERT, ()).await.map(drop) });
        }
        sleep(Duration::from_millis(1)).await;
        assert!(held.len() <= 30 + 1, "{}", held.len());
    }
    assert!(held.len() >= 28, "{}", held.len());
    assert_eq!(session.resources().in_flight, held.len());
    let metrics = session.metrics();
    assert_eq!(metrics.hosts[0].usage.in_flight, held.len());
    assert_eq!((metrics.hosts[0].open_connections, metrics.hosts[0].totals), (2, metrics.pools));
    cluster.node(0).clear_primes();
    held.release();
    while let Some(call) = calls.join_next().await {
        call.unwrap().unwrap();
    }
    let metrics = session.metrics();
    let attempts = metrics.hosts[0].latency(RequestKind::Other).unwrap().count();
    assert!(attempts >= 400, "{attempts}");
    assert_eq!(metrics.hosts[0].totals, metrics.pools);
}

/// What goes through a handle says as much of the host as what goes through another, and is slowed
/// down as much.
#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_is_found_out_through_any_handle() {
    let cluster = cluster_of(&["rack1"]);
    let (bears, takes) = (32, Duration::from_millis(10));
    let builder = builder(&cluster).adaptive_limit(AdaptiveLimit::default());
    let session = builder.connect().await.unwrap();
    let other = session.with_keyspace("other").await.unwrap();
    let node = cluster.node(0);
    node.prime(Prime::statement(INSERT).after(takes));
    let overloaded = Prime::statement(INSERT).above(bears).error(0x1001, "too much to do");
    node.prime(overloaded.after(Duration::from_millis(1)));
    let (done, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..400 {
        let (other, done, refused) = (other.clone(), done.clone(), refused.clone());
        callers.spawn(async move {
            loop {
                let count = match other.query(INSERT, ()).await {
                    Ok(_) => &done,
                    Err(_) => &refused,
                };
                count.fetch_add(1, Relaxed);
            }
        });
    }
    sleep(Duration::from_secs(1)).await;
    done.store(0, Relaxed);
    refused.store(0, Relaxed);
    sleep(Duration::from_secs(2)).await;
    let (done, refused) = (done.load(Relaxed), refused.load(Relaxed));
    assert!(done > 2 * 3_200 * 6 / 10, "goodput: {done} of 6,400");
    assert!(refused * 20 < done, "{refused} were refused while {done} were done");
    drop(callers);
    at_rest(&session).await;
}

/// Whoever goes while its connections are dialled leaves no task, and the dial is given up.
#[tokio::test(start_paused = true)]
async fn g8_1_a_handle_that_is_dropped_while_its_connections_are_dialled_leaves_nothing() {
    let cluster = cluster_of(&["rack1", "rack2"]);
    let session = builder(&cluster).connections_per_host(2).ready_when(2).connect().await.unwrap();
    has_connections(&session, 4).await;
    let before = session.resources();
    let dialled = || (0..2).map(|number| cluster.dials(cluster.address(number))).sum::<usize>();
    // Lost on the way, never answered, and refused.
    let reaches = [Some(Reach::Lost), None, Some(Reach::Refused)];
    for reach in reaches {
        (0..2).for_each(|number| match reach {
            Some(reach) => cluster.set_reach(cluster.address(number), reach),
            None => {
                cluster.set_reach(cluster.address(number), Reach::Open);
                cluster.node(number).prime(Prime::opcode(Opcode::Startup).silence());
            }
        });
        let dials = dialled();
        let (mut entering, mut switching) =
            (Box::pin(session.with_keyspace("other")), Box::pin(session.use_keyspace("other")));
        assert!(poll_once(&mut entering).await.is_pending());
        assert!(poll_once(&mut switching).await.is_pending());
        eventually(PATIENCE, "they are dialled", || dialled() >= dials + 4).await;
        assert!(session.resources().tasks > before.tasks);
        drop(entering);
        eventually(PATIENCE, "one waits still", || session.resources().calls == 1).await;
        assert!(session.resources().tasks > before.tasks, "for the other one");
        drop(switching);
        eventually(PATIENCE, "all are given up", || session.resources() == before).await;
        (0..2).for_each(|number| cluster.node(number).clear_primes());
    }
    assert_eq!(session.keyspace().as_deref(), Some("app"));
    (0..2).for_each(|number| cluster.set_reach(cluster.address(number), Reach::Open));
    session.use_keyspace("other").await.unwrap();
    assert_eq!(session.keyspace().as_deref(), Some("other"));
}

/// Whatever a close comes upon: all calls end, and nothing is left.
#[tokio::test(start_paused = true)]
async fn g10_1_a_close_races_with_those_who_switch_and_those_who_ask() {
    for round in 0..rounds(30, 2_000) {
        fastrand::seed(round as u64);
        let cluster = cluster_of(&["rack1", "rack2"]);
        let session = builder(&cluster).connect().await.unwrap();
        (0..2).for_each(|number| {
            cluster.node(number).prime(Prime::any().after(Duration::from_micros(300)));
        });
        let mut callers = JoinSet::new();
        for caller in 0..6 {
            let handle = session.clone();
            callers.spawn(async move {
                loop {
                    let keyspace = ["app", "other", "third"][fastrand::usize(..3)];
                    let done = match caller {
                        0 | 1 => handle.use_keyspace(keyspace).await,
                        2 => handle.with_keyspace(keyspace).await.map(drop),
                        _ => handle.query(INSERT, ()).await.map(drop),
                    };
                    if let Err(error) = done {
                        assert!(error.is_closed(), "{error}");
                        return;
                    }
                }
            });
        }
        sleep(Duration::from_micros(fastrand::u64(..6_000))).await;
        session.close(PATIENCE).await;
        assert!(session.resources().is_zero(), "round {round}: {}", session.resources());
        while let Some(caller) = callers.join_next().await {
            caller.unwrap();
        }
        let open: usize = (0..2).map(|number| cluster.node(number).connections()).sum();
        assert_eq!(open, 0, "round {round}");
    }
}

#[tokio::test(start_paused = true)]
async fn g8_6_sessions_that_are_dropped_leave_no_connection_of_a_keyspace() {
    let (cluster, session, other) = three().await;
    let held = cluster.node(0).hold(Prime::statement(INSERT));
    let stream = other.query(READ, (1,)).pages();
    drop(session);
    let open = || (0..3).map(|number| cluster.node(number).connections()).sum::<usize>();
    // The last one that can ask keeps all of them, and the control connection.
    assert_eq!(open(), 7);
    drop(other);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(open(), 7, "a stream is one, too");
    drop(stream);
    eventually(PATIENCE, "all are closed", || open() == 0).await;
    drop(held);
}

/// The cluster closes while connections are still dialled.
#[tokio::test(start_paused = true)]
async fn g10_3_who_gets_into_a_keyspace_does_not_outlast_a_close() {
    let cluster = cluster_of(&["rack1"]);
    let session = builder(&cluster).connect().await.unwrap();
    cluster.set_reach(cluster.address(0), Reach::Lost);
    let (soon, began) = (Duration::from_millis(200), Instant::now());
    let entering = session.with_keyspace("other");
    let closing = session.close(soon);
    let (entered, ()) = tokio::join!(entering, closing);
    let error = entered.map(drop).unwrap_err();
    assert!(!error.may_have_been_applied(), "{error}");
    assert!(began.elapsed() < soon + Duration::from_millis(100), "{:?}: {error}", began.elapsed());
    assert!(session.resources().is_zero(), "{}", session.resources());
}
