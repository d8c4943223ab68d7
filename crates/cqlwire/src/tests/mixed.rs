//! Clusters whose hosts speak different versions, as while they are upgraded.

use std::sync::Arc;

use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, ScriptedNode, columns};

use super::memory::{Memory, at_rest};
use super::{INSERT, PATIENCE, SELECT, prime_users};
use crate::codec::ProtocolVersion::{self, V3, V4, V5};
use crate::codec::{ColumnType, EncodeError};
use crate::{ErrorKind, Session};

const OTHER: &str = "other";
const WRITE: &str = "INSERT INTO users (id) VALUES (?)";

/// A host of each of these versions.
fn hosts_of(versions: &[ProtocolVersion]) -> Arc<Memory> {
    let nodes = versions.iter().zip(1..).map(|(version, last)| {
        let member = Member::new(([127, 0, 0, last], 9042).into());
        let node = ScriptedNode::builder().versions([*version]).member(member).in_memory();
        node.set_keyspaces(["shop", OTHER]);
        prime_users(&node, 30);
        let markers = columns([("id", ColumnType::Int)]);
        node.prime(Prime::statement(WRITE).void().binds(markers, &[0]));
        node
    });
    let nodes: Vec<_> = nodes.collect();
    for node in &nodes {
        let others = nodes.iter().map(ScriptedNode::member);
        node.set_peers(others.filter(|other| *other != node.member()));
    }
    Memory::of(nodes)
}

/// The same, all connected, in the keyspace `shop`, with requests that go to each in turn.
async fn of(versions: &[ProtocolVersion]) -> (Arc<Memory>, Session) {
    let memory = hosts_of(versions);
    let session = memory.builder().keyspace("shop").connect().await.unwrap();
    let all = || session.resources().connections == versions.len();
    eventually(PATIENCE, "all are connected", all).await;
    (memory, session)
}

/// In which keyspaces our statements ran at each host.
fn ran_in(memory: &Memory) -> Vec<Vec<String>> {
    let of_node = |node: &ScriptedNode| {
        let received = node.received().into_iter();
        let ours = received.filter(|one| one.statements.iter().any(|text| text.contains("users")));
        let mut names: Vec<_> = ours.map(|one| one.runs_in.unwrap_or_default()).collect();
        names.dedup();
        names
    };
    memory.nodes().iter().map(of_node).collect()
}

#[tokio::test(start_paused = true)]
async fn g15_6_a_handle_is_in_its_keyspace_at_hosts_of_every_version() {
    for versions in [[V5, V4], [V4, V5], [V3, V5], [V3, V4]] {
        let (memory, session) = of(&versions).await;
        let other = session.with_keyspace(OTHER).await.unwrap();
        let own = versions.iter().filter(|version| **version < V5).count();
        let all = || session.resources().connections == 2 + own;
        eventually(PATIENCE, "all are connected", all).await;
        let (write, read) =
            (other.prepare(WRITE).await.unwrap(), other.prepare(SELECT).await.unwrap());
        let mut batch = other.batch();
        batch.add(WRITE, (1,)).unwrap().add(&write, (2,)).unwrap().add(INSERT, ()).unwrap();
        for _ in 0..4 {
            other.query(INSERT, ()).await.unwrap();
            other.execute(&write, (1,)).await.unwrap();
            other.query(WRITE, (1,)).await.unwrap();
            batch.execute().await.unwrap();
            let rows = other.execute(&read, ("Oslo",)).page_size(4).rows::<(i64, String)>();
            assert_eq!(rows.try_collect(99).await.unwrap().len(), 30, "{versions:?}");
        }
        assert_eq!(ran_in(&memory), [[OTHER], [OTHER]], "{versions:?}");
        drop((other, batch));
        eventually(PATIENCE, "they close", || session.resources().connections == 2).await;
        at_rest(&session).await;
    }
}

/// What only some hosts can be told goes to these.
#[tokio::test(start_paused = true)]
async fn g15_6_a_request_that_names_its_keyspace_goes_to_hosts_that_understand_it() {
    let (memory, session) = of(&[V4, V5, V3]).await;
    let mut batch = session.batch().keyspace(OTHER);
    batch.add(INSERT, ()).unwrap().add(WRITE, (1,)).unwrap();
    for _ in 0..6 {
        session.query(INSERT, ()).keyspace(OTHER).await.unwrap();
        session.query(WRITE, (1,)).keyspace(OTHER).await.unwrap();
        batch.execute().await.unwrap();
        let rows = session.query(SELECT, ("Oslo",)).keyspace(OTHER).rows::<(i64, String)>();
        assert_eq!(rows.try_collect(99).await.unwrap().len(), 30);
    }
    let expected: [&[&str]; 3] = [&[], &[OTHER], &[]];
    assert_eq!(ran_in(&memory), expected);
    // Where that one is not to be had, it is said why the others do not do.
    memory.nodes()[1].stop();
    let host = session.topology().hosts()[0].id();
    let error = session.query(INSERT, ()).keyspace(OTHER).host(host).await.unwrap_err();
    let not_in_version =
        |kind: &ErrorKind| matches!(kind, ErrorKind::Encode(EncodeError::NotInVersion { .. }));
    assert!(not_in_version(error.kind()), "{error}");
    assert!(!error.may_have_been_applied() && !error.is_retryable(), "{error}");
    memory.nodes()[1].resume();
}

/// Paging states of v3 are others than those of newer ones: a stream stays where it is understood.
#[tokio::test(start_paused = true)]
async fn g1_6_a_stream_has_all_rows_at_hosts_of_mixed_versions() {
    let (_memory, session) = of(&[V3, V4, V5]).await;
    let read = session.prepare(SELECT).await.unwrap();
    for _ in 0..6 {
        let rows = session.execute(&read, ("Oslo",)).page_size(4).rows::<(i64, String)>();
        let rows = rows.try_collect(99).await.unwrap();
        let ids: Vec<i64> = rows.into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, (0..30).collect::<Vec<_>>());
    }
}

/// Whatever connections they have in its keyspace.
#[tokio::test(start_paused = true)]
async fn g15_6_hosts_of_mixed_versions_have_their_shares_of_the_requests_of_a_handle() {
    let memory = hosts_of(&[V4, V5]);
    let session = memory.routed().keyspace("shop").connect().await.unwrap();
    eventually(PATIENCE, "both are connected", || session.resources().connections == 2).await;
    let other = session.with_keyspace(OTHER).await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..200 {
        calls.push(Box::pin(other.query(INSERT, ())));
    }
    for call in &mut calls {
        assert!(poll_once(call).await.is_pending());
    }
    for call in calls {
        call.await.unwrap();
    }
    let shares = [0, 1].map(|host: usize| memory.nodes()[host].count_statement(INSERT));
    assert_eq!(shares, [100, 100]);
    assert_eq!(ran_in(&memory), [[OTHER], [OTHER]]);
}
