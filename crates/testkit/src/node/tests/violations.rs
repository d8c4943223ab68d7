//! Each violation is caught, and its absence is not.

use std::time::Duration;

use cqlwire_codec::{FramingError, Opcode, ProtocolVersion, StreamId};
use tokio::io::{AsyncWriteExt, DuplexStream};

use super::client::{Client, credentials, error_of, query, startup};
use crate::eventually;
use crate::node::{Prime, ScriptedNode, ViolationKind};

const SOON: Duration = Duration::from_secs(10);

/// A node with a client that is ready, on v5.
async fn ready() -> (ScriptedNode, Client<DuplexStream>) {
    let node = ScriptedNode::builder().in_memory();
    let client = Client::ready(node.connect(), ProtocolVersion::V5, None).await;
    (node, client)
}

/// The one violation that comes.
async fn only(node: &ScriptedNode) -> ViolationKind {
    eventually(SOON, "a violation", || !node.violations().is_empty()).await;
    let mut violations = node.take_violations();
    assert_eq!(violations.len(), 1, "{violations:?}");
    violations.remove(0).kind
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "QUERY on stream 7, which is owed an answer")]
async fn a_node_that_is_dropped_with_a_violation_panics() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("S").silence());
    let body = query(ProtocolVersion::V5, "S", None, None);
    client.send(Opcode::Query, 7, &body).await;
    client.send(Opcode::Query, 7, &body).await;
    eventually(SOON, "both arrive", || node.count(Opcode::Query) == 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_used_again_once_it_is_answered() {
    let (node, mut client) = ready().await;
    for _ in 0..10 {
        client.query(7, "S").await;
    }
    node.assert_clean();
    let held = node.hold(Prime::statement("S"));
    let body = query(ProtocolVersion::V5, "S", None, None);
    client.send(Opcode::Query, 7, &body).await;
    eventually(SOON, "it is held", || held.len() == 1).await;
    client.send(Opcode::Query, 7, &body).await;
    let stream = StreamId::new(7);
    assert_eq!(only(&node).await, ViolationKind::StreamInUse { stream, opcode: Opcode::Query });
}

#[tokio::test(start_paused = true)]
async fn a_negative_stream_is_the_servers() {
    let (node, mut client) = ready().await;
    client.send(Opcode::Options, -2, b"").await;
    let error = FramingError::Stream { opcode: Opcode::Options, stream: StreamId::new(-2) };
    assert_eq!(only(&node).await, ViolationKind::Framing(error));
    assert_eq!(error_of(&client.expect().await).0, 0x000A);
    assert!(client.next().await.unwrap().is_none(), "the server closes");
}

#[tokio::test(start_paused = true)]
async fn an_opcode_of_the_server_is_not_the_clients() {
    let (node, mut client) = ready().await;
    client.send(Opcode::Ready, 1, b"").await;
    assert!(matches!(only(&node).await, ViolationKind::Framing(FramingError::Opcode { .. })));
}

#[tokio::test(start_paused = true)]
async fn another_version_than_that_of_startup() {
    let (node, mut client) = ready().await;
    client.version = ProtocolVersion::V4;
    client.send(Opcode::Options, 1, b"").await;
    let changed = only(&node).await;
    assert!(matches!(changed, ViolationKind::Framing(FramingError::VersionChanged { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_wrong_checksum_in_header_or_payload() {
    for (byte, expected) in [(0, FramingError::HeaderChecksum), (12, FramingError::PayloadChecksum)]
    {
        let (node, mut client) = ready().await;
        let mut image = client.image(Opcode::Options, 1, b"");
        image[byte] ^= 1;
        client.stream.write_all(&image).await.unwrap();
        assert_eq!(only(&node).await, ViolationKind::Framing(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn an_envelope_that_never_gets_whole() {
    for version in [ProtocolVersion::V4, ProtocolVersion::V5] {
        let node = ScriptedNode::builder().in_memory();
        let mut client = Client::ready(node.connect(), version, None).await;
        let image = client.image(Opcode::Query, 1, &query(version, "S", None, None));
        client.stream.write_all(&image[..image.len() - 1]).await.unwrap();
        drop(client);
        let cut = only(&node).await;
        assert!(matches!(cut, ViolationKind::Framing(FramingError::CutEnvelope { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_read() {
    let (node, mut client) = ready().await;
    let answer = client.ask(Opcode::Query, 1, b"\0\0\0\x09cut").await;
    assert_eq!(error_of(&answer).0, 0x000A);
    assert!(matches!(only(&node).await, ViolationKind::Body { opcode: Opcode::Query, .. }));
    client.query(1, "the connection goes on").await;
}

#[tokio::test(start_paused = true)]
async fn requests_out_of_turn() {
    let node = ScriptedNode::builder().password("user", "secret").in_memory();
    let mut client = Client::new(node.connect(), ProtocolVersion::V4, None);
    let during = |opcode, during| ViolationKind::OutOfTurn { opcode, during };
    client.query(1, "S").await;
    assert_eq!(only(&node).await, during(Opcode::Query, "before STARTUP"));
    client.startup().await;
    client.ask(Opcode::Options, 1, b"").await;
    assert_eq!(only(&node).await, during(Opcode::Options, "instead of AUTH_RESPONSE"));
    client.ask(Opcode::AuthResponse, 0, &credentials("user", "secret")).await;
    client.ask(Opcode::Startup, 0, &startup(None)).await;
    assert_eq!(only(&node).await, during(Opcode::Startup, "after the handshake"));
    client.ask(Opcode::AuthResponse, 0, &credentials("user", "secret")).await;
    assert_eq!(only(&node).await, during(Opcode::AuthResponse, "after the handshake"));
}

#[tokio::test(start_paused = true)]
async fn a_request_before_startup_is_answered() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::opcode(Opcode::Startup).after(SOON));
    let mut client = Client::new(node.connect(), ProtocolVersion::V4, None);
    client.send(Opcode::Startup, 0, &startup(None)).await;
    client.send(Opcode::Options, 1, b"").await;
    let opcode = Opcode::Options;
    let during = "before STARTUP was answered";
    assert_eq!(only(&node).await, ViolationKind::OutOfTurn { opcode, during });
}

#[tokio::test(start_paused = true)]
async fn bytes_after_a_refusal() {
    let node = ScriptedNode::builder().versions([ProtocolVersion::V4]).in_memory();
    let mut client = Client::new(node.connect(), ProtocolVersion::V5, None);
    client.ask(Opcode::Startup, 0, &startup(None)).await;
    client.send(Opcode::Options, 1, b"").await;
    assert_eq!(only(&node).await, ViolationKind::AfterRefusal { bytes: 9 });
}
