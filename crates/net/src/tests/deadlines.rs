//! Every wait ends at its deadline, says in which phase, and leaves the connection alone.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{Opcode, StreamId};
use cqlwire_mux::{Reached, Usage};
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::Baseline;
use tokio::time::Instant;

use super::dialers::{Dials, by, somewhere};
use super::{ask, connected, millis, seconds, send};
use crate::{
    ConnectError, ConnectPhase, Connection, Dialer, Dialing, MultiplexerSettings, PlainCredentials,
    RequestError, RequestFailure, ServerAddress, Settings, Tls,
};

const LIMIT_MS: u64 = 200;

/// Waits for what has [`LIMIT_MS`], and asserts that it took that and no more than 50 ms more.
async fn timed<F: Future>(future: F) -> F::Output {
    let begun = Instant::now();
    let output = future.await;
    let took = begun.elapsed();
    let limit = Duration::from_millis(LIMIT_MS);
    assert!(took >= limit && took <= limit + Duration::from_millis(50), "it took {took:?}");
    output
}

/// The attempt to connect, which has to end by its deadline.
async fn connect_late(settings: &Settings) -> ConnectError {
    let baseline = Baseline::of_tasks();
    let error =
        timed(Connection::open(&somewhere(), settings, millis(LIMIT_MS))).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    baseline.regained().await;
    error
}

#[tokio::test(start_paused = true)]
async fn g6_1_connecting_ends_in_each_phase() {
    let node = Arc::new(ScriptedNode::builder().password("ada", "hunter2").in_memory());
    let settings = Settings {
        authenticator: Some(Arc::new(PlainCredentials::new("ada", "hunter2").unwrap())),
        keyspace: Some("ks".to_owned()),
        ..by(&Dials::to(&node), Settings::default())
    };
    for (opcode, phase) in [
        (Opcode::Startup, ConnectPhase::Startup),
        (Opcode::AuthResponse, ConnectPhase::Authentication),
        (Opcode::Query, ConnectPhase::UseKeyspace),
    ] {
        node.clear_primes();
        node.prime(Prime::opcode(opcode).silence());
        let error = connect_late(&settings).await;
        assert_eq!(error.phase, phase);
        let text = format!(
            "cannot connect to db.example:9042: {phase} failed after 200.0ms: the deadline passed"
        );
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_i1_a_peer_that_accepts_and_says_nothing() {
    let settings = by(&Dials::to_silence(), Settings::default());
    assert_eq!(connect_late(&settings).await.phase, ConnectPhase::Startup);
    let tls = Tls::with_config(super::certificates::trusting_nobody());
    let settings = Settings { tls: Some(tls), ..settings };
    assert_eq!(connect_late(&settings).await.phase, ConnectPhase::Tls);
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_trickle_of_bytes_prolongs_no_handshake() {
    let trickle = Dials::played(|_, mut server| async move {
        server.asked().await;
        // SUPPORTED, a byte at a time, and long.
        let answer = super::played::envelope(StreamId::CONNECTION, Opcode::Supported, &[0; 9000]);
        for byte in answer {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if tokio::io::AsyncWriteExt::write_u8(&mut server.stream, byte).await.is_err() {
                return;
            }
        }
    });
    let error = connect_late(&by(&trickle, super::played::settings())).await;
    assert_eq!(error.phase, ConnectPhase::Startup);
}

/// A dialer that never gets anywhere.
#[derive(Debug)]
struct Nowhere;

impl Dialer for Nowhere {
    fn dial<'a>(&'a self, _address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_dialer_that_never_connects_ends_at_the_deadline() {
    let settings = Settings { dialer: Some(Arc::new(Nowhere)), ..Settings::default() };
    assert_eq!(connect_late(&settings).await.phase, ConnectPhase::Tcp);
}

#[tokio::test(start_paused = true)]
async fn g6_1_challenges_without_end_have_one_deadline() {
    let dials = Dials::played(|_, mut server| async move {
        for (opcode, body) in
            [(Opcode::Authenticate, &b"\0\x01x"[..]), (Opcode::AuthChallenge, &[0; 4])]
        {
            tokio::time::sleep(Duration::from_millis(LIMIT_MS * 2 / 3)).await;
            let stream = server.asked().await.stream;
            server.answer(stream, opcode, body).await;
        }
    });
    let settings = by(&dials, super::handshake::patient());
    assert_eq!(connect_late(&settings).await.phase, ConnectPhase::Authentication);
}

#[tokio::test(start_paused = true)]
async fn g6_1_falling_back_to_older_versions_has_one_deadline() {
    let dials = Dials::played(|number, server| async move {
        tokio::time::sleep(Duration::from_millis(LIMIT_MS * 2 / 3)).await;
        super::handshake::names_the_other(number, server).await;
    });
    let error = connect_late(&by(&dials, Settings::default())).await;
    assert_eq!(dials.count(), 2, "v5, then v4");
    assert_eq!(error.phase, ConnectPhase::Startup);
}

async fn late(connection: &Connection, statement: &str) -> RequestError {
    timed(send(connection, statement, millis(LIMIT_MS))).await.unwrap_err()
}

fn reached(error: &RequestError) -> Reached {
    match error.failure {
        RequestFailure::DeadlinePassed(reached) => reached,
        ref other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn g6_1_g6_3_a_request_ends_wherever_it_waits_and_says_where() {
    let node = ScriptedNode::builder().buffer(64).in_memory();
    node.prime(Prime::statement("silence").silence());
    let multiplexer = MultiplexerSettings { max_in_flight: 2, ..MultiplexerSettings::default() };
    let settings = Settings { multiplexer, ..Settings::default() };
    let connection = connected(&node, &settings).await;

    let written = late(&connection, "silence").await;
    assert_eq!(reached(&written), Reached::Written);
    assert!(written.is_timeout() && written.may_have_been_applied());
    let text = "the deadline passed before the server answered (host node, after 200.0ms)";
    assert_eq!(written.to_string(), text);

    // Its id is still taken. The next one gets stuck in the socket, one more waits for an id.
    node.pause_reading();
    let (stuck, waits) = (&"x".repeat(10_000), "waits");
    let (stuck, waits) = tokio::join!(late(&connection, stuck), late(&connection, waits));
    assert_eq!(reached(&stuck), Reached::Written);
    assert_eq!(reached(&waits), Reached::Waiting);
    assert!(waits.is_timeout() && !waits.may_have_been_applied());
    let text = "the deadline passed while it waited for a stream id; it was not sent \
                (host node, after 200.0ms)";
    assert_eq!(waits.to_string(), text);
    node.take_violations();
}

#[tokio::test(start_paused = true)]
async fn g6_1_g6_3_a_request_behind_a_stuck_write_ends_too() {
    let node = ScriptedNode::builder().buffer(64).in_memory();
    let connection = connected(&node, &Settings::default()).await;
    node.pause_reading();
    let long = "x".repeat(10_000);
    let stuck = send(&connection, &long, seconds(60));
    tokio::time::sleep(Duration::from_millis(12)).await;
    let queued = late(&connection, "queued").await;
    assert_eq!(reached(&queued), Reached::Queued);
    assert!(!queued.may_have_been_applied());
    let text = "the deadline passed before it could be written; it was not sent \
                (host node, after 200.0ms)";
    assert_eq!(queued.to_string(), text);

    node.resume_reading();
    stuck.await.unwrap();
    ask(&connection, "next").await;
    assert_eq!(node.count_statement("queued"), 0);
}

#[tokio::test(start_paused = true)]
async fn g6_1_g10_3_closing_ends_at_its_deadline() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::opcode(Opcode::Query).silence());
    let connection = connected(&node, &Settings::default()).await;
    let pending = send(&connection, "silence", seconds(60));
    timed(connection.close(millis(LIMIT_MS))).await;
    let failure = pending.await.unwrap_err().failure;
    assert!(matches!(failure, RequestFailure::ConnectionLost(_)), "{failure}");
    assert!(connection.is_ended());
}

#[tokio::test(start_paused = true)]
async fn g6_7_a_timeout_by_itself_closes_nothing() {
    let node = ScriptedNode::builder().in_memory();
    let held = node.hold(Prime::statement("held"));
    let connection = connected(&node, &Settings::default()).await;
    for _ in 0..100 {
        assert!(late(&connection, "held").await.is_timeout());
        ask(&connection, "others go on").await;
    }
    let mut orphans = Usage::default();
    orphans.orphaned = 100;
    assert_eq!(connection.usage(), orphans);
    assert!(connection.is_open());
    held.release();
    ask(&connection, "others go on").await;
    assert_eq!(connection.usage(), Usage::default());
    assert_eq!(node.accepted().len(), 1);
}

#[test]
fn g6_2_what_has_a_default_has_a_finite_one() {
    let defaults = MultiplexerSettings::default();
    assert!(defaults.heartbeat_after + defaults.heartbeat_timeout < Duration::from_secs(60));
    // Connecting and asking have no default here: whoever calls says how long.
    assert!(seconds(u64::MAX).remaining() < Duration::from_secs(200 * 366 * 86_400));
}
