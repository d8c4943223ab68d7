//! Bytes that are not this protocol, and connections that break off in the middle of it.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{FramingError, HEADER_LEN, Opcode, ProtocolVersion, Response, decode_response};
use cqlwire_mux::Usage;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::Baseline;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::played::{self, VOID};
use super::{connected, only, query, seconds, send};
use crate::{ConnectionEnd, MultiplexerSettings, RequestFailure, Settings};

/// Why a request that was sent got no answer.
fn lost(failure: RequestFailure) -> Arc<ConnectionEnd> {
    match failure {
        RequestFailure::ConnectionLost(end) => end,
        other => panic!("{other}"),
    }
}

/// What ends a connection on which these bytes come instead of an answer.
async fn ended_by(bytes: &[u8]) -> Arc<ConnectionEnd> {
    let baseline = Baseline::of_tasks();
    let settings = Settings { max_envelope_bytes: 1 << 20, ..played::settings() };
    let (connection, mut server) = played::connected(&settings, 64 << 10).await;
    let request = send(&connection, "SELECT now", seconds(5));
    server.asked().await;
    server.stream.write_all(bytes).await.unwrap();
    let end = lost(request.await.unwrap_err().failure);
    assert_eq!(connection.usage(), Usage::default());
    assert!(!connection.is_open());
    baseline.regained().await;
    end
}

#[tokio::test(start_paused = true)]
async fn a_headers_that_no_server_sends_end_the_connection() {
    type Expected = fn(&FramingError) -> bool;
    let cases: [(&str, &[u8], Expected); 10] = [
        ("A1", b"\x84\0\0\x01\x08\xFF\xFF\xFF\xFF", |error| {
            matches!(error, FramingError::NegativeLength { .. })
        }),
        ("A4", b"\x04\0\0\x01\x07\0\0\0\0", |error| {
            matches!(error, FramingError::Direction { .. })
        }),
        ("A5", b"\x85\0\0\x01\x08\0\0\0\0", |error| {
            matches!(error, FramingError::VersionChanged { .. })
        }),
        ("A5", b"\x86\0\0\x01\x08\0\0\0\0", |error| {
            matches!(error, FramingError::UnknownVersion { number: 6 })
        }),
        ("A7", b"\x84\0\0\x01\x04\0\0\0\0", |error| matches!(error, FramingError::Opcode { .. })),
        ("A7", b"\x84\0\0\x01\x07\0\0\0\0", |error| matches!(error, FramingError::Opcode { .. })),
        ("A7", b"\x84\0\0\x01\x55\0\0\0\0", |error| matches!(error, FramingError::Opcode { .. })),
        ("A10", b"\x84\x01\0\x01\x08\0\0\0\0", |error| {
            matches!(error, FramingError::CompressedUnasked)
        }),
        ("A16", b"HTTP/1.1 400 Bad Request\r\n\r\n", |error| {
            matches!(error, FramingError::NotCql { looks_like: "HTTP" })
        }),
        ("A16", b"\x15\x03\x01\0\x02\x02\x46", |error| {
            matches!(error, FramingError::NotCql { looks_like: "a TLS alert" })
        }),
    ];
    for (row, bytes, expected) in cases {
        let end = ended_by(bytes).await;
        assert!(matches!(&*end, ConnectionEnd::Framing(error) if expected(error)), "{row}: {end}");
    }
}

#[tokio::test(start_paused = true)]
async fn a3_a_length_whose_bytes_never_come_is_waited_for_no_longer_than_a_heartbeat() {
    let (connection, mut server) = played::connected(&played::settings(), 64 << 10).await;
    let request = send(&connection, "SELECT now", seconds(300));
    server.asked().await;
    server.stream.write_all(b"\x84\0\0\x01\x08\x0F\xFF\xFF\xFF and so on").await.unwrap();
    let begun = tokio::time::Instant::now();
    let end = lost(request.await.unwrap_err().failure);
    assert!(matches!(*end, ConnectionEnd::Unresponsive(_)), "{end}");
    assert_eq!(begun.elapsed().as_secs(), 35);
}

#[tokio::test(start_paused = true)]
async fn a15_an_end_in_the_middle_of_an_envelope_is_one() {
    let answer = played::envelope(cqlwire_codec::StreamId::new(1), Opcode::Result, VOID);
    for present in 0..answer.len() {
        let (connection, mut server) = played::connected(&played::settings(), 4096).await;
        let request = send(&connection, "SELECT now", seconds(5));
        server.asked().await;
        server.stream.write_all(&answer[..present]).await.unwrap();
        drop(server);
        let end = lost(request.await.unwrap_err().failure);
        match &*end {
            ConnectionEnd::ClosedByServer => assert_eq!(present, 0),
            ConnectionEnd::Framing(FramingError::CutEnvelope { present: found }) => {
                assert_eq!(*found, present);
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(answer.len(), HEADER_LEN + VOID.len());
}

#[tokio::test(start_paused = true)]
async fn c14_a_bare_envelope_after_the_switch_is_recognised() {
    let node = ScriptedNode::builder().in_memory();
    let mut bare = played::envelope(cqlwire_codec::StreamId::new(1), Opcode::Result, VOID);
    bare[0] = 0x85;
    node.prime(Prime::statement("bare").garbage(bare.freeze()));
    let connection = connected(&node, &only(ProtocolVersion::V5)).await;
    let end = lost(send(&connection, "bare", seconds(5)).await.unwrap_err().failure);
    let expected = FramingError::Unsegmented { first: 0x85 };
    assert!(matches!(&*end, ConnectionEnd::Framing(error) if *error == expected), "{end}");
}

#[tokio::test(start_paused = true)]
async fn i4_what_came_before_the_end_is_delivered_before_it() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let (first, second) =
        (send(&connection, "first", seconds(5)), send(&connection, "second", seconds(5)));
    let asked = server.asked().await;
    server.asked().await;
    server.answer(asked.stream, Opcode::Error, &played::error(0x1001, "too busy")).await;
    drop(server);
    let answer = decode_response(&first.await.unwrap()).unwrap().response;
    assert!(matches!(answer, Response::Error(error) if error.message == "too busy"));
    let end = lost(second.await.unwrap_err().failure);
    assert!(matches!(*end, ConnectionEnd::ClosedByServer), "{end}");
}

#[tokio::test(start_paused = true)]
async fn i4_the_last_words_of_a_server_that_reads_no_more_are_heard() {
    let (connection, mut server) = played::connected(&played::settings(), 256).await;
    let waits = send(&connection, "SELECT now", seconds(5));
    let asked = server.asked().await;
    // The next one is too long for what the socket takes: the driver is in the middle of it.
    let long = send(&connection, &"x".repeat(10_000), seconds(5));
    tokio::time::sleep(Duration::from_millis(1)).await;
    server.answer(asked.stream, Opcode::Result, VOID).await;
    let words = played::error(0x000A, "no longer than 256 bytes, please");
    server.answer(cqlwire_codec::StreamId::CONNECTION, Opcode::Error, &words).await;
    drop(server);
    waits.await.unwrap();
    let RequestFailure::Unsent(end) = long.await.unwrap_err().failure else {
        panic!("not all of it was sent")
    };
    assert!(matches!(&*end, ConnectionEnd::ServerSaid(error) if error.message.contains("256")));
}

#[tokio::test(start_paused = true)]
async fn i5_a_half_closed_connection_is_over() {
    for (version, compression) in super::WAYS {
        let node = ScriptedNode::builder().in_memory();
        node.prime(Prime::statement("half").half_close());
        let connection = connected(&node, &Settings { compression, ..only(version) }).await;
        let end = lost(send(&connection, "half", seconds(5)).await.unwrap_err().failure);
        assert!(matches!(*end, ConnectionEnd::ClosedByServer), "{end}");
        assert!(connection.send(query(&connection, "more"), seconds(5)).is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn i5_nothing_is_written_once_no_answer_can_come() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    // The driver finds both in one turn: that the server says nothing more, and what to write.
    server.stream.shutdown().await.unwrap();
    let requests: Vec<_> = (0..3).map(|_| send(&connection, "too late", seconds(5))).collect();
    for request in requests {
        let failure = request.await.unwrap_err().failure;
        assert!(matches!(failure, RequestFailure::Unsent(_)), "{failure}");
    }
    let mut received = Vec::new();
    server.stream.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"");
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_kept_alive_by_its_heartbeat_and_by_any_byte() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert_eq!(node.count(Opcode::Options), 10);
    assert!(connection.is_open());
    node.prime(Prime::opcode(Opcode::Options).silence());
    let defaults = MultiplexerSettings::default();
    let begun = tokio::time::Instant::now();
    assert!(matches!(*connection.ended().await, ConnectionEnd::Unresponsive(_)));
    assert!(begun.elapsed() <= defaults.heartbeat_after + defaults.heartbeat_timeout);
}
