//! Each reaction does what it says.

use std::io::ErrorKind;
use std::time::Duration;

use cqlwire_codec::{ColumnType, EnvelopeFlags, Opcode, ProtocolVersion, StreamId};
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::WAYS;
use super::client::{Client, error_of, prepare, query, result_kind};
use crate::eventually;
use crate::node::{Prime, ScriptedNode, cell, columns};

const HOUR: Duration = Duration::from_secs(3600);

/// A node with a client that is ready, on v5.
async fn ready() -> (ScriptedNode, Client<DuplexStream>) {
    let node = ScriptedNode::builder().in_memory();
    let client = Client::ready(node.connect(), ProtocolVersion::V5, None).await;
    (node, client)
}

/// Sends a QUERY without waiting for its answer.
async fn ask(client: &mut Client<DuplexStream>, stream: i16, statement: &str) {
    let body = query(client.version, statement, None, None);
    client.send(Opcode::Query, stream, &body).await;
}

#[tokio::test(start_paused = true)]
async fn an_error_has_its_code_text_and_detail() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("S").error_with(0x1200, "slow", &b"\0\x01more"[..]));
    let answer = client.query(1, "S").await;
    assert_eq!(error_of(&answer), (0x1200, "slow".to_owned()));
    assert!(answer.body.ends_with(b"slow\0\x01more"));
}

#[tokio::test(start_paused = true)]
async fn the_latest_prime_counts_and_only_as_often_as_it_says() {
    let (node, mut client) = ready().await;
    node.prime(Prime::opcode(Opcode::Query).error(1, "any"));
    node.prime(Prime::statement("S").nth(2).error(2, "second"));
    node.prime(Prime::statement("S").first(1).error(3, "first"));
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(error_of(&client.query(1, "S").await).0);
    }
    // The second prime sees the requests that the third leaves.
    assert_eq!(codes, [3, 1, 2, 1]);
    node.clear_primes();
    assert_eq!(result_kind(&client.query(1, "S").await), 1);
    node.prime(Prime::statement("S").void().after(Duration::from_secs(1)));
    node.prime(Prime::any().error(4, "all"));
    assert_eq!(error_of(&client.ask(Opcode::Options, 1, b"").await).0, 4);
}

#[tokio::test(start_paused = true)]
async fn a_script_goes_before_all_primes_where_it_says_something() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("S").error(1, "primed"));
    node.script(|received| {
        let is_asked = received.opcode == Opcode::Query && received.stream.raw() == 2;
        is_asked.then(|| Prime::any().error(2, "scripted"))
    });
    node.prime(Prime::statement("T").error(3, "primed later"));
    let mut codes = Vec::new();
    for (stream, text) in [(1, "S"), (2, "S"), (2, "T"), (3, "T")] {
        codes.push(error_of(&client.query(stream, text).await).0);
    }
    assert_eq!(codes, [1, 2, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_prepare_has_primes_of_its_own() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("S").error(1, "execution"));
    let body = prepare(ProtocolVersion::V5, "S");
    assert_eq!(result_kind(&client.ask(Opcode::Prepare, 1, &body).await), 4);
    node.prime(Prime::prepare("S").error(2, "preparation"));
    assert_eq!(error_of(&client.ask(Opcode::Prepare, 1, &body).await).0, 2);
    assert_eq!(error_of(&client.query(1, "S").await).0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_can_be_chosen() {
    let (node, mut client) = ready().await;
    let rows = vec![vec![cell("a")], vec![cell("b")]];
    node.prime(Prime::statement("S").rows(columns([("c", ColumnType::Text)]), rows));
    node.prime(Prime::statement("S").page(1).error(1, "second page"));
    let body = query(ProtocolVersion::V5, "S", Some(1), None);
    let first = super::client::page_of(&client.ask(Opcode::Query, 1, &body).await);
    assert_eq!(first.rows, [[cell("a")]]);
    let body = query(ProtocolVersion::V5, "S", Some(1), first.paging_state.as_deref());
    assert_eq!(error_of(&client.ask(Opcode::Query, 1, &body).await).0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_virtual_time_and_holds_up_nobody_else() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("slow").after(HOUR));
    node.prime(Prime::statement("slower").after(2 * HOUR));
    let start = Instant::now();
    ask(&mut client, 1, "slower").await;
    ask(&mut client, 2, "slow").await;
    ask(&mut client, 3, "quick").await;
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(client.expect().await.header.stream.raw());
    }
    assert_eq!(order, [3, 2, 1]);
    assert!(start.elapsed() >= 2 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn silence_is_for_ever_and_stays_owed() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("S").silence());
    ask(&mut client, 1, "S").await;
    assert_eq!(result_kind(&client.query(2, "other").await), 1);
    assert!(timeout(HOUR, client.next()).await.is_err());
    assert_eq!(node.owed(), 1);
}

#[tokio::test(start_paused = true)]
async fn held_answers_are_released_in_any_order() {
    let (node, mut client) = ready().await;
    let held = node.hold(Prime::statement("S"));
    for stream in 1..=4 {
        ask(&mut client, stream, "S").await;
    }
    eventually(HOUR, "all four are held", || held.len() == 4).await;
    held.release_nth(2);
    assert_eq!(client.expect().await.header.stream.raw(), 3);
    assert_eq!(node.owed(), 3);
    held.release();
    let rest = [client.expect().await, client.expect().await, client.expect().await];
    assert_eq!(rest.map(|answer| answer.header.stream.raw()), [1, 2, 4]);
    assert_eq!(result_kind(&client.query(1, "S").await), 1);
    assert!(held.is_empty());
}

#[tokio::test(start_paused = true)]
async fn answers_come_twice_or_on_a_strange_stream() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("twice").twice());
    node.prime(Prime::statement("strange").on_stream(StreamId::new(99)));
    assert_eq!(client.query(1, "twice").await.header.stream.raw(), 1);
    assert_eq!(client.expect().await.header.stream.raw(), 1);
    assert_eq!(client.query(1, "strange").await.header.stream.raw(), 99);
    assert_eq!(node.owed(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cut_sends_exactly_so_many_bytes() {
    for (version, compression) in WAYS {
        for bytes in 0..13 {
            let node = ScriptedNode::builder().in_memory();
            node.prime(Prime::statement("S").cut_after(bytes));
            let mut client = Client::ready(node.connect(), version, compression).await;
            client.send(Opcode::Query, 1, &query(version, "S", None, None)).await;
            let mut got = Vec::new();
            client.stream.read_to_end(&mut got).await.unwrap();
            assert_eq!(got.len(), bytes);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_flip_anywhere_in_a_segment_is_noticed() {
    for byte in 0..23 {
        let (node, mut client) = ready().await;
        node.prime(Prime::statement("S").flip(byte, 1));
        ask(&mut client, 1, "S").await;
        // A longer declared length would wait for ever.
        let outcome = timeout(HOUR, client.next()).await;
        assert!(matches!(outcome, Ok(Err(_))), "byte {byte}: {outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_and_raw_bodies_arrive_as_they_are() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("raw").raw(Opcode::Ready, EnvelopeFlags::WARNING, &b"\0\0"[..]));
    let answer = client.query(1, "raw").await;
    assert_eq!(answer.header.opcode, Opcode::Ready);
    assert_eq!(answer.header.flags, EnvelopeFlags::WARNING);
    assert_eq!(answer.body, &b"\0\0"[..]);
    node.prime(Prime::statement("garbage").garbage(&b"HTTP/1.1 400"[..]));
    ask(&mut client, 1, "garbage").await;
    let mut got = [0; 12];
    client.stream.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"HTTP/1.1 400");
    node.send_bytes(&b"more"[..]);
    client.stream.read_exact(&mut got[..4]).await.unwrap();
    assert_eq!(&got[..4], b"more");
}

#[tokio::test(start_paused = true)]
async fn a_close_lets_earlier_answers_out_first() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("S").close());
    ask(&mut client, 1, "first").await;
    ask(&mut client, 2, "S").await;
    ask(&mut client, 3, "late").await;
    assert_eq!(client.expect().await.header.stream.raw(), 1);
    assert!(client.next().await.unwrap().is_none());
    drop(client);
    eventually(HOUR, "the connection is gone", || node.connections() == 0).await;
    assert_eq!(node.count_statement("late"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_half_close_goes_on_reading() {
    let (node, mut client) = ready().await;
    node.prime(Prime::statement("S").half_close());
    ask(&mut client, 1, "S").await;
    assert!(client.next().await.unwrap().is_none());
    ask(&mut client, 2, "late").await;
    eventually(HOUR, "the request arrives", || node.count_statement("late") == 1).await;
    assert_eq!((node.connections(), node.owed()), (1, 1));
}

#[tokio::test]
async fn a_reset_is_one_on_a_socket() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    node.prime(Prime::statement("S").reset());
    let stream = TcpStream::connect(node.address()).await.unwrap();
    let mut client = Client::ready(stream, ProtocolVersion::V4, None).await;
    client.send(Opcode::Query, 1, &query(ProtocolVersion::V4, "S", None, None)).await;
    assert_eq!(client.next().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    eventually(HOUR, "the connection is gone", || node.connections() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn the_handle_ends_connections_of_its_own_accord() {
    let (node, mut client) = ready().await;
    node.close_connections();
    assert!(client.next().await.unwrap().is_none());
    let mut client = Client::ready(node.connect(), ProtocolVersion::V4, None).await;
    node.half_close_connections();
    assert!(client.next().await.unwrap().is_none());
    node.reset_connections();
    eventually(HOUR, "all are gone", || node.connections() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn the_handshake_can_be_primed_like_anything_else() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::opcode(Opcode::Startup).first(1).after(HOUR));
    let start = Instant::now();
    let mut client = Client::ready(node.connect(), ProtocolVersion::V5, None).await;
    assert!(start.elapsed() >= HOUR);
    assert_eq!(result_kind(&client.query(1, "next").await), 1);
    node.prime(Prime::opcode(Opcode::Startup).error(0x1002, "bootstrapping"));
    let mut client = Client::new(node.connect(), ProtocolVersion::V5, None);
    assert_eq!(error_of(&client.startup().await).0, 0x1002);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_still_read() {
    let node = ScriptedNode::builder().buffer(256).in_memory();
    let mut client = Client::ready(node.connect(), ProtocolVersion::V5, None).await;
    for stream in 0..1000 {
        timeout(HOUR, ask(&mut client, stream, "S")).await.expect("the node goes on reading");
    }
    for stream in 0..1000 {
        assert_eq!(client.expect().await.header.stream.raw(), stream);
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_does_not_read_lets_its_client_wait() {
    let node = ScriptedNode::builder().buffer(64).in_memory();
    let mut client = Client::ready(node.connect(), ProtocolVersion::V5, None).await;
    node.pause_reading();
    // Two commands are obeyed in order, so the pause is there when the bytes are.
    node.send_bytes(&b"now"[..]);
    client.stream.read_exact(&mut [0; 3]).await.unwrap();
    let many = async {
        for stream in 0..100 {
            ask(&mut client, stream, "S").await;
        }
    };
    assert!(timeout(HOUR, many).await.is_err());
    assert_eq!(node.count_statement("S"), 0);
    node.resume_reading();
    eventually(HOUR, "what was sent is read", || node.count_statement("S") > 0).await;
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_ready_together_share_a_segment() {
    let (node, mut client) = ready().await;
    let held = node.hold(Prime::statement("S"));
    for stream in 1..=3 {
        ask(&mut client, stream, "S").await;
    }
    eventually(HOUR, "all three are held", || held.len() == 3).await;
    held.release();
    let mut segment = [0; 6 + 3 * 13 + 4];
    client.stream.read_exact(&mut segment).await.unwrap();
    assert_eq!(segment[..2], [3 * 13, 0], "the length of the payload");
}
