//! Who a connection reaches.

use std::net::SocketAddr;

use cqlwire_codec::ColumnType;
use cqlwire_testkit::node::{cell, columns};
use uuid::Uuid;

use super::*;
use crate::{Elsewhere, Identity};

const WHO: &str = "SELECT cluster_name, host_id FROM system.local WHERE key = 'local'";

fn target(address: SocketAddr, host_id: [u8; 16], cluster_name: &str) -> Target {
    let host_id = Uuid::from_bytes(host_id);
    let identity = Some(Identity { host_id, cluster_name: cluster_name.into() });
    Target { address: address.into(), identity, keyspace: None }
}

async fn refusal(node: &ScriptedNode, target: Target) -> Unconnected {
    let (registry, pool) = started(target, settings());
    let reason = pool.ready(seconds(5)).await.unwrap_err().reason;
    let executed = node.received().iter().filter(|one| one.opcode == Opcode::Query).count();
    assert_eq!(executed, node.count_statement(WHO), "nothing else was asked");
    assert!(pool.state().down.is_some());
    registry.close(seconds(1)).await;
    reason
}

#[tokio::test]
async fn g12_10_a_connection_is_used_only_after_it_proved_whom_it_reaches() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (address, host_id) = (node.address(), node.member().host_id);
    let (registry, pool) = started(target(address, host_id, "scripted"), settings());
    pool.ready(seconds(5)).await.unwrap();
    assert!(node.count_statement(WHO) >= 1);
    registry.close(seconds(1)).await;

    let reason = refusal(&node, target(address, host_id, "shop")).await;
    let text = "the server there belongs to the cluster `scripted`, not to `shop`";
    assert_eq!(reason.to_string(), text);
    let reason = refusal(&node, target(address, [7; 16], "scripted")).await;
    let Unconnected::Elsewhere(elsewhere) = &reason else { panic!("{reason}") };
    assert!(matches!(**elsewhere, Elsewhere::OtherHost { .. }), "{reason}");
}

#[tokio::test]
async fn g12_10_a_server_that_does_not_say_who_it_is_is_not_used() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let target = target(node.address(), node.member().host_id, "scripted");
    let shape = columns([("cluster_name", ColumnType::Text), ("host_id", ColumnType::Uuid)]);
    node.prime(Prime::statement(WHO).rows(shape.clone(), Vec::new()));
    let reason = refusal(&node, target.clone()).await;
    assert!(matches!(reason, Unconnected::Elsewhere(_)), "{reason}");
    node.prime(Prime::statement(WHO).rows(shape, vec![vec![cell("scripted"), cell([1; 3])]]));
    let reason = refusal(&node, target.clone()).await;
    assert!(matches!(reason, Unconnected::Unproven(_)), "{reason}");
    node.prime(Prime::statement(WHO).silence());
    let mut settings = settings();
    settings.connect_timeout = Duration::from_millis(30);
    let (_registry, pool) = started(target, settings);
    let reason = pool.ready(seconds(5)).await.unwrap_err().reason;
    assert!(reason.is_timeout(), "{reason}");
}

#[tokio::test]
async fn another_server_at_the_address_is_a_change() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = started(target(node.address(), [7; 16], "scripted"), settings());
    seconds(5).bound(registry.changed()).await.unwrap();
    assert!(!pool.state().is_up());
}
