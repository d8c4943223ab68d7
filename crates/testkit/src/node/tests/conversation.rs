//! What the node does by itself, in every version and compression.

use cqlwire_codec::wire::Reader;
use cqlwire_codec::{ColumnType, Compression, Opcode, ProtocolVersion, StreamId};

use tokio::io::AsyncReadExt;

use super::WAYS;
use super::client::{
    Client, credentials, error_of, execute, page_of, prepare, query, register, result_kind, startup,
};
use crate::node::{Member, Prime, Row, ScriptedNode, cell, columns};
use crate::probe::{Baseline, alone};

/// So many rows of one int.
fn ints(count: i32) -> Vec<Row> {
    (0..count).map(|value| vec![cell(value.to_be_bytes())]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_whole_conversation_in_memory() {
    for (version, compression) in WAYS {
        let baseline = Baseline::of_tasks();
        let node = ScriptedNode::builder().password("user", "secret").in_memory();
        let mut client = Client::new(node.connect(), version, compression);
        assert_eq!(client.ask(Opcode::Options, 1, b"").await.header.opcode, Opcode::Supported);
        assert_eq!(client.startup().await.header.opcode, Opcode::Authenticate);
        let answer = client.ask(Opcode::AuthResponse, 0, &credentials("user", "secret")).await;
        assert_eq!(answer.header.opcode, Opcode::AuthSuccess);
        let answer = client.ask(Opcode::Register, 0, &register(&["STATUS_CHANGE"])).await;
        assert_eq!(answer.header.opcode, Opcode::Ready);
        assert_eq!(result_kind(&client.query(3, "USE Ks").await), 3);
        assert_eq!(result_kind(&client.query(32_767, "INSERT INTO t").await), 1);

        let info = &node.accepted()[0];
        assert_eq!((info.version, info.compression), (Some(version), compression));
        assert_eq!(info.keyspace.as_deref(), Some("ks"));
        assert_eq!(info.owed, 0);
        let opcodes: Vec<Opcode> = node.received().iter().map(|request| request.opcode).collect();
        let expected = [
            Opcode::Options,
            Opcode::Startup,
            Opcode::AuthResponse,
            Opcode::Register,
            Opcode::Query,
            Opcode::Query,
        ];
        assert_eq!(opcodes, expected);
        drop(node);
        baseline.regained().await;
        assert!(client.next().await.unwrap().is_none(), "the connection went with the node");
    }
}

#[tokio::test]
async fn a_whole_conversation_on_a_socket() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    for (version, compression) in WAYS {
        let stream = tokio::net::TcpStream::connect(node.address()).await.unwrap();
        let mut client = Client::ready(stream, version, compression).await;
        assert_eq!(result_kind(&client.query(1, "INSERT INTO t").await), 1);
    }
    assert_eq!(node.count_statement("INSERT INTO t"), WAYS.len());
    drop(node);
    baseline.regained().await;
}

#[tokio::test(start_paused = true)]
async fn every_answer_is_compressed_once_startup_has_asked_for_it() {
    let node = ScriptedNode::builder().in_memory();
    let mut stream = node.connect();
    let mut client = Client::new(&mut stream, ProtocolVersion::V4, Some(Compression::Lz4));
    client.send(Opcode::Startup, 0, &startup(Some(Compression::Lz4))).await;
    let mut ready = [0; 9 + 5];
    stream.read_exact(&mut ready).await.unwrap();
    assert_eq!(ready, [0x84, 1, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0], "even an empty body");
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_refused() {
    let node = ScriptedNode::builder().password("user", "secret").in_memory();
    for (user, password) in [("user", "wrong"), ("", "secret"), ("user", "secret\0more")] {
        let mut client = Client::new(node.connect(), ProtocolVersion::V5, None);
        client.startup().await;
        let answer = client.ask(Opcode::AuthResponse, 0, &credentials(user, password)).await;
        assert_eq!(error_of(&answer).0, 0x0100);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_come_in_the_pages_that_were_asked_for() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().in_memory();
        let spec = columns([("v", ColumnType::Int)]);
        node.prime(Prime::statement("SELECT v").rows(spec, ints(10)));
        let mut client = Client::ready(node.connect(), version, compression).await;
        let (mut rows, mut sizes, mut state) = (Vec::new(), Vec::new(), None);
        loop {
            let body = query(version, "SELECT v", Some(4), state.as_deref());
            let page = page_of(&client.ask(Opcode::Query, 1, &body).await);
            assert_eq!(page.names, ["v"]);
            sizes.push(page.rows.len());
            rows.extend(page.rows);
            state = page.paging_state;
            if state.is_none() {
                break;
            }
        }
        assert_eq!(rows, ints(10));
        assert_eq!(sizes, [4, 4, 2]);
        let pages: Vec<_> = node.received().iter().filter_map(|request| request.page).collect();
        assert_eq!(pages, [0, 1, 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_may_be_of_any_size_and_empty() {
    let node = ScriptedNode::builder().in_memory();
    let spec = columns([("v", ColumnType::Int)]);
    node.prime(Prime::statement("SELECT v").rows(spec, ints(5)).in_pages([0, 3, 0, 2, 0]));
    let mut client = Client::ready(node.connect(), ProtocolVersion::V5, None).await;
    let mut sizes = Vec::new();
    let mut state = None;
    loop {
        let body = query(ProtocolVersion::V5, "SELECT v", Some(100), state.as_deref());
        let page = page_of(&client.ask(Opcode::Query, 1, &body).await);
        sizes.push(page.rows.len());
        state = page.paging_state;
        if state.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [0, 3, 0, 2, 0]);
    let forged = query(ProtocolVersion::V5, "SELECT v", None, Some(b"xyz"));
    assert_eq!(error_of(&client.ask(Opcode::Query, 1, &forged).await).0, 0x000A);
}

#[tokio::test(start_paused = true)]
async fn prepared_statements_are_known_by_their_id() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().in_memory();
        let spec = columns([("v", ColumnType::Int)]);
        node.prime(
            Prime::statement("SELECT v WHERE k = ?")
                .rows_from(spec, |request| vec![vec![request.values[0].clone()]])
                .binds(columns([("k", ColumnType::Int)]), &[0]),
        );
        let mut client = Client::ready(node.connect(), version, compression).await;
        let body = prepare(version, "SELECT v WHERE k = ?");
        let answer = client.ask(Opcode::Prepare, 1, &body).await;
        assert_eq!(result_kind(&answer), 4);
        let mut reader = Reader::new(&answer.body[4..]);
        let id = reader.short_bytes("id").unwrap().to_vec();
        let v5 = version >= ProtocolVersion::V5;
        let metadata_id =
            if v5 { reader.short_bytes("metadata id").unwrap().to_vec() } else { Vec::new() };

        let value = 7_i32.to_be_bytes();
        let skipping = execute(version, &id, &metadata_id, &[&value], true);
        let page = page_of(&client.ask(Opcode::Execute, 1, &skipping).await);
        assert_eq!(page.flags, 0x04, "metadata skipped");
        assert_eq!(page.rows, [[cell(value)]]);
        let stale = execute(version, &id, b"stale", &[&value], true);
        let page = page_of(&client.ask(Opcode::Execute, 1, &stale).await);
        assert_eq!(page.flags, if v5 { 0x08 } else { 0x04 });
        assert_eq!(node.count_statement("SELECT v WHERE k = ?"), 2);

        node.forget_prepared();
        let answer = client.ask(Opcode::Execute, 1, &skipping).await;
        assert_eq!(error_of(&answer).0, 0x2500);
        let after = &answer.body[answer.body.len() - id.len()..];
        assert_eq!(after, id);
    }
}

#[tokio::test(start_paused = true)]
async fn system_tables_describe_the_cluster() {
    let node = ScriptedNode::builder().in_memory();
    node.set_peers([Member::new("127.0.0.2:9042".parse().unwrap())]);
    let mut client = Client::ready(node.connect(), ProtocolVersion::V5, None).await;
    let page = page_of(&client.query(1, "SELECT * FROM system.local WHERE key='local'").await);
    assert_eq!(page.rows.len(), 1);
    assert!(page.names.iter().any(|name| name == "partitioner"));
    let chosen = "SELECT rack, native_address,native_port FROM system.peers_v2";
    let page = page_of(&client.query(1, chosen).await);
    assert_eq!(page.names, ["rack", "native_address", "native_port"]);
    let port = 9042_i32.to_be_bytes();
    assert_eq!(page.rows, [[cell("rack1"), cell([127, 0, 0, 2]), cell(port)]]);
    let answer = client.query(1, "SELECT nothing FROM system.local").await;
    assert_eq!(error_of(&answer).0, 0x2200);
}

#[tokio::test(start_paused = true)]
async fn older_servers_have_no_peers_v2() {
    let node = ScriptedNode::builder().versions([ProtocolVersion::V4]).in_memory();
    let mut client = Client::ready(node.connect(), ProtocolVersion::V4, None).await;
    let answer = client.query(1, "SELECT * FROM system.peers_v2").await;
    assert_eq!(error_of(&answer).0, 0x2200);
    assert!(page_of(&client.query(1, "SELECT * FROM system.peers").await).rows.is_empty());
}

#[tokio::test(start_paused = true)]
async fn events_go_to_those_who_registered() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().in_memory();
        let mut deaf = Client::ready(node.connect(), version, compression).await;
        let mut client = Client::ready(node.connect(), version, compression).await;
        client.ask(Opcode::Register, 0, &register(&["SCHEMA_CHANGE"])).await;
        assert_eq!(node.push_event("STATUS_CHANGE", b""), 0);
        assert_eq!(node.push_event("SCHEMA_CHANGE", b"rest"), 1);
        let event = client.expect().await;
        assert_eq!((event.header.opcode, event.header.stream), (Opcode::Event, StreamId::EVENT));
        assert_eq!(event.body, &b"\0\x0dSCHEMA_CHANGErest"[..]);
        assert_eq!(result_kind(&deaf.query(1, "next").await), 1);
        let answer = deaf.ask(Opcode::Register, 0, &register(&["WEATHER"])).await;
        assert_eq!(error_of(&answer).0, 0x000A);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_crosses_in_slices() {
    let node = ScriptedNode::builder().buffer(1000).in_memory();
    let large = vec![vec![cell(vec![0xA5; 400_000])]];
    node.prime(Prime::statement("SELECT b").rows(columns([("b", ColumnType::Blob)]), large));
    for (version, compression) in WAYS {
        let mut client = Client::ready(node.connect(), version, compression).await;
        let page = page_of(&client.query(1, "SELECT b").await);
        assert_eq!(page.rows[0][0].as_ref().unwrap().len(), 400_000);
    }
}
