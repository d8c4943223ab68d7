//! After close there is nothing, and nothing begins.

use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::probe::alone;

use super::{PATIENCE, nodes, seconds, settings};
use crate::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g12_7_a_refresh_that_races_with_close_leaves_nothing() {
    let _alone = alone().await;
    let nodes = nodes(2).await;
    for round in 0..100 {
        nodes[0].set_peers([]);
        let mut settings = settings(&[&nodes[0]]);
        settings.refresh_interval = Duration::from_micros(200);
        let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
        // The second host is listed about now.
        nodes[0].set_peers([nodes[1].member()]);
        tokio::time::sleep(Duration::from_micros(30 * round)).await;
        cluster.close(seconds(5)).await;
        assert_eq!(cluster.tasks().len(), 0, "round {round}");
        assert_eq!(cluster.usage().connections, 0, "round {round}");
    }
}

#[tokio::test]
async fn g10_4_the_draining_pool_of_a_host_that_left_is_counted_and_closed() {
    let _alone = alone().await;
    let nodes = nodes(2).await;
    let settings = settings(&[&nodes[0]]);
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    eventually(PATIENCE, "all are connected", || cluster.usage().connections == 4).await;
    let leaving = cluster.topology().hosts()[1].clone();
    let held = nodes[1].hold(cqlwire_testkit::node::Prime::statement("held"));
    let connection = leaving.pool().pick().unwrap();
    let pending = super::send(&connection, "held");
    eventually(PATIENCE, "it has come", || held.len() == 1).await;
    drop(leaving);
    nodes[0].set_peers([]);
    eventually(PATIENCE, "it has left", || cluster.topology().hosts().len() == 1).await;
    eventually(PATIENCE, "it drains", || cluster.usage().connections == 3).await;
    cluster.close(cqlwire_net::Deadline::after(Duration::from_millis(50))).await;
    assert_eq!(cluster.usage().connections, 0);
    assert_eq!(cluster.tasks().len(), 0);
    pending.await.unwrap_err();
}

#[tokio::test]
async fn clusters_from_the_same_settings_count_their_own_tasks() {
    let _alone = alone().await;
    let nodes = nodes(1).await;
    let settings = settings(&[&nodes[0]]);
    let one = Cluster::connect(settings.clone(), seconds(5)).await.unwrap();
    let other = Cluster::connect(settings, seconds(5)).await.unwrap();
    eventually(PATIENCE, "both are connected", || nodes[0].connections() == 6).await;
    assert_eq!(one.tasks().len(), 6, "2 slots, 3 connections, and the refresh task");
    other.close(seconds(5)).await;
    assert_eq!((one.tasks().len(), other.tasks().len()), (6, 0));
}

#[tokio::test]
async fn g8_6_a_dropped_cluster_leaves_no_pool_to_whoever_holds_a_topology() {
    let _alone = alone().await;
    let nodes = nodes(2).await;
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    let topology = cluster.topology();
    drop(cluster);
    for node in &nodes {
        eventually(PATIENCE, "nobody is connected", || node.connections() == 0).await;
    }
    assert!(topology.hosts()[0].pool().pick().is_err());
}

#[tokio::test]
async fn g10_3_a_silent_control_connection_does_not_hold_up_a_close() {
    let _alone = alone().await;
    let nodes = nodes(1).await;
    let cluster = Cluster::connect(settings(&[&nodes[0]]), seconds(5)).await.unwrap();
    let held = nodes[0].hold(cqlwire_testkit::node::Prime::any());
    eventually(PATIENCE, "it is asked", || held.len() == 1).await;
    let begun = std::time::Instant::now();
    cluster.close(seconds(5)).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(cluster.tasks().len(), 0);
}
