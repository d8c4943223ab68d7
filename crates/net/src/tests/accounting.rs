//! Which answer belongs to whom: what is not owed reaches nobody and ends the connection; what is
//! late, early or pushed does not.

use std::time::Duration;

use cqlwire_codec::{EnvelopeFlags, FramingError, Opcode, Response, StreamId, decode_response};
use cqlwire_mux::{Reached, Usage, Violation};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::io::AsyncReadExt;

use super::played::{self, VOID};
use super::{WAYS, ask, connected, millis, only, query, seconds, send};
use crate::{Connection, ConnectionEnd, RefusedBecause, RequestFailure, Settings};

/// Asks `lie`, which `prime` answers as no server may, while another request is under way: gives
/// what became of the lie, why the connection ended, and what the other request was told.
async fn lied_to(
    connection: &Connection,
    node: &ScriptedNode,
    prime: Prime,
) -> (bool, std::sync::Arc<ConnectionEnd>) {
    node.prime(Prime::statement("silence").silence());
    node.prime(prime);
    let other = send(connection, "silence", seconds(5));
    let lie = send(connection, "lie", seconds(5));
    let (other, lie) = tokio::join!(other, lie);
    let Err(RequestFailure::ConnectionLost(end)) = other.map_err(|error| error.failure) else {
        panic!("the other request is not lost")
    };
    let refused = connection.send(query(connection, "more"), seconds(5)).unwrap_err();
    assert_eq!(refused.because, RefusedBecause::Ended);
    assert_eq!(connection.usage(), Usage::default());
    (lie.is_ok(), end)
}

#[tokio::test(start_paused = true)]
async fn g1_4_b1_a_second_answer_ends_the_connection_and_reaches_nobody() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().in_memory();
        let settings = Settings { compression, ..only(version) };
        let connection = connected(&node, &settings).await;
        let (answered, end) = lied_to(&connection, &node, Prime::statement("lie").twice()).await;
        assert!(answered, "the first of the two was owed");
        assert!(matches!(*end, ConnectionEnd::Violation(Violation::NotOwed { .. })), "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn g1_4_b1_an_answer_on_an_id_never_issued_ends_the_connection_and_reaches_nobody() {
    for stream in [3, 77, i16::MAX].map(StreamId::new) {
        let node = ScriptedNode::builder().in_memory();
        let connection = connected(&node, &Settings::default()).await;
        let prime = Prime::statement("lie").on_stream(stream);
        let (answered, end) = lied_to(&connection, &node, prime).await;
        assert!(!answered);
        let expected = Violation::NotOwed { stream, opcode: Opcode::Result };
        assert!(matches!(&*end, ConnectionEnd::Violation(found) if *found == expected), "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn b3_an_error_on_stream_zero_is_the_servers_word_about_the_connection() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let prime =
        Prime::statement("lie").error(0x000A, "what is this").on_stream(StreamId::CONNECTION);
    let (answered, end) = lied_to(&connection, &node, prime).await;
    assert!(!answered);
    assert!(matches!(&*end, ConnectionEnd::ServerSaid(error) if error.message == "what is this"));
}

#[tokio::test(start_paused = true)]
async fn b4_events_and_answers_stay_on_their_own_streams() {
    let event = Prime::statement("lie").raw(Opcode::Event, EnvelopeFlags::NONE, "");
    for prime in [event, Prime::statement("lie").on_stream(StreamId::new(-2))] {
        let node = ScriptedNode::builder().in_memory();
        let connection = connected(&node, &Settings::default()).await;
        let (answered, end) = lied_to(&connection, &node, prime).await;
        assert!(!answered);
        let framing = matches!(*end, ConnectionEnd::Framing(FramingError::Stream { .. }));
        assert!(framing, "{end}");
    }
}

#[tokio::test(start_paused = true)]
async fn b2_a_late_answer_is_thrown_away_and_gives_the_id_back() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::statement("late").after(Duration::from_millis(100)));
    let connection = connected(&node, &Settings::default()).await;
    let error = send(&connection, "late", millis(20)).await.unwrap_err();
    assert!(matches!(error.failure, RequestFailure::DeadlinePassed(Reached::Written)));
    let mut one_orphan = Usage::default();
    one_orphan.orphaned = 1;
    assert_eq!(connection.usage(), one_orphan);
    eventually(Duration::from_millis(100), "the id is back", || {
        connection.usage() == Usage::default()
    })
    .await;
    ask(&connection, "next").await;
}

#[tokio::test(start_paused = true)]
async fn b5_an_event_that_nobody_registered_for_harms_nothing() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let request = send(&connection, "SELECT", seconds(5));
    let asked = server.asked().await;
    server.answer(StreamId::EVENT, Opcode::Event, b"whatever it says").await;
    server.answer(asked.stream, Opcode::Result, VOID).await;
    request.await.unwrap();
    assert_eq!(connection.usage().events, 1);
    assert_eq!(connection.next_event().await.unwrap().body, b"whatever it says"[..]);
}

#[tokio::test(start_paused = true)]
async fn b8_an_answer_before_its_request_is_written_is_delivered_and_the_wire_stays_whole() {
    let (connection, mut server) = played::connected(&played::settings(), 64).await;
    let text = "x".repeat(10_000);
    let request = send(&connection, &text, seconds(5));
    let mut header = [0; 9];
    server.stream.read_exact(&mut header).await.unwrap();
    let stream = StreamId::new(i16::from_be_bytes([header[2], header[3]]));
    server.answer(stream, Opcode::Error, &played::error(0x2200, "too long")).await;
    let answer = decode_response(&request.await.unwrap()).unwrap().response;
    assert!(matches!(answer, Response::Error(error) if error.message == "too long"));

    // The rest of it comes, and after it, whole, the next request.
    let next = send(&connection, "next", seconds(5));
    let mut rest = vec![0; query(&connection, &text).len() - header.len()];
    server.stream.read_exact(&mut rest).await.unwrap();
    let asked = server.asked().await;
    assert!(asked.body.windows(4).any(|window| window == b"next"));
    server.answer(asked.stream, Opcode::Result, VOID).await;
    next.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a8_an_answer_of_the_wrong_kind_is_the_requests_matter_alone() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::statement("odd").raw(Opcode::Ready, EnvelopeFlags::NONE, ""));
    let connection = connected(&node, &Settings::default()).await;
    assert_eq!(ask(&connection, "odd").await.header.opcode, Opcode::Ready);
    assert_eq!(ask(&connection, "even").await.header.opcode, Opcode::Result);
}

#[tokio::test(start_paused = true)]
async fn b10_a_ready_before_startup_ends_the_connection_once_there_is_a_second() {
    let (near, far) = tokio::io::duplex(4096);
    let mut server = played::Played { stream: far };
    server.answer(StreamId::CONNECTION, Opcode::Ready, &[]).await;
    let settings = played::settings();
    let opening = Connection::over(near, "played", &settings, seconds(5));
    let (connection, ()) = tokio::join!(opening, server.welcome());
    let end = connection.unwrap().ended().await;
    let on_zero = matches!(*end, ConnectionEnd::Violation(Violation::OnStreamZero(_)));
    assert!(on_zero, "{end}");
}
