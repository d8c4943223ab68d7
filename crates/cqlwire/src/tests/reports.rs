//! What errors say to people and to programs: whether to try again, what came along, how it reads.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use cqlwire_testkit::probe::alone;

use super::memory::Memory;
use super::{INSERT, SELECT, prime_users};
use crate::codec::wire::write;
use crate::codec::{ColumnType, EnvelopeFlags, NamedValues, Opcode};
use crate::{ErrorKind, Session, TimeoutPhase, codec};

/// Nobody has to read a message to find out that a password is wrong.
#[tokio::test(start_paused = true)]
async fn g4_5_what_only_other_settings_would_mend_is_not_retryable() {
    let memory = Memory::of([ScriptedNode::builder().password("ada", "secret").in_memory()]);
    let wrong = memory.builder().credentials("ada", "guessed").connect().await.unwrap_err();
    let nobody = memory.builder().connect().await.unwrap_err();
    let right = || memory.builder().credentials("ada", "secret");
    let elsewhere = right().local_data_center("nowhere").connect().await.unwrap_err();
    for error in [&wrong, &nobody, &elsewhere] {
        assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { .. }), "{error}");
        assert!(!error.is_retryable() && !error.is_timeout(), "{error}");
    }
    right().connect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g4_4_a_contact_point_that_is_silent_is_a_timeout_of_connecting() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    memory.node().prime(Prime::opcode(Opcode::Startup).silence());
    let builder = memory.builder().connect_timeout(Duration::from_secs(1));
    let error = builder.connect().await.unwrap_err();
    let phase = TimeoutPhase::Connect;
    assert!(matches!(error.kind(), ErrorKind::Timeout { phase: p, .. } if *p == phase), "{error}");
    assert!(error.is_retryable() && !error.attempts().is_empty(), "{error}");
}

/// ERROR on v4 and v5 with all that may stand before it: a tracing id, warnings, a custom payload.
fn error_with_everything() -> (EnvelopeFlags, BytesMut) {
    let mut body = BytesMut::new();
    body.put_slice(&[7; 16]);
    body.put_u16(1);
    write::string(&mut body, "warning", "look here").unwrap();
    body.put_u16(1);
    write::string(&mut body, "key", "k").unwrap();
    body.put_i32(1);
    body.put_u8(9);
    body.put_i32(0x2200);
    write::string(&mut body, "message", "that is wrong").unwrap();
    let flags = EnvelopeFlags::TRACING.bits()
        | EnvelopeFlags::WARNING.bits()
        | EnvelopeFlags::CUSTOM_PAYLOAD.bits();
    (EnvelopeFlags::from_bits(flags), body)
}

#[tokio::test(start_paused = true)]
async fn g4_1_an_error_keeps_what_came_along() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 25);
    let session = memory.session().await;
    let by_city = session.prepare(SELECT).await.unwrap();
    let mut batch = session.batch();
    batch.add(INSERT, ()).unwrap();
    for opcode in [Opcode::Query, Opcode::Execute, Opcode::Prepare, Opcode::Batch] {
        let (flags, body) = error_with_everything();
        memory.node().prime(Prime::opcode(opcode).raw(Opcode::Error, flags, body));
    }
    let errors = [
        session.query(INSERT, ()).await.map(drop).unwrap_err(),
        session.execute(&by_city, ("Oslo",)).await.map(drop).unwrap_err(),
        session.execute(&by_city, ("Oslo",)).pages().try_next().await.map(drop).unwrap_err(),
        session.prepare("SELECT 1").await.map(drop).unwrap_err(),
        batch.execute().await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.warnings(), ["look here"], "{error}");
        assert_eq!(error.tracing_id().unwrap().as_bytes(), &[7; 16]);
        assert_eq!(error.custom_payload().unwrap().len(), 1);
    }
}

/// `fn main() -> cqlwire::Result<()>` prints `Error: ` and this.
#[tokio::test(start_paused = true)]
async fn debug_reads_as_display_does_with_the_attempts_below() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    memory.node().prime(Prime::statement(INSERT).error(0x1002, "still starting"));
    let error = session.query(INSERT, ()).await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.starts_with("no host available (after "), "{text}");
    let attempts = "s)\n  127.0.0.1:9042: is bootstrapping: still starting (16 times)";
    assert!(text.ends_with(attempts), "{text}");
    assert_eq!(error.attempts().len(), 16);
    assert!(format!("{error:#?}").starts_with("Inner {\n    kind: NoHostAvailable"));
}

#[tokio::test(start_paused = true)]
async fn g11_5_a_response_over_the_limit_fails_its_own_request_once() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    prime_users(memory.node(), 20_000);
    let session = memory.builder().max_response_bytes(100_000).connect().await.unwrap();
    let by_city = session.prepare(SELECT).await.unwrap();
    let all = session.execute(&by_city, ("Oslo",)).page_size(20_000).idempotent(true);
    let (error, other) = tokio::join!(all, session.query(INSERT, ()));
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ResponseTooLarge { .. }), "{error}");
    assert!(!error.is_retryable() && error.attempts().is_empty(), "{error}");
    other.unwrap();
    assert_eq!(memory.node().count(Opcode::Execute), 1);
    assert_eq!(memory.node().accepted().len(), 2, "no connection was lost");
    let page = session.execute(&by_city, ("Oslo",)).page_size(1_000).pages().try_next().await;
    assert_eq!(page.unwrap().unwrap().len(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_request_over_the_limit_is_refused_and_nothing_of_it_is_sent() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.builder().max_request_bytes(1_000).connect().await.unwrap();
    let sent = memory.node().count(Opcode::Query);
    let text = "INSERT INTO users (id) VALUES (?)";
    let error = session.query(text, (vec![0_u8; 2_000],)).unprepared().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Encode(codec::EncodeError::TooLong { .. })));
    assert!(!error.is_retryable() && !error.may_have_been_applied(), "{error}");
    assert_eq!(memory.node().count(Opcode::Query), sent);
}

#[tokio::test(start_paused = true)]
async fn what_waits_beyond_the_limit_is_overloaded_and_says_which() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let builder = memory.builder().max_waiting_requests(1);
    let builder = builder.connection(|settings| settings.multiplexer.max_in_flight = 1);
    let session = builder.connect().await.unwrap();
    memory.node().prime(Prime::statement(INSERT).silence());
    let mut calls: Vec<_> = (0..3).map(|_| Box::pin(session.query(INSERT, ()))).collect();
    for call in &mut calls[..2] {
        assert!(cqlwire_testkit::cancel::poll_once(call).await.is_pending());
    }
    let error = calls.remove(2).await.unwrap_err();
    let text = "overloaded: each connection is busy: 1 request is in flight, as many as may";
    assert!(error.to_string().starts_with(text), "{error}");
    assert!(matches!(error.kind(), ErrorKind::Overloaded { .. }) && error.is_retryable());
    assert!(!error.may_have_been_applied());
}

/// A server passes over a value that has no marker, and what was to be written is not.
#[tokio::test(start_paused = true)]
async fn g15_5_a_named_value_without_a_marker_is_refused_prepared_or_not() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let text = "INSERT INTO users (id) VALUES (:id)";
    let sent = memory.node().count(Opcode::Query);
    let values = [("id", 1_i32), ("nmae", 2)];
    let error = session.query(text, NamedValues(&values)).unprepared().await.unwrap_err();
    assert!(error.to_string().contains("nmae"), "{error}");
    assert_eq!(memory.node().count(Opcode::Query), sent);
    session.query(text, NamedValues(&values[..1])).unprepared().await.unwrap();
    memory.node().prime(Prime::statement(text).binds(columns([("id", ColumnType::Int)]), &[0]));
    let error = session.query(text, NamedValues(&values)).await.unwrap_err();
    assert!(error.to_string().contains("nmae"), "{error}");
    assert_eq!(memory.node().count(Opcode::Execute), 0);
    session.query(text, NamedValues(&values[..1])).await.unwrap();
    assert_eq!(memory.node().count(Opcode::Execute), 1);
}

#[tokio::test]
async fn contact_points_are_one_text_or_several() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let address = node.address().to_string();
    let list = format!("{address}, {address}");
    Session::builder().contact_points(&*address).connect().await.unwrap();
    Session::builder().contact_points(list).connect().await.unwrap();
    Session::builder().contact_points(vec![address.as_str()]).connect().await.unwrap();
    Session::builder().contact_points([address]).connect().await.unwrap();
}
