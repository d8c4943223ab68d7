//! Opening, asking, closing, in every version.

use std::sync::Arc;

use cqlwire_codec::{Opcode, Response, ResultResponse, decode_response};
use cqlwire_mux::Usage;
use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::probe::Baseline;

use super::{WAYS, ask, connected, seconds};
use crate::{Connection, ConnectionEnd, PlainCredentials, Settings};

#[tokio::test(start_paused = true)]
async fn a_whole_conversation_in_every_version() {
    for (version, compression) in WAYS {
        let baseline = Baseline::of_tasks();
        let node = ScriptedNode::builder().password("ada", "hunter2").in_memory();
        let settings = Settings {
            newest_version: version,
            compression,
            authenticator: Some(Arc::new(PlainCredentials::new("ada", "hunter2").unwrap())),
            keyspace: Some("Ks".to_owned()),
            ..Settings::default()
        };
        let connection = connected(&node, &settings).await;
        assert_eq!(connection.version(), version);
        assert_eq!(node.accepted()[0].keyspace.as_deref(), Some("Ks"));
        for _ in 0..3 {
            let answer = ask(&connection, "INSERT INTO t").await;
            let response = decode_response(&answer).unwrap().response;
            assert_eq!(response, Response::Result(ResultResponse::Void));
        }
        assert_eq!(node.count(Opcode::Query), 4);
        assert_eq!(connection.usage(), Usage::default());
        connection.close(seconds(1)).await;
        assert!(matches!(*connection.ended().await, ConnectionEnd::ClosedHere));
        drop(node);
        baseline.regained().await;
    }
}

#[tokio::test]
async fn a_server_of_v4_only_is_met_in_v4() {
    let baseline = Baseline::of_tasks();
    let node = ScriptedNode::builder();
    let node = node.versions([cqlwire_codec::ProtocolVersion::V4]).start_tcp().await.unwrap();
    let settings = Settings::default();
    let connection = Connection::open(&node.address().into(), &settings, seconds(5)).await.unwrap();
    assert_eq!(connection.version(), cqlwire_codec::ProtocolVersion::V4);
    ask(&connection, "INSERT INTO t").await;
    drop(connection);
    drop(node);
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn shown_for_debugging_it_tells_nothing_of_what_it_carries() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let request = super::send(&connection, "INSERT the secret", seconds(5));
    let shown = format!("{connection:?} {request:?}");
    assert!(shown.contains("node") && shown.contains("V5") && shown.len() < 1_000, "{shown}");
    request.await.unwrap();
}
