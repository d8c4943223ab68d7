//! Statements, prepared and not; results, whole and streamed.

use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use cqlwire_testkit::probe::{Baseline, alone};

use super::{INSERT, PATIENCE, SELECT, connected, prime_users};
use crate::ErrorKind;
use crate::codec::{ColumnType, ErrorCode, Opcode};

/// A node with so many users in Oslo.
async fn node_with(count: i64) -> ScriptedNode {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    prime_users(&node, count);
    node
}

#[tokio::test]
async fn a_session_from_beginning_to_end() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let node = node_with(25).await;
    let session = connected(&node).await;

    session.query(INSERT, ()).await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    let found = session.execute(&by_city, ("Oslo",)).await.unwrap();
    assert_eq!(found.row_count(), 25);
    assert_eq!(found.first_row().unwrap(), Some((0_i64, "user 0")));
    assert_eq!(session.resources().pages, 1);
    drop(found);

    let mut rows = session.execute(&by_city, ("Oslo",)).page_size(10).rows::<(i64, String)>();
    let mut seen = Vec::new();
    while let Some((id, name)) = rows.try_next().await.unwrap() {
        assert_eq!(name, format!("user {id}"));
        seen.push(id);
    }
    assert_eq!(seen, (0..25).collect::<Vec<i64>>());
    assert_eq!(rows.progress().pages, 3);
    drop(rows);
    assert!(session.resources().is_idle(), "{}", session.resources());

    session.close(PATIENCE).await;
    assert!(session.resources().is_zero(), "{}", session.resources());
    assert!(session.prepare(SELECT).await.unwrap_err().is_closed());
    drop((session, node));
    baseline.regained().await;
}

#[tokio::test]
async fn a_statement_that_a_host_forgot_is_prepared_again() {
    let _alone = alone().await;
    let node = node_with(3).await;
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    node.forget_prepared();
    assert_eq!(session.execute(&by_city, ("Oslo",)).await.unwrap().row_count(), 3);
    assert_eq!(node.count(Opcode::Prepare), 2);
}

/// The id of the statement that was prepared last, as UNPREPARED names it.
pub(super) fn unprepared(id: &[u8]) -> Prime {
    let length = u8::try_from(id.len()).unwrap();
    let detail = [&[0, length], id].concat();
    Prime::opcode(Opcode::Execute).error_with(0x2500, "never heard of it", detail)
}

#[tokio::test]
async fn e13_a_host_that_never_remembers_a_statement_is_told_it_three_times() {
    let _alone = alone().await;
    let node = node_with(3).await;
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    node.prime(unprepared(&by_city.id()));
    let error = session.execute(&by_city, ("Oslo",)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server { error, .. }
        if error.code == ErrorCode::Unprepared));
    assert_eq!((node.count(Opcode::Prepare), node.count(Opcode::Execute)), (4, 4));
}

#[tokio::test]
async fn e14_a_statement_that_has_become_another_is_not_executed() {
    let _alone = alone().await;
    let node = node_with(3).await;
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let shape = columns([("id", ColumnType::BigInt), ("name", ColumnType::Text)]);
    let markers = columns([("city", ColumnType::Int)]);
    node.prime(Prime::statement(SELECT).rows(shape, Vec::new()).binds(markers, &[0]));
    node.forget_prepared();
    let error = session.execute(&by_city, ("Oslo",)).await.unwrap_err();
    assert_eq!(error.to_string(), "column `city`: int does not go with &str; use i32");
    assert_eq!(node.count(Opcode::Execute), 1, "only the one that was not known");
}

#[tokio::test]
async fn a_result_that_goes_on_is_not_cut_in_silence() {
    let _alone = alone().await;
    let node = node_with(25).await;
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let error = session.execute(&by_city, ("Oslo",)).page_size(10).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::MorePages { rows: 10 }), "{error}");
}

#[tokio::test]
async fn bad_values_are_told_before_anything_is_sent() {
    let _alone = alone().await;
    let node = node_with(1).await;
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let error = session.execute(&by_city, (1_i32,)).await.unwrap_err();
    assert_eq!(error.to_string(), "column `city`: text does not go with i32; use String");
    let error = session.execute(&by_city, ()).await.unwrap_err();
    assert_eq!(error.to_string(), "0 values for 1 bind markers");
    let mut rows = session.execute(&by_city, ("Oslo", 2_i32)).rows::<(i64, String)>();
    let error = rows.try_next().await.unwrap_err();
    assert_eq!(error.to_string(), "2 values for 1 bind markers");
    assert_eq!(node.count(Opcode::Execute), 0);
}

#[tokio::test]
async fn an_error_of_the_server_is_told_as_it_is() {
    let _alone = alone().await;
    let node = node_with(1).await;
    node.prime(Prime::statement("SELEKT").error(0x2000, "line 1:0 no viable alternative"));
    let session = connected(&node).await;
    let error = session.query("SELEKT", ()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server { error, .. }
        if error.code == ErrorCode::SyntaxError));
    assert!(error.to_string().contains("no viable alternative"), "{error}");
    assert!(!error.is_retryable() && !error.may_have_been_applied());
    assert!(matches!(
        session.query("use shop", ()).await.unwrap_err().kind(),
        ErrorKind::UseStatement
    ));
}
