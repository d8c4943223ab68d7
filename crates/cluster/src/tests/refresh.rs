//! What a refresh changes, and what it leaves as it is.

use std::net::IpAddr;
use std::time::Duration;

use cqlwire_codec::ColumnType;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, ScriptedNode, cell, columns};
use cqlwire_testkit::probe::alone;

use super::{PATIENCE, addresses, nodes, peers_v2, seconds, settings};
use crate::{Cluster, Distance};

#[tokio::test]
async fn an_upgraded_host_shows_its_release_and_keeps_its_pool() {
    let _alone = alone().await;
    let nodes = nodes(2).await;
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    eventually(PATIENCE, "all are connected", || cluster.usage().connections == 4).await;
    let mut upgraded = nodes[1].member();
    upgraded.release = "5.1.0".to_owned();
    nodes[0].set_peers([upgraded]);
    let release = || cluster.topology().hosts()[1].release_version().to_owned();
    eventually(PATIENCE, "it is seen", || release() == "5.1.0").await;
    assert_eq!(nodes[1].accepted().len(), 2, "its connections stayed");
    assert!(cluster.topology().hosts()[1].pool().pick().is_ok());
}

/// What `system.local` of a node says, in another data center or with another id.
fn local(id: [u8; 16], data_center: &str) -> Prime {
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
    let row = [
        cell("scripted"),
        None,
        cell(id),
        cell(data_center),
        cell("rack1"),
        cell("5.0.9"),
        None,
        None,
    ];
    Prime::statement(LOCAL).rows(shape, vec![row.to_vec()])
}

const LOCAL: &str = "SELECT cluster_name, partitioner, host_id, data_center, rack, \
     release_version, tokens, schema_version FROM system.local WHERE key = 'local'";

#[tokio::test]
async fn a_listing_without_any_wanted_host_changes_nothing() {
    let _alone = alone().await;
    let nodes = nodes(1).await;
    let mut settings = settings(&[&nodes[0]]);
    settings.local_data_center = Some("datacenter1".to_owned());
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    let before = addresses(&cluster);
    nodes[0].prime(local(nodes[0].member().host_id, "elsewhere"));
    let asked = nodes[0].count_statement(LOCAL);
    eventually(PATIENCE, "it was asked", || nodes[0].count_statement(LOCAL) > asked + 2).await;
    assert_eq!(addresses(&cluster), before);
    assert!(cluster.topology().hosts()[0].pool().pick().is_ok());
}

#[tokio::test]
async fn g12_3_a_host_that_changes_its_address_keeps_its_id_and_gets_a_new_pool() {
    let _alone = alone().await;
    let nodes = nodes(3).await;
    nodes[0].set_peers([nodes[1].member()]);
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    let before = cluster.topology().hosts()[1].clone();
    eventually(PATIENCE, "it is connected", || before.pool().usage().connections == 2).await;
    // The third node takes the second one's place: the same id at another address.
    let IpAddr::V4(ip) = nodes[2].address().ip() else { panic!("an address of v4") };
    let port = i32::from(nodes[2].address().port()).to_be_bytes();
    nodes[0].prime(peers_v2([vec![
        cell(nodes[1].member().host_id),
        cell("datacenter1"),
        cell("rack1"),
        cell("5.0.9"),
        None,
        cell(ip.octets()),
        cell(ip.octets()),
        cell(port),
    ]]));
    let moved = || *cluster.topology().hosts()[1].address() == nodes[2].address().into();
    eventually(PATIENCE, "it has moved", moved).await;
    assert_eq!(cluster.topology().hosts()[1].id(), before.id());
    eventually(PATIENCE, "its new pool is open", || nodes[2].connections() == 2).await;
    eventually(PATIENCE, "its old one is closed", || nodes[1].connections() == 0).await;
    let dialled = nodes[1].accepted().len();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(nodes[1].accepted().len(), dialled, "its old address is dialled no more");
}

#[tokio::test]
async fn no_more_hosts_are_taken_than_may_be() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let member = |number: u8| Member::new(([127, 0, 2, number], 9).into());
    node.set_peers((1..=200).map(member));
    let mut settings = settings(&[&node]);
    settings.max_hosts = 5;
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    assert_eq!(cluster.topology().hosts().len(), 5);
    assert_eq!(*cluster.topology().hosts()[0].address(), node.address().into(), "itself first");
}

#[tokio::test]
async fn the_data_centers_of_a_cluster_are_known_though_only_one_gets_requests() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let far = Member { data_center: "far".to_owned(), ..Member::new(([127, 0, 2, 1], 9).into()) };
    node.set_peers([far]);
    let mut settings = settings(&[&node]);
    settings.local_data_center = Some("datacenter1".to_owned());
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    assert_eq!(cluster.topology().data_centers(), ["datacenter1", "far"]);
    let distances: Vec<_> = cluster.topology().hosts().iter().map(|host| host.distance()).collect();
    assert_eq!(distances, [Distance::Local, Distance::Ignored]);
    assert!(addresses(&cluster).len() == 1 && cluster.tasks().len() < 8, "nobody dials it");
}

#[tokio::test]
async fn g12_5_contact_points_are_looked_up_anew_when_no_known_host_answers() {
    let _alone = alone().await;
    let mut nodes = nodes(2).await;
    nodes[0].set_peers([]);
    nodes[1].set_peers([]);
    // The second is no host of the cluster yet, only a contact point.
    let cluster = Cluster::connect(settings(&[&nodes[0], &nodes[1]]), seconds(5)).await.unwrap();
    assert_eq!(addresses(&cluster), [nodes[0].address().into()]);
    drop(nodes.remove(0));
    let moved = || addresses(&cluster) == [nodes[0].address().into()];
    eventually(PATIENCE, "the other contact point leads on", moved).await;
    eventually(PATIENCE, "it takes requests", || {
        cluster.topology().hosts()[0].pool().pick().is_ok()
    })
    .await;
}

/// No time is too long to be a setting: a refresh task that panics would be gone for good.
#[tokio::test]
async fn the_control_connection_comes_back_however_patient_the_settings_are() {
    let _alone = alone().await;
    let nodes = nodes(1).await;
    let mut settings = settings(&[&nodes[0]]);
    settings.pool.connect_timeout = Duration::MAX;
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    // The first is enough to be connected.
    eventually(PATIENCE, "both for requests are there", || cluster.usage().connections == 2).await;
    let tasks = cluster.tasks().len();
    nodes[0].close_connections();
    let accepted = nodes[0].accepted().len();
    eventually(PATIENCE, "all three are back", || {
        nodes[0].accepted().len() >= accepted + 3 && cluster.tasks().len() == tasks
    })
    .await;
}
