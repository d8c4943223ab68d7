//! The connections of a keyspace on v4, in a cluster that changes: hosts that stop, restart, join, leave
//! and move.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Prime;
use cqlwire_testkit::schema::{Keyspace, Table};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::memory::at_rest;
use super::scripted::Dials;
use super::{INSERT, PATIENCE};
use crate::codec::{Opcode, ProtocolVersion};
use crate::net::Dialer;
use crate::{
    AdaptiveLimit, Error, ErrorKind, ExecutionProfile, RequestKind, Session, SessionBuilder,
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
    has_connections(&session, 6).await;
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
    let id = host_id(&cluster, cluster.join("near", "rack1"));
    let is_up = || {
        let topology = session.topology();
        topology.find(id).is_some_and(|index| topology.host(index).state().is_up())
    };
    eventually(PATIENCE, "it is up", is_up).await;
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
