//! To which hosts requests go, in a cluster that knows its ring.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use cqlwire_testkit::cluster::{Builder, ScriptedCluster};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Received;
use cqlwire_testkit::schema::{Keyspace, Table};
use tokio::time::sleep;

use super::scripted;
use super::*;
use crate::codec::{CqlValue, Opcode};
use crate::{
    Compression, Consistency, ConstantDelay, ErrorKind, HostDescription, HostFilter, HostIndex,
    LoadBalancing, PreparedStatement, ProtocolVersion, Routing, Token, Topology, Tried,
};

const READ: &str = "SELECT v FROM app.t WHERE k = ?";
const WRITE: &str = "INSERT INTO app.t (k, v) VALUES (?, ?)";

/// Three hosts in three racks of `near`, two in `far`, and a table that is on two and on one.
fn cluster() -> Builder {
    let table = Table::new("t").partition_key("k", "int").column("v", "text");
    ScriptedCluster::builder()
        .data_center("near", ["rack1", "rack2", "rack3"])
        .data_center("far", ["rack1", "rack2"])
        .keyspace(Keyspace::network("app", [("near", "2"), ("far", "1")]).table(table))
}

fn builder_of(cluster: &ScriptedCluster) -> SessionBuilder {
    scripted::builder_of(cluster, "near").connections_per_host(1)
}

/// The hosts of `near` that have the partition, the primary one first.
fn local_replicas(session: &Session, key: i32) -> Vec<SocketAddr> {
    let topology = session.topology();
    let token = topology.token(&key.to_be_bytes()).unwrap();
    let replicas = topology.replicas("app", token);
    let local = replicas.filter(|host| host.data_center() == "near");
    local.filter_map(|host| host.address().socket()).collect()
}

async fn coordinator(session: &Session, read: &PreparedStatement, key: i32) -> SocketAddr {
    let mut pages = session.execute(read, (key,)).pages();
    let page = pages.try_next().await.unwrap().unwrap();
    page.coordinator().unwrap()
}

async fn coordinators(session: &Session, keys: i32) -> BTreeMap<i32, SocketAddr> {
    let read = session.prepare(READ).await.unwrap();
    let mut coordinators = BTreeMap::new();
    for key in 0..keys {
        coordinators.insert(key, coordinator(session, &read, key).await);
    }
    coordinators
}

#[tokio::test(start_paused = true)]
async fn g13_1_prepared_requests_go_to_replicas_of_the_local_data_center_and_rack() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let mut firsts = 0;
    for (key, coordinator) in coordinators(&session, 300).await {
        let replicas = local_replicas(&session, key);
        assert_eq!(replicas.len(), 2);
        assert!(replicas.contains(&coordinator), "{key}");
        firsts += usize::from(replicas[0] == coordinator);
    }
    // Half of them on average; 100 but once in a thousand million runs.
    assert!((100..=200).contains(&firsts), "{firsts}");

    let session = builder_of(&cluster).local_rack("rack2").connect().await.unwrap();
    let in_rack = cluster.address(1);
    let mut elsewhere = 0;
    for (key, coordinator) in coordinators(&session, 300).await {
        let replicas = local_replicas(&session, key);
        if replicas.contains(&in_rack) {
            assert_eq!(coordinator, in_rack, "{key}");
        } else {
            assert!(replicas.contains(&coordinator), "{key}");
            elsewhere += 1;
        }
    }
    assert!(elsewhere > 0, "some partitions have no replica in the rack");
}

#[tokio::test(start_paused = true)]
async fn g13_1_the_key_is_found_in_every_version_and_under_compression() {
    let versions = [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];
    for (version, compression) in versions.into_iter().zip([None, Some(Compression::Lz4), None]) {
        let cluster = cluster().in_memory();
        let mut builder = builder_of(&cluster).protocol_versions(ProtocolVersion::V3, version);
        if let Some(compression) = compression {
            builder = builder.compression(compression);
        }
        let session = builder.connect().await.unwrap();
        // On v3 only the schema says which bind markers are the key.
        eventually(PATIENCE, "the schema is known", || {
            session.schema().table("app", "t").is_some()
        })
        .await;
        for (key, coordinator) in coordinators(&session, 100).await {
            assert!(local_replicas(&session, key).contains(&coordinator), "{version}: {key}");
        }
    }
}

/// The host that a batch goes to which has these keys, in this order.
async fn coordinator_of(session: &Session, write: &PreparedStatement, keys: &[i32]) -> SocketAddr {
    let mut batch = session.batch().unlogged();
    batch.add("INSERT INTO app.t (k, v) VALUES (0, '')", ()).unwrap();
    batch.add_all(write, keys.iter().map(|key| (key, "v"))).unwrap();
    let result = batch.execute().await.unwrap();
    result.page().coordinator().unwrap()
}

#[tokio::test(start_paused = true)]
async fn g13_1_batches_go_to_a_replica_of_the_first_whole_key_among_them() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let write = session.prepare(WRITE).await.unwrap();
    for key in 0..100 {
        let coordinator = coordinator_of(&session, &write, &[key, key + 1, key + 2]).await;
        assert!(local_replicas(&session, key).contains(&coordinator), "{key}");
    }
    // A text with values says it, too, once it is prepared.
    for key in 0..50 {
        let text = format!("INSERT INTO app.t (k, v) VALUES (?, ?) -- {key}");
        let mut batch = session.batch();
        batch.add(&text, (key, "v")).unwrap();
        let result = batch.execute().await.unwrap();
        let coordinator = result.page().coordinator().unwrap();
        assert!(local_replicas(&session, key).contains(&coordinator), "{key}");
    }
    // Said by its user, whatever is in it.
    let mut batch = session.batch();
    batch.add_all(&write, [(1, "v")]).unwrap();
    for key in 0..50_i32 {
        let by_key = batch.execute().routing_key(&key.to_be_bytes()).await.unwrap();
        let coordinator = by_key.page().coordinator().unwrap();
        assert!(local_replicas(&session, key).contains(&coordinator), "{key}");
    }
    for host in session.topology().hosts() {
        if host.data_center() == "near" {
            let pinned = batch.execute().host(host.id()).await.unwrap();
            assert_eq!(pinned.page().coordinator(), host.address().socket());
        }
    }
}

/// What was in it before, or was to be added and did not fit, is no matter of where it belongs.
#[tokio::test(start_paused = true)]
async fn g13_1_a_batch_that_is_filled_again_goes_to_a_replica_of_what_is_in_it_now() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let write = session.prepare(WRITE).await.unwrap();
    let mut batch = session.batch().unlogged();
    for key in 0..100 {
        let misfits = [vec![(key + 1_000).into(), CqlValue::from("v")], vec![key.into()]];
        batch.clear();
        assert!(batch.add_all(&write, &misfits).is_err());
        assert!(batch.is_empty());
        batch.add(&write, (key, "v")).unwrap();
        assert!(batch.add_all(&write, &misfits).is_err());
        let result = batch.execute().await.unwrap();
        let coordinator = result.page().coordinator().unwrap();
        assert!(local_replicas(&session, key).contains(&coordinator), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn g13_5_conditional_batches_go_to_replicas_in_one_order() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let update = session.prepare("UPDATE app.t SET v = ? WHERE k = ? IF EXISTS").await.unwrap();
    for key in 0..50 {
        let first = local_replicas(&session, key)[0];
        let mut batch = session.batch();
        batch.add(&update, ("v", key)).unwrap();
        for _ in 0..4 {
            let result = batch.execute().await.unwrap();
            assert_eq!(result.page().coordinator(), Some(first), "{key}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn g13_5_conditional_statements_go_to_replicas_in_one_order() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let update = session.prepare("UPDATE app.t SET v = ? WHERE k = ? IF EXISTS").await.unwrap();
    let read = session.prepare(READ).await.unwrap();
    for key in 0..50 {
        let first = local_replicas(&session, key)[0];
        for _ in 0..4 {
            let mut pages = session.execute(&update, ("v", key)).pages();
            let page = pages.try_next().await.unwrap().unwrap();
            assert_eq!(page.coordinator(), Some(first), "{key}");
            let serial = session.execute(&read, (key,)).consistency(Consistency::LocalSerial);
            let page = serial.pages().try_next().await.unwrap().unwrap();
            assert_eq!(page.coordinator(), Some(first), "{key}");
        }
    }
}

/// Remote replicas may get them, too, but only when no local host takes them.
#[tokio::test(start_paused = true)]
async fn g13_5_conditional_statements_stay_local_where_remote_hosts_are_allowed() {
    let cluster = cluster().in_memory();
    let builder = builder_of(&cluster).remote(|remote| remote.hosts_per_data_center = 2);
    let session = builder.connect().await.unwrap();
    let is_connected = |session: &Session| {
        session.topology().hosts().iter().all(|host| host.pool().pick().is_ok())
    };
    eventually(PATIENCE, "all are connected", || is_connected(&session)).await;
    let update = session.prepare("UPDATE app.t SET v = ? WHERE k = ? IF EXISTS").await.unwrap();
    for key in 0..50 {
        let all = session.execute(&update, ("v", key)).consistency(Consistency::One);
        let page = all.pages().try_next().await.unwrap().unwrap();
        assert_eq!(page.coordinator(), Some(local_replicas(&session, key)[0]), "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_statement_without_bind_markers_belongs_can_be_said() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let read = "SELECT v FROM app.t WHERE k = 7";
    let replicas = local_replicas(&session, 7);
    for _ in 0..20 {
        let by_key = session.query(read, ()).routing_keyspace("app").routing_key(&[0, 0, 0, 7]);
        let page = by_key.pages().try_next().await.unwrap().unwrap();
        assert!(replicas.contains(&page.coordinator().unwrap()));
        let token = Token::of_key(&[0, 0, 0, 7]);
        let by_token = session.query(read, ()).routing_token(token).routing_keyspace("app");
        let page = by_token.pages().try_next().await.unwrap().unwrap();
        assert!(replicas.contains(&page.coordinator().unwrap()));
    }
    let host = session.topology().hosts()[2].clone();
    for _ in 0..10 {
        let page = session.query(read, ()).host(host.id()).pages().try_next().await.unwrap();
        assert_eq!(page.unwrap().coordinator(), host.address().socket());
    }
}

#[tokio::test(start_paused = true)]
async fn g3_3_an_empty_plan_says_so() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let nobody = session.query("SELECT 1", ()).host(uuid::Uuid::nil()).await.unwrap_err();
    assert!(
        matches!(nobody.kind(), ErrorKind::NoHostAvailable { plan_was_empty: true }),
        "{nobody}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_whole_is_the_servers_matter() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let write = session.prepare(WRITE).await.unwrap();
    session.execute(&write, (None::<i32>, "v")).await.unwrap();
    let all = (0..5).map(|node| cluster.node(node).count(Opcode::Execute)).sum::<u64>();
    assert!((1..=2).contains(&all), "it was sent, perhaps to a host that had to be taught: {all}");
}

#[tokio::test(start_paused = true)]
async fn g13_4_no_request_leaves_the_local_data_center_unless_the_settings_allow_it() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    let far = cluster.address(3);
    (0..3).for_each(|node| cluster.kill(node));
    eventually(PATIENCE, "all are down", || session.health().local_hosts_up == 0).await;
    let error = session.query("SELECT v FROM app.t", ()).await.unwrap_err();
    assert_eq!(error.attempts().len(), 3, "each local host says why: {error}");
    assert_eq!(cluster.dials(far), 0);

    (0..3).for_each(|node| cluster.start(node));
    let remote = builder_of(&cluster).remote(|remote| remote.hosts_per_data_center = 1);
    let session = remote.connect().await.unwrap();
    (0..3).for_each(|node| cluster.kill(node));
    eventually(PATIENCE, "all are down", || session.health().local_hosts_up == 0).await;
    let local = session.query("SELECT v FROM app.t", ()).await.unwrap_err();
    assert_eq!(local.attempts().len(), 3, "LOCAL_QUORUM stays: {local}");
    let anywhere = session.query("SELECT v FROM app.t", ()).consistency(Consistency::One);
    let page = anywhere.pages().try_next().await.unwrap().unwrap();
    let far = [cluster.address(3), cluster.address(4)];
    assert!(far.contains(&page.coordinator().unwrap()));
}

/// Of any two that are drawn, it is the other one, and so of any two of those left.
#[tokio::test(start_paused = true)]
async fn a_host_with_more_in_flight_than_all_others_gets_nothing() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    cluster.node(0).prime(Prime::statement("SELECT 2").silence());
    let busy =
        session.topology().hosts().iter().find_map(|host| {
            (host.address().socket() == Some(cluster.address(0))).then(|| host.id())
        });
    let busy = busy.unwrap();
    let mut held: Vec<_> =
        (0..20).map(|_| Box::pin(session.query("SELECT 2", ()).host(busy))).collect();
    for call in &mut held {
        assert!(cqlwire_testkit::cancel::poll_once(call).await.is_pending());
    }
    for up in [3, 2] {
        eventually(PATIENCE, "so many are up", || session.health().local_hosts_up == up).await;
        for _ in 0..60 {
            session.query("SELECT 1", ()).await.unwrap();
        }
        cluster.kill(2);
    }
    assert_eq!(cluster.node(0).count_statement("SELECT 1"), 0);
}

/// No host of the local data center.
#[derive(Debug)]
struct OnlyFar;

impl HostFilter for OnlyFar {
    fn accepts(&self, host: &HostDescription) -> bool {
        host.data_center != "near"
    }
}

/// Where no host is local, the first connection is waited for all the same.
#[tokio::test(start_paused = true)]
async fn g12_8_a_session_of_remote_hosts_is_connected_once_it_is_there() {
    let cluster = cluster().in_memory();
    let builder = builder_of(&cluster).host_filter(OnlyFar);
    let remote = builder.remote(|remote| remote.hosts_per_data_center = 1);
    let session = remote.connect().await.unwrap();
    session.query("SELECT 1", ()).consistency(Consistency::One).await.unwrap();
    let local = session.query("SELECT 1", ()).await.unwrap_err();
    let text = "no host available, and none was to be tried";
    assert!(local.to_string().starts_with(text), "{local}");
}

/// A neighbour in a rotated list would get it all.
#[tokio::test(start_paused = true)]
async fn the_share_of_a_host_that_is_down_goes_to_all_others() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).connect().await.unwrap();
    cluster.kill(1);
    eventually(PATIENCE, "it is down", || session.health().local_hosts_up == 2).await;
    let before = [0, 2].map(|node| cluster.node(node).count_statement("SELECT 1"));
    for _ in 0..400 {
        session.query("SELECT 1", ()).await.unwrap();
    }
    let after = [0, 2].map(|node| cluster.node(node).count_statement("SELECT 1"));
    // 200 each on average; 130 but once in a thousand million runs.
    assert!((130..=270).contains(&(after[0] - before[0])), "{before:?} {after:?}");
    assert_eq!(after[0] - before[0] + after[1] - before[1], 400);
}

/// A policy that is asked once more after it was right panics.
#[derive(Debug)]
struct Fragile;

impl LoadBalancing for Fragile {
    fn next(
        &self,
        request: &Routing<'_>,
        topology: &Topology,
        _: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        assert!(request.consistency != Consistency::All, "not for everybody");
        // The same host again and again: the plan has to come to an end all the same.
        assert!(tried.is_empty() || tried.contains(topology.local_hosts()[0]));
        topology.local_hosts().first().copied()
    }
}

#[tokio::test(start_paused = true)]
async fn g13_6_a_policy_that_panics_harms_its_own_request() {
    let cluster = cluster().in_memory();
    let session = builder_of(&cluster).load_balancing(Fragile).connect().await.unwrap();
    let all = session.query("SELECT 1", ()).consistency(Consistency::All).await.unwrap_err();
    let text = "the load balancing policy panicked: not for everybody";
    assert!(all.to_string().contains(text), "{all}");
    assert!(!all.may_have_been_applied());
    assert_eq!(session.metrics().cluster.policy_panics, 1);
    session.query("SELECT 1", ()).await.unwrap();
    cluster.kill(0);
    eventually(PATIENCE, "it is down", || session.health().local_hosts_up == 2).await;
    let error = session.query("SELECT 1", ()).await.unwrap_err();
    assert_eq!(error.attempts().len(), 1, "no host is tried twice: {error}");
    assert!(session.resources().calls == 0);
}

/// Its executions beside the first, too.
#[tokio::test(start_paused = true)]
async fn g13_1_an_execution_beside_the_first_goes_to_the_other_replica() {
    let cluster = cluster().in_memory();
    let delay = Duration::from_millis(20);
    let policy = Arc::new(ConstantDelay { delay, most: 1 });
    let builder = builder_of(&cluster).speculation(|settings| {
        settings.policy = Some(policy);
        settings.budget.reserve = 1_000;
    });
    let session = builder.connect().await.unwrap();
    let read = session.prepare(READ).await.unwrap();
    for key in 0..60_i32 {
        (0..3).for_each(|number| {
            cluster.node(number).clear_primes();
            cluster.node(number).prime(Prime::opcode(Opcode::Execute).after(4 * delay));
        });
        session.execute(&read, (key,)).await.unwrap();
        sleep(4 * delay).await;
        let is_of_key = |one: &Received| {
            let key = Bytes::copy_from_slice(&key.to_be_bytes());
            one.opcode == Opcode::Execute && one.values.first() == Some(&Some(key))
        };
        let there = |number: &usize| cluster.node(*number).received().iter().any(is_of_key);
        let mut sent_to: Vec<_> =
            (0..3).filter(there).map(|number| cluster.address(number)).collect();
        let mut replicas = local_replicas(&session, key);
        sent_to.sort();
        replicas.sort();
        assert_eq!(sent_to, replicas, "{key}");
    }
}
