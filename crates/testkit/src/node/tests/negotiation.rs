//! Versions that the node does not speak, refused as servers refuse them.

use cqlwire_codec::{Opcode, ProtocolVersion, StreamId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::{Client, error_of};
use crate::node::{Builder, ScriptedNode};

use ProtocolVersion::{V3, V4, V5};

/// Asks `node` for `asked`: the version byte of the refusal and its text.
async fn refused(node: Builder, asked: ProtocolVersion) -> (ProtocolVersion, String) {
    let node = node.in_memory();
    let mut client = Client::new(node.connect(), asked, None);
    let body = super::client::startup(None);
    let answer = client.ask(Opcode::Startup, 5, &body).await;
    assert_eq!(answer.header.stream, StreamId::CONNECTION);
    let (code, text) = error_of(&answer);
    assert_eq!(code, 0x000A);
    drop(client);
    (answer.header.version, text)
}

#[tokio::test(start_paused = true)]
async fn each_server_refuses_in_its_own_words() {
    let node = ScriptedNode::builder;
    let (version, text) = refused(node().versions([V3, V4]), V5).await;
    assert_eq!(version, V4);
    assert!(text.starts_with("Invalid or unsupported protocol version (5); the lowest"), "{text}");

    let (version, text) = refused(node().versions([V3, V4]).refuses_as_beta(), V5).await;
    assert_eq!(version, V5, "3.11 answers in the version that it refuses");
    assert!(text.starts_with("Beta version of the protocol used (5/v5-beta)"), "{text}");

    let (version, text) = refused(node().versions([V3]), V4).await;
    assert_eq!((version, text.as_str()), (V3, "Invalid or unsupported protocol version: 4"));

    let (version, text) = refused(node().versions([V5]), V4).await;
    assert_eq!((version, text.as_str()), (V5, "Rejecting Protocol Version 4/v4 < 5/v5."));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_nobody_speaks_is_refused_too() {
    let node = ScriptedNode::builder().in_memory();
    let mut stream = node.connect();
    stream.write_all(&[0x41, 0, 0, 1, 5, 0, 0, 0, 0]).await.unwrap();
    let mut header = [0; 9];
    stream.read_exact(&mut header).await.unwrap();
    assert_eq!(header[..5], [0x85, 0, 0, 0, 0], "an error of v5 on stream 0");
}
