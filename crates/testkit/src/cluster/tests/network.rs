//! Killed, paused, lost, taken over: how addresses and names are reached.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::wire::Reader;
use tokio::time::timeout;

use super::*;
use crate::node::tests::client::{error_of, execute, prepare, query, result_kind};
use crate::node::{Member, ScriptedNode};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn who_is_killed_is_refused_until_it_starts_and_forgets_what_was_prepared() {
    let cluster = cluster();
    let mut before = client(&cluster, 1).await;
    let body = prepare(ProtocolVersion::V5, "S");
    let prepared = before.ask(Opcode::Prepare, 1, &body).await;
    let mut reader = Reader::new(&prepared.body[4..]);
    let id = reader.short_bytes("id").unwrap();
    let again = execute(ProtocolVersion::V5, id, b"", &[], false);
    assert_eq!(result_kind(&before.ask(Opcode::Execute, 1, &again).await), 1);
    cluster.kill(1);
    assert!(!matches!(before.next().await, Ok(Some(_))));
    let error = cluster.dial(cluster.address(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    cluster.start(1);
    let mut after = client(&cluster, 1).await;
    assert_eq!(ring(&mut after).await.len(), 4);
    assert_eq!(error_of(&after.ask(Opcode::Execute, 1, &again).await).0, 0x2500);
    assert_eq!(cluster.dials(cluster.address(1)), 3);
    assert_eq!(cluster.node(1).count(Opcode::Startup), 2);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_shuts_down_says_what_it_owes() {
    let cluster = cluster();
    let mut client = client(&cluster, 1).await;
    let body = query(ProtocolVersion::V5, "S", None, None);
    client.send(Opcode::Query, 1, &body).await;
    let answer = client.expect().await;
    cluster.shut_down(1);
    assert_eq!(result_kind(&answer), 1);
    assert!(client.next().await.unwrap().is_none());
    assert!(cluster.dial(cluster.address(1)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_paused_node_takes_connections_and_says_nothing_until_it_goes_on() {
    let cluster = cluster();
    let mut old = listener(&cluster, 1).await;
    cluster.pause(1);
    let mut new =
        Client::new(cluster.dial(cluster.address(1)).await.unwrap(), ProtocolVersion::V5, None);
    // Neither answers nor events.
    cluster.drop_table("app", "users");
    let body = query(ProtocolVersion::V5, "S", None, None);
    old.send(Opcode::Query, 1, &body).await;
    assert!(timeout(HOUR, old.next()).await.is_err());
    assert!(timeout(HOUR, new.startup()).await.is_err());
    cluster.events(EventDelivery::Lost).resume(1);
    let mut kinds = vec![old.expect().await.header.opcode, old.expect().await.header.opcode];
    kinds.push(old.expect().await.header.opcode);
    assert_eq!(kinds, [Opcode::Event, Opcode::Event, Opcode::Result]);
    assert_eq!(new.expect().await.header.opcode, Opcode::Ready);
    // A process can be killed while it is stopped.
    cluster.pause(1);
    cluster.kill(1);
    assert!(!matches!(timeout(HOUR, old.next()).await.unwrap(), Ok(Some(_))));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_lost_neither_connects_nor_refuses() {
    let cluster = cluster();
    cluster.isolate(1);
    assert!(timeout(HOUR, cluster.dial(cluster.address(1))).await.is_err());
    cluster.heal(1);
    ring(&mut client(&cluster, 1).await).await;
    cluster.set_reach(cluster.address(1), Reach::Refused);
    assert!(cluster.dial(cluster.address(1)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_address_may_belong_to_another_cluster() {
    let cluster = cluster();
    let address = cluster.address(1);
    cluster.kill(1);
    let stranger = Member { cluster_name: "another".to_owned(), ..Member::new(address) };
    let stranger = Arc::new(ScriptedNode::builder().member(stranger).in_memory());
    cluster.take_over(address, stranger);
    let mut there = client(&cluster, 1).await;
    let name = "SELECT cluster_name FROM system.local";
    assert_eq!(column(&mut there, name).await, ["another"]);
    let mut watching = client(&cluster, 0).await;
    assert!(ring(&mut watching).await.contains(&address));
}

#[tokio::test(start_paused = true)]
async fn names_stand_for_what_the_test_says() {
    let cluster = cluster();
    assert_eq!(cluster.dial_name("db").await.unwrap_err().kind(), ErrorKind::NotFound);
    cluster.set_name("db", [cluster.address(0), cluster.address(1)]);
    cluster.kill(0);
    let stream = cluster.dial_name("db").await.unwrap();
    let mut client = Client::ready(stream, ProtocolVersion::V5, None).await;
    assert_eq!(ring(&mut client).await.len(), 4);
    let dials = [(cluster.address(0), 1), (cluster.address(1), 1)];
    assert_eq!(cluster.all_dials(), dials.into());
}
