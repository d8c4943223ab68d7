//! Positions that were kept, and streams that begin at them.

use std::collections::HashMap;
use std::sync::Arc;

use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::memory::{Memory, at_rest};
use super::{SELECT, prime_users};
use crate::codec::{Opcode, ProtocolVersion};
use crate::stream::PositionMismatch;
use crate::{Error, ErrorKind, Position, Session};

const OTHER: &str = "SELECT id, name FROM users WHERE city = ? ";
const BY_NAME: &str = "SELECT id, name FROM users WHERE city = :city AND name > :name";

async fn session(versions: ProtocolVersion) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().versions([versions]).in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.session().await;
    (memory, session)
}

/// Where somebody stands who has read 15 users, as it is kept in a file.
async fn kept(session: &Session) -> String {
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut rows = session.execute(&by_city, ("Oslo",)).page_size(10).rows::<(i64, String)>();
    for _ in 0..15 {
        rows.try_next().await.unwrap().unwrap();
    }
    rows.position().unwrap().to_string()
}

fn why(error: &Error) -> PositionMismatch {
    match error.kind() {
        ErrorKind::PositionMismatch(why) => *why,
        _ => panic!("not a position's fault: {error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn g1_6_a_position_goes_on_in_another_session() {
    let (_memory, first) = session(ProtocolVersion::V5).await;
    let position: Position = kept(&first).await.parse().unwrap();
    let (_memory, second) = session(ProtocolVersion::V4).await;
    let by_city = second.prepare(SELECT).await.unwrap();
    let execution =
        second.execute(&by_city, ("Oslo",)).page_size(10).stream().from_position(position);
    let rest = execution.rows::<(i64, String)>().try_collect(100).await.unwrap();
    let ids: Vec<i64> = rest.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, (15..25).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_position_of_another_result_is_refused_before_anything_is_sent() {
    let (memory, session) = session(ProtocolVersion::V5).await;
    let position: Position = kept(&session).await.parse().unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    let elsewhere = memory.builder().keyspace("elsewhere").connect().await.unwrap();
    let by_city_there = elsewhere.prepare(SELECT).await.unwrap();
    let sent = memory.node().count(Opcode::Execute) + memory.node().count(Opcode::Query);
    for (execution, expected) in [
        (session.query(OTHER, ("Oslo",)), PositionMismatch::Statement),
        (elsewhere.execute(&by_city_there, ("Oslo",)), PositionMismatch::Statement),
        (session.execute(&by_city, ("Bergen",)), PositionMismatch::Values),
    ] {
        let mut pages = execution.page_size(10).stream().from_position(position.clone()).pages();
        let error = pages.try_next().await.unwrap_err();
        assert_eq!(why(&error), expected);
        assert!(!error.may_have_been_applied() && !error.is_retryable(), "{error}");
        assert!(pages.try_next().await.unwrap().is_none(), "one error, then the end");
    }
    let now = memory.node().count(Opcode::Execute) + memory.node().count(Opcode::Query);
    assert_eq!(now, sent, "nothing was sent");
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_position_of_another_protocol_is_refused_before_anything_is_sent() {
    let (_memory, new) = session(ProtocolVersion::V5).await;
    let position: Position = kept(&new).await.parse().unwrap();
    let (memory, old) = session(ProtocolVersion::V3).await;
    let by_city = old.prepare(SELECT).await.unwrap();
    let mut pages =
        old.execute(&by_city, ("Oslo",)).stream().from_position(position.clone()).pages();
    let error = pages.try_next().await.unwrap_err();
    let (given, spoken) = (ProtocolVersion::V5, ProtocolVersion::V3);
    assert_eq!(why(&error), PositionMismatch::Protocol { given, spoken });
    assert_eq!(error.resume_position(), Some(&position), "it is as good as before elsewhere");
    assert_eq!(memory.node().count(Opcode::Execute), 0);
}

#[tokio::test(start_paused = true)]
async fn values_by_name_are_the_same_in_any_order() {
    let (_memory, session) = session(ProtocolVersion::V5).await;
    let values = |pairs: &[(&'static str, &'static str)]| {
        pairs.iter().copied().collect::<HashMap<&str, &str>>()
    };
    let own = [("city", "Oslo"), ("name", "a")];
    let position = |values: HashMap<&'static str, &'static str>| {
        session.query(BY_NAME, values).pages().position().unwrap()
    };
    let expected = position(values(&own));
    // Each map has its own order.
    for _ in 0..20 {
        assert_eq!(position(values(&own)), expected);
    }
    assert_ne!(position(values(&[("city", "a"), ("name", "Oslo")])), expected);
    assert_ne!(position(values(&[("city", "Oslo")])), expected);
}

/// The position of a page that did not come includes the rows of it that were read before.
#[tokio::test(start_paused = true)]
async fn g1_6_an_error_of_the_first_page_after_a_position_does_not_go_back() {
    let (memory, session) = session(ProtocolVersion::V5).await;
    let position: Position = kept(&session).await.parse().unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    let refusal = Prime::opcode(Opcode::Execute).first(1).error(0x1200, "too slow");
    memory.node().prime(refusal);
    let execution = session.execute(&by_city, ("Oslo",)).page_size(10);
    let mut pages = execution.stream().from_position(position.clone()).pages();
    let error = pages.try_next().await.unwrap_err();
    assert_eq!(error.resume_position(), Some(&position));
    let execution =
        session.execute(&by_city, ("Oslo",)).page_size(10).stream().from_position(position);
    let rest = execution.rows::<(i64, String)>().try_collect(100).await.unwrap();
    assert_eq!(rest[0].0, 15);
}
