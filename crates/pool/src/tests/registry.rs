//! A registry owns its pools: it counts them to the last connection, and after close none begins.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_net::Deadline;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::{Baseline, alone};

use super::{PATIENCE, filled, seconds, send, settings, started};
use crate::shared::Shared;
use crate::{PoolUsage, RegistryClosed, Unconnected};

#[tokio::test]
async fn g10_4_a_closed_registry_starts_nothing() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    let accepted = node.accepted().len();
    registry.close(seconds(5)).await;
    assert_eq!(registry.start(node.address().into(), 2).unwrap_err(), RegistryClosed);
    assert!(registry.tasks().is_empty());
    assert!(matches!(pool.pick().unwrap_err().reason, Unconnected::Closed));
    assert_eq!(node.accepted().len(), accepted);
    drop((pool, registry, node));
    baseline.regained().await;
}

#[tokio::test]
async fn g10_4_a_pool_without_handles_is_counted_and_closed_while_it_drains() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let pending = send(&pool);
    eventually(PATIENCE, "it has come", || held.len() == 1).await;
    drop(pool);
    eventually(PATIENCE, "one drains", || registry.usage().connections == 1).await;
    assert_eq!(registry.usage().usage.requests, 1);
    registry.close(Deadline::after(Duration::from_millis(20))).await;
    assert_eq!(registry.usage(), PoolUsage::default());
    assert!(registry.tasks().is_empty());
    pending.await.unwrap_err();
}

#[tokio::test]
async fn g8_6_a_dropped_registry_stops_the_pools_whose_handles_are_kept() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    drop(registry);
    eventually(PATIENCE, "all are closed", || node.connections() == 0).await;
    assert!(matches!(pool.pick().unwrap_err().reason, Unconnected::Closed));
}

#[tokio::test]
async fn registries_from_the_same_settings_count_their_own_tasks() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let settings = settings();
    let (one, pool) = filled(&node, settings.clone()).await;
    let (other, _) = started(node.address(), settings);
    assert_eq!(one.tasks().len(), 4, "two slots, two connections");
    other.close(seconds(5)).await;
    assert!(other.tasks().is_empty());
    assert!(pool.pick().is_ok());
    one.close(seconds(5)).await;
    assert!(one.tasks().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g10_4_no_race_of_a_start_with_close_leaves_a_task() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    for _ in 0..200 {
        let registry = Arc::new(crate::Registry::new(settings()));
        let address = node.address();
        let starting = tokio::spawn({
            let registry = registry.clone();
            async move { (0..3).map(|_| registry.start(address.into(), 2)).collect::<Vec<_>>() }
        });
        registry.close(seconds(5)).await;
        drop(starting.await.unwrap());
        assert!(registry.tasks().is_empty());
        assert_eq!(registry.usage(), PoolUsage::default());
    }
}

#[tokio::test]
async fn g10_4_a_connection_that_opens_as_the_pool_stops_cannot_be_picked() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (_registry, pool) = filled(&node, settings()).await;
    let connection = pool.pick().unwrap();
    let turns = Arc::new(tokio::sync::Semaphore::new(1));
    let stopped = Shared::new(
        1,
        pool.address().clone().into(),
        Arc::new(settings()),
        Arc::default(),
        turns,
        Arc::default(),
    );
    assert!(stopped.opened(connection.clone()).is_some());
    stopped.stop();
    assert!(stopped.opened(connection).is_none());
    assert!(stopped.open.least_busy().is_none());
}

#[tokio::test]
async fn a_stopped_pool_drains_though_its_handles_are_kept() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    assert_eq!(registry.settings().backoff, settings().backoff);
    pool.stop();
    assert!(pool.pick().is_err());
    eventually(PATIENCE, "all are closed", || node.connections() == 0).await;
    eventually(PATIENCE, "no task is left", || registry.tasks().is_empty()).await;
    let other = registry.start(node.address().into(), 2).unwrap();
    assert!(other.ready(seconds(5)).await.is_ok(), "the registry is open");
}
