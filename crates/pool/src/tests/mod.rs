//! A pool against scripted nodes.

mod beside;
mod farewell;
mod identity;
mod registry;
mod sizes;
mod slots;
mod totals;

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{
    Consistency, Opcode, Query, QueryParameters, RequestEnvelope, RequestOptions, encode_request,
};
use cqlwire_net::{ConnectCause, Connection, Deadline, MultiplexerSettings, Request, Usage};
use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::{Baseline, alone};

use crate::{Backoff, Pool, PoolUsage, Registry, Settings, Target, Unconnected};

const PATIENCE: Duration = Duration::from_secs(10);

fn seconds(n: u64) -> Deadline {
    Deadline::after(Duration::from_secs(n))
}

/// Impatient, so that tests of what happens after a loss are quick.
fn settings() -> Settings {
    let backoff = Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(20) };
    Settings { backoff, ..Settings::default() }
}

/// A registry with one pool, which leads to this server.
fn started(target: impl Into<Target>, settings: Settings) -> (Registry, Pool) {
    let registry = Registry::new(settings);
    let pool = registry.start(target.into(), 2).unwrap();
    (registry, pool)
}

fn query(connection: &Connection) -> RequestEnvelope {
    let parameters = QueryParameters::new(Consistency::One, &());
    let query = Query { statement: "INSERT", parameters };
    let options = RequestOptions::default();
    encode_request(&query, connection.version(), &options, BytesMut::new()).unwrap()
}

/// Sends a request over the connection that is picked, and gives its name on the way.
fn send(pool: &Pool) -> Request {
    let connection = pool.pick().unwrap();
    connection.send(query(&connection), seconds(5)).unwrap().request
}

async fn filled(node: &ScriptedNode, settings: Settings) -> (Registry, Pool) {
    let (registry, pool) = started(node.address(), settings);
    pool.ready(seconds(5)).await.unwrap();
    eventually(PATIENCE, "both are open", || pool.usage().connections == 2).await;
    (registry, pool)
}

#[tokio::test]
async fn fills_picks_the_least_busy_and_drains() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let mut requests = Vec::new();
    for _ in 0..10 {
        let connection = pool.pick().unwrap();
        requests.push(connection.send(query(&connection), seconds(5)).unwrap().request);
    }
    eventually(PATIENCE, "all have come", || held.len() == 10).await;
    let owed: Vec<usize> = node.accepted().iter().map(|connection| connection.owed).collect();
    assert_eq!(owed, [5, 5], "shared out evenly");

    let registry = Arc::new(registry);
    let closing = tokio::spawn({
        let registry = registry.clone();
        async move { registry.close(seconds(5)).await }
    });
    eventually(PATIENCE, "none can be picked", || pool.pick().is_err()).await;
    held.release();
    for request in requests {
        request.await.unwrap();
    }
    closing.await.unwrap();
    assert_eq!(pool.usage(), PoolUsage::default());
    assert!(registry.tasks().is_empty());
    drop((pool, registry, node));
    baseline.regained().await;
}

#[tokio::test]
async fn a_lost_connection_is_replaced() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (_registry, pool) = filled(&node, settings()).await;
    node.close_connections();
    eventually(PATIENCE, "two more were opened", || node.accepted().len() >= 4).await;
    eventually(PATIENCE, "both are open", || pool.usage().connections == 2).await;
    let connection = pool.pick().unwrap();
    connection.send(query(&connection), seconds(5)).unwrap().request.await.unwrap();
}

#[tokio::test]
async fn g3_4_a_host_that_comes_back_is_used_again() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let address = node.address();
    let (registry, pool) = filled(&node, settings()).await;
    drop(node);
    eventually(PATIENCE, "the loss is noticed", || {
        matches!(pool.pick().map_err(|error| error.reason), Err(Unconnected::Failed(error))
            if matches!(&error.cause, ConnectCause::Io(error)
                if error.kind() == std::io::ErrorKind::ConnectionRefused))
    })
    .await;

    let node = ScriptedNode::builder().start_tcp_at(address).await.unwrap();
    eventually(PATIENCE, "it is used again", || pool.pick().is_ok()).await;
    drop((pool, registry, node));
}

#[tokio::test]
async fn g6_5_a_connection_that_is_owed_too_much_is_replaced_while_others_finish() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let mut settings = settings();
    settings.connection.multiplexer =
        MultiplexerSettings { max_orphaned: 3, ..MultiplexerSettings::default() };
    let registry = Registry::new(settings);
    let pool = registry.start(node.address().into(), 1).unwrap();
    let connection = pool.ready(seconds(5)).await.unwrap();
    let held = node.hold(Prime::opcode(Opcode::Query));
    let unrelated = connection.send(query(&connection), seconds(30)).unwrap().request;
    for _ in 0..4 {
        let soon = Deadline::after(Duration::from_millis(20));
        let late = connection.send(query(&connection), soon).unwrap().request;
        assert!(late.await.unwrap_err().is_timeout());
    }
    eventually(PATIENCE, "another is open", || node.accepted().len() == 2).await;
    eventually(PATIENCE, "the old one is not picked", || pool.pick().unwrap().load() == 0).await;
    held.release();
    unrelated.await.unwrap();
    eventually(PATIENCE, "the old one is closed", || node.connections() == 1).await;
    assert_eq!(pool.usage(), PoolUsage { connections: 1, usage: Usage::default() });
    assert!(connection.is_ended());
}

#[tokio::test]
async fn what_keeps_a_host_away_is_said() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().password("ada", "hunter2").start_tcp().await.unwrap();
    let (registry, pool) = started(node.address(), settings());
    let error = pool.ready(seconds(5)).await.unwrap_err();
    assert!(error.to_string().contains("asks for credentials"), "{error}");
    assert!(error.reason.is_permanent() && !error.reason.is_timeout());
    registry.close(seconds(1)).await;
    let silent = ScriptedNode::builder().start_tcp().await.unwrap();
    silent.prime(Prime::opcode(Opcode::Startup).silence());
    let (_registry, pool) = started(silent.address(), settings());
    let soon = Deadline::after(Duration::from_millis(30));
    let error = pool.ready(soon).await.unwrap_err();
    assert!(matches!(error.reason, Unconnected::NotYet), "{error}");
    assert!(error.reason.is_timeout() && !error.reason.is_permanent());
}

#[tokio::test]
async fn g8_5_whoever_stops_waiting_for_a_connection_does_not_stop_it_for_others() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = started(node.address(), settings());
    // The first to wait is the first to go.
    let mut first = Box::pin(pool.ready(seconds(5)));
    assert!(poll_once(&mut first).await.is_pending());
    let second = tokio::spawn({
        let pool = pool.clone();
        async move { pool.ready(seconds(5)).await.map(drop) }
    });
    drop(first);
    second.await.unwrap().unwrap();
    registry.close(seconds(5)).await;
}
