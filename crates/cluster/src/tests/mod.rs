//! A cluster of scripted nodes.

mod addresses;
mod choices;
mod closing;
mod connecting;
mod control;
mod day;
mod events;
mod identity;
mod init;
mod keyspaces;
mod outages;
mod refresh;
mod remote;
mod removal;
mod schema;
mod scripted;
mod users;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cqlwire_codec::{
    ColumnType, Consistency, Query, QueryParameters, RequestOptions, encode_request,
};
use cqlwire_net::{Connection, Deadline, Request, ServerAddress};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, ScriptedNode, cell, columns};
use cqlwire_testkit::probe::{Baseline, alone};

use crate::{Cluster, ContactFailure, Settings};

const PATIENCE: Duration = Duration::from_secs(10);

fn seconds(n: u64) -> Deadline {
    Deadline::after(Duration::from_secs(n))
}

/// Sends a QUERY and does not wait for its response.
fn send(connection: &Connection, statement: &str) -> Request {
    let query = Query { statement, parameters: QueryParameters::new(Consistency::One, &()) };
    let options = RequestOptions::default();
    let envelope = encode_request(&query, connection.version(), &options, BytesMut::new());
    connection.send(envelope.unwrap(), seconds(5)).unwrap().request
}

/// So many nodes, on addresses of their own, that know each other.
async fn nodes(count: u8) -> Vec<ScriptedNode> {
    let mut nodes = Vec::new();
    for number in 1..=count {
        let address = ([127, 0, 1, number], 0).into();
        nodes.push(ScriptedNode::builder().start_tcp_at(address).await.unwrap());
    }
    for node in &nodes {
        let others = nodes.iter().filter(|other| other.address() != node.address());
        node.set_peers(others.map(ScriptedNode::member));
    }
    nodes
}

fn settings(contact_points: &[&ScriptedNode]) -> Settings {
    let contact_points = contact_points.iter().map(|node| node.address().into()).collect();
    let mut settings = Settings {
        contact_points,
        refresh_interval: Duration::from_millis(20),
        ..Settings::default()
    };
    settings.pool.backoff.first = Duration::from_millis(5);
    settings.pool.backoff.longest = Duration::from_millis(20);
    settings
}

fn addresses(cluster: &Cluster) -> Vec<ServerAddress> {
    let topology = cluster.topology();
    let local = topology.local_hosts().iter().map(|host| topology.host(*host));
    let mut all: Vec<_> = local.map(|host| host.address().clone()).collect();
    all.sort_by_key(ToString::to_string);
    all
}

#[tokio::test]
async fn one_contact_point_leads_to_every_host() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let nodes = nodes(3).await;
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    let all: Vec<ServerAddress> = nodes.iter().map(|node| node.address().into()).collect();
    assert_eq!(addresses(&cluster), all);
    assert_eq!(cluster.topology().cluster_name(), "scripted");
    eventually(PATIENCE, "all are connected", || cluster.usage().connections == 6).await;
    cluster.close(seconds(1)).await;
    assert_eq!(cluster.usage().connections, 0);
    drop((cluster, nodes));
    baseline.regained().await;
}

#[tokio::test]
async fn hosts_come_and_go() {
    let _alone = alone().await;
    let nodes = nodes(3).await;
    let all = nodes[0].member();
    nodes[0].set_peers([nodes[1].member()]);
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    assert_eq!(addresses(&cluster).len(), 2);
    let stays = cluster.topology().hosts()[0].clone();
    nodes[0].set_peers([nodes[1].member(), nodes[2].member(), all]);
    eventually(PATIENCE, "the third is known", || addresses(&cluster).len() == 3).await;
    assert!(std::sync::Arc::ptr_eq(&stays, &cluster.topology().hosts()[0]));
    // Whoever keeps a host keeps no connection to it.
    let kept = cluster.topology();
    nodes[0].set_peers([]);
    eventually(PATIENCE, "only one is left", || addresses(&cluster).len() == 1).await;
    eventually(PATIENCE, "nobody is connected to the others", || nodes[2].connections() == 0).await;
    assert!(kept.hosts()[2].pool().pick().is_err());
}

#[tokio::test]
async fn the_control_connection_moves_on_when_its_host_goes() {
    let _alone = alone().await;
    let mut nodes = nodes(2).await;
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    let before = nodes[1].accepted().len();
    drop(nodes.remove(0));
    nodes[0].set_peers([]);
    eventually(PATIENCE, "the other was asked", || addresses(&cluster).len() == 1).await;
    assert!(nodes[0].accepted().len() > before);
}

#[tokio::test]
async fn g3_1_every_contact_point_is_listed_with_its_reason() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let locked = ScriptedNode::builder().password("ada", "hunter2").start_tcp().await.unwrap();
    let gone = ScriptedNode::builder().start_tcp().await.unwrap();
    let settings = settings(&[&locked, &gone]);
    drop(gone);
    let error = Cluster::connect(settings, seconds(5)).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.attempts.len(), 2);
    assert!(text.contains("asks for credentials"), "{text}");
    assert!(text.contains("refused"), "{text}");
    drop(locked);
    baseline.regained().await;
}

#[tokio::test]
async fn a_data_center_without_hosts_is_an_error() {
    let _alone = alone().await;
    let far = Member { data_center: "far".to_owned(), ..Member::new(([127, 0, 0, 1], 0).into()) };
    let node = ScriptedNode::builder().member(far).start_tcp().await.unwrap();
    let mut settings = settings(&[&node]);
    settings.local_data_center = Some("near".to_owned());
    let error = Cluster::connect(settings, seconds(5)).await.unwrap_err();
    assert!(matches!(error.attempts[0].failure, ContactFailure::NoHostWanted { .. }));
    assert!(error.is_permanent() && !error.is_timeout());
    let text = format!(
        "no server of the cluster could be asked: {}: no host of the cluster is in the data \
         center `near`; there are: far",
        node.address()
    );
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn before_v5_the_older_table_is_read() {
    let _alone = alone().await;
    let versions = [cqlwire_codec::ProtocolVersion::V4];
    let node = ScriptedNode::builder().versions(versions).start_tcp().await.unwrap();
    let peer = Member::new(([127, 0, 1, 9], node.address().port()).into());
    node.set_peers([peer.clone()]);
    let cluster = Cluster::connect(settings(&[&node]), seconds(5)).await.unwrap();
    assert!(addresses(&cluster).contains(&peer.address.into()));
}

/// What `system.peers_v2` says: id, data center, rack, release, tokens, address among servers,
/// address for clients, port.
fn peers_v2(rows: impl IntoIterator<Item = Vec<Option<Bytes>>>) -> Prime {
    let statement = "SELECT host_id, data_center, rack, release_version, tokens, peer, \
         native_address, native_port FROM system.peers_v2";
    let shape = columns([
        ("host_id", ColumnType::Uuid),
        ("data_center", ColumnType::Text),
        ("rack", ColumnType::Text),
        ("release_version", ColumnType::Text),
        ("tokens", ColumnType::Set(Box::new(ColumnType::Text))),
        ("peer", ColumnType::Inet),
        ("native_address", ColumnType::Inet),
        ("native_port", ColumnType::Int),
    ]);
    Prime::statement(statement).rows(shape, rows.into_iter().collect())
}

/// Peers as a server may describe them that is half way through something, or broken.
fn hostile_peers(good: &ScriptedNode, local: &ScriptedNode) -> Prime {
    let (good, local) = (good.member(), local.member());
    let peer = |id: Option<Bytes>, address: Option<Bytes>| {
        let std::net::IpAddr::V4(ip) = good.address.ip() else { panic!("an address of v4") };
        let port = i32::from(good.address.port()).to_be_bytes();
        let name = || cell("somewhere");
        vec![
            id,
            cell("datacenter1"),
            name(),
            cell("5.0.9"),
            None,
            cell(ip.octets()),
            address,
            cell(port),
        ]
    };
    let any = || cell([0; 4]);
    let rows = vec![
        peer(cell([7; 16]), None),
        peer(None, any()),
        peer(cell([7; 3]), any()),
        peer(cell([7; 16]), cell([1, 2, 3])),
        peer(cell(local.host_id), any()),
        // "Every address" is where it listens: it is reached as its peers reach it.
        peer(cell(good.host_id), any()),
        peer(cell(good.host_id), any()),
    ];
    peers_v2(rows)
}

#[tokio::test]
async fn i8_hostile_rows_of_peers_are_left_out_and_the_others_are_known() {
    let _alone = alone().await;
    let nodes = nodes(2).await;
    nodes[0].prime(hostile_peers(&nodes[1], &nodes[0]));
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    let both: Vec<ServerAddress> = nodes.iter().map(|node| node.address().into()).collect();
    assert_eq!(addresses(&cluster), both);
}

#[tokio::test]
async fn i10_a_host_that_belongs_to_another_cluster_changes_nothing() {
    let _alone = alone().await;
    let nodes = nodes(2).await;
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    let both = addresses(&cluster);
    let local = "SELECT cluster_name, partitioner, host_id, data_center, rack, \
         release_version, tokens, schema_version FROM system.local WHERE key = 'local'";
    let shape = columns([
        ("cluster_name", ColumnType::Text),
        ("partitioner", ColumnType::Text),
        ("host_id", ColumnType::Uuid),
        ("data_center", ColumnType::Text),
        ("rack", ColumnType::Text),
        ("release_version", ColumnType::Text),
        ("tokens", ColumnType::Set(Box::new(ColumnType::Text))),
        ("schema_version", ColumnType::Uuid),
    ]);
    let row = vec![
        cell("another"),
        None,
        cell([7; 16]),
        cell("dc"),
        cell("rack"),
        cell("5.0.9"),
        None,
        None,
    ];
    nodes[0].set_peers([]);
    nodes[0].prime(Prime::statement(local).rows(shape, vec![row]));
    let asked = nodes[0].count_statement(local);
    eventually(PATIENCE, "it was asked", || nodes[0].count_statement(local) > asked).await;
    eventually(PATIENCE, "another is asked", || nodes[1].count_statement(local) > 0).await;
    assert_eq!(addresses(&cluster), both);
    assert_eq!(cluster.topology().cluster_name(), "scripted");
}
