//! Prepared statements whose tables, types and hosts change under them.

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, Prime, ScriptedNode, columns};

use super::PATIENCE;
use super::memory::Memory;
use crate::codec::{ColumnType, CqlUserType, CqlValue, Opcode, UserType};
use crate::{Error, Session};

pub(super) const WRITE: &str = "INSERT INTO t (k, a) VALUES (?, ?)";

/// The marker `a` is of this type from now on, and nobody remembers what it was before.
pub(super) fn alter(nodes: &[ScriptedNode], a: &ColumnType) {
    for node in nodes {
        let markers = columns([("k", ColumnType::Int), ("a", a.clone())]);
        node.prime(Prime::statement(WRITE).void().binds(markers, &[0]));
        node.forget_prepared();
    }
}

pub(super) fn three() -> [ScriptedNode; 3] {
    let member = |last| Member::new(([127, 0, 0, last], 9042).into());
    let node = |last| match last {
        1 => ScriptedNode::builder().in_memory(),
        last => ScriptedNode::builder().member(member(last)).in_memory(),
    };
    let nodes = [node(1), node(2), node(3)];
    for node in &nodes {
        let others = nodes.iter().map(ScriptedNode::member);
        node.set_peers(others.filter(|other| *other != node.member()));
    }
    nodes
}

pub(super) async fn connected(nodes: [ScriptedNode; 3]) -> (std::sync::Arc<Memory>, Session) {
    let memory = Memory::of(nodes);
    let session = memory.session().await;
    eventually(PATIENCE, "all are connected", || session.resources().connections == 3).await;
    (memory, session)
}

pub(super) fn names_the_column(error: &Error) {
    let text = error.to_string();
    assert!(text.starts_with("column `a`: float"), "{text}");
    assert!(!error.may_have_been_applied(), "{text}");
}

/// What EXECUTE carried as its second value, of all that the node accepted.
pub(super) fn second_values(node: &ScriptedNode) -> Vec<Vec<u8>> {
    let executes = node.received().into_iter().filter(|one| one.opcode == Opcode::Execute);
    executes.filter_map(|one| one.values.get(1).cloned().flatten().map(Vec::from)).collect()
}

#[tokio::test(start_paused = true)]
async fn g15_1_markers_that_changed_do_not_pass_on_any_try_nor_any_host() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    for k in 0..6 {
        session.execute(&write, (k, 5_i32)).await.unwrap();
    }
    alter(memory.nodes(), &ColumnType::Float);
    let before: u64 = memory.nodes().iter().map(|node| node.count(Opcode::Execute)).sum();
    for k in 0..12 {
        names_the_column(&session.execute(&write, (k, 5_i32)).await.unwrap_err());
    }
    let after: u64 = memory.nodes().iter().map(|node| node.count(Opcode::Execute)).sum();
    assert!(after - before <= 3, "only those that found out: {}", after - before);
    for k in 0..6 {
        session.execute(&write, (k, 5_f32)).await.unwrap();
    }
    for node in memory.nodes() {
        assert_eq!(second_values(node).last().unwrap(), &5_f32.to_be_bytes());
    }
}

/// Until the servers agree on the schema, each is right for itself.
#[tokio::test(start_paused = true)]
async fn g15_1_each_host_gets_values_by_what_it_said_itself() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    session.execute(&write, (0, 5_i32)).await.unwrap();
    alter(&memory.nodes()[..1], &ColumnType::Float);
    let (mut refused, mut written) = (0, 0);
    for k in 0..9 {
        match session.execute(&write, (k, 5_i32)).await {
            Ok(_) => written += 1,
            Err(error) => {
                names_the_column(&error);
                refused += 1;
            }
        }
    }
    assert_eq!((refused, written), (3, 6), "by turns: one host in three is ahead");
    for node in &memory.nodes()[1..] {
        assert!(second_values(node).iter().all(|value| *value == 5_i32.to_be_bytes()));
    }
}

fn address(fields: &[&str]) -> ColumnType {
    let fields = fields.iter().map(|name| ((*name).to_owned(), ColumnType::Text)).collect();
    let (keyspace, name) = ("ks".to_owned(), "address".to_owned());
    ColumnType::UserType(std::sync::Arc::new(UserType { keyspace, name, fields }))
}

fn home(fields: &[(&str, &str)]) -> CqlValue {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let ColumnType::UserType(user_type) = address(&names) else { unreachable!("made as one") };
    let values = fields.iter().map(|(_, text)| CqlValue::from(*text)).collect();
    CqlValue::UserType(CqlUserType { user_type, values })
}

#[tokio::test(start_paused = true)]
async fn g15_1_a_field_that_was_added_is_known_from_the_first_value_that_has_it() {
    let nodes = three();
    alter(&nodes, &address(&["street"]));
    let (memory, session) = connected(nodes).await;
    let write = session.prepare(WRITE).await.unwrap();
    let old = home(&[("street", "Elm")]);
    let new = home(&[("street", "Elm"), ("zip", "0150")]);
    session.execute(&write, (0, old.clone())).await.unwrap();
    alter(memory.nodes(), &address(&["street", "zip"]));
    for k in 0..6 {
        session.execute(&write, (k, new.clone())).await.unwrap();
        session.execute(&write, (k, old.clone())).await.unwrap();
    }
    let error = session.execute(&write, (0, home(&[("city", "Oslo")]))).await.unwrap_err();
    assert!(error.to_string().contains("city"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g15_1_pages_go_on_by_the_markers_of_now_or_not_at_all() {
    let nodes = three();
    let select = "SELECT id FROM t WHERE a = ?";
    let prime = |node: &ScriptedNode, marker: ColumnType| {
        let shape = columns([("id", ColumnType::BigInt)]);
        let rows = (0..25_i64).map(|id| vec![Some(id.to_be_bytes().to_vec().into())]).collect();
        let markers = columns([("a", marker)]);
        node.prime(Prime::statement(select).rows(shape, rows).binds(markers, &[0]));
        node.forget_prepared();
    };
    nodes.iter().for_each(|node| prime(node, address(&["street"])));
    let (memory, session) = connected(nodes).await;
    let by_home = session.prepare(select).await.unwrap();
    let old = home(&[("street", "Elm")]);
    let mut pages = session.execute(&by_home, (old,)).page_size(10).stream().prefetch(0).pages();
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10);
    memory.nodes().iter().for_each(|node| prime(node, address(&["street", "zip"])));
    assert_eq!(pages.try_next().await.unwrap().unwrap().len(), 10, "a compatible change");
    memory.nodes().iter().for_each(|node| prime(node, ColumnType::Float));
    let error = pages.try_next().await.unwrap_err();
    assert!(error.to_string().starts_with("column `a`: float"), "{error}");
}

/// Whoever prepares the same text anew tells all who hold it.
#[tokio::test(start_paused = true)]
async fn g15_1_handles_of_one_text_know_the_same() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let (memory, session) = connected(nodes).await;
    let old = session.prepare(WRITE).await.unwrap();
    session.execute(&old, (0, 5_i32)).await.unwrap();
    alter(memory.nodes(), &ColumnType::Float);
    for k in 0..3 {
        let new = session.prepare(WRITE).await.unwrap();
        session.execute(&new, (k, 5_f32)).await.unwrap();
    }
    for k in 0..6 {
        names_the_column(&session.execute(&old, (k, 5_i32)).await.unwrap_err());
    }
}

/// In another keyspace the same text is another statement.
#[tokio::test(start_paused = true)]
async fn g15_6_a_statement_is_refused_by_a_session_of_another_keyspace() {
    let nodes = three();
    alter(&nodes, &ColumnType::Int);
    let memory = Memory::of(nodes);
    let in_keyspace = |name: &str| memory.builder().keyspace(name).connect();
    let (a, b) = (in_keyspace("ka").await.unwrap(), in_keyspace("kb").await.unwrap());
    let also_a = in_keyspace("ka").await.unwrap();
    let write = a.prepare(WRITE).await.unwrap();
    let sent = || memory.nodes().iter().map(|node| node.count(Opcode::Execute)).sum::<u64>();
    let before = sent();
    let errors = [
        b.execute(&write, (1, 5_i32)).await.map(drop).unwrap_err(),
        b.execute(&write, (1, 5_i32)).pages().try_next().await.map(drop).unwrap_err(),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(text.contains("keyspace `ka`") && text.contains("keyspace `kb`"), "{text}");
        assert!(!error.may_have_been_applied() && !error.is_retryable());
    }
    assert_eq!(sent(), before);
    also_a.execute(&write, (1, 5_i32)).await.unwrap();
}
