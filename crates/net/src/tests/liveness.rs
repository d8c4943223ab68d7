//! A server that is slow, and one that is gone: told apart, and both in bounded time.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{HEADER_LEN, Opcode};
use cqlwire_mux::Unresponsive;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use super::played::{self, Played, VOID};
use super::{connected, seconds, send};
use crate::{ConnectionEnd, MultiplexerSettings, RequestFailure, Settings};

const UPLOAD: usize = 8 << 20;

/// Reads 100 KiB a second, and answers what has come whole.
async fn read_slowly(mut server: Played) {
    let mut come = BytesMut::new();
    loop {
        sleep(Duration::from_millis(100)).await;
        let mut left = 10 << 10;
        while left > 0 {
            let mut piece = vec![0; left];
            match server.stream.read(&mut piece).await {
                Ok(count) if count > 0 => {
                    come.extend_from_slice(&piece[..count]);
                    left -= count;
                }
                _ => return,
            }
            if come.len() < UPLOAD {
                continue;
            }
            // No more than what is there is waited for.
            left = 0;
        }
        while let Some([_, _, s0, s1, opcode, l0, l1, l2, l3]) = come.first_chunk::<HEADER_LEN>() {
            let whole = HEADER_LEN + u32::from_be_bytes([*l0, *l1, *l2, *l3]) as usize;
            if come.len() < whole {
                break;
            }
            let stream = cqlwire_codec::StreamId::new(i16::from_be_bytes([*s0, *s1]));
            let (opcode, body) = match *opcode {
                0x05 => (Opcode::Supported, &[0, 0][..]),
                _ => (Opcode::Result, VOID),
            };
            server.answer(stream, opcode, body).await;
            drop(come.split_to(whole));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a3_an_upload_that_gets_on_is_not_ended_as_unresponsive() {
    // A socket that holds little, and one that holds what systems do.
    for room in [64 << 10, 3 << 20] {
        let (connection, server) = played::connected(&played::settings(), room).await;
        let server = tokio::spawn(read_slowly(server));
        let begun = Instant::now();
        send(&connection, &"x".repeat(UPLOAD), seconds(300)).await.unwrap();
        assert!(begun.elapsed() > Duration::from_secs(80), "{:?}", begun.elapsed());
        assert!(connection.is_open());
        drop(connection);
        server.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a3_a_server_that_stops_reading_is_given_up_after_the_usual_time() {
    let (connection, mut server) = played::connected(&played::settings(), 64 << 10).await;
    let upload = send(&connection, &"x".repeat(UPLOAD), seconds(300));
    let begun = Instant::now();
    // It takes a little, and then no more.
    let mut piece = vec![0; 100 << 10];
    server.stream.read_exact(&mut piece).await.unwrap();
    let RequestFailure::Unsent(end) = upload.await.unwrap_err().failure else {
        panic!("it was not sent whole")
    };
    assert!(matches!(*end, ConnectionEnd::Unresponsive(Unresponsive)), "{end}");
    assert!(!end.would_recur());
    assert_eq!(begun.elapsed().as_secs(), 35);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_after_no_time_means_none() {
    let multiplexer =
        MultiplexerSettings { heartbeat_after: Duration::ZERO, ..MultiplexerSettings::default() };
    let settings = Settings { multiplexer, ..played::settings() };
    let (connection, mut server) = played::connected(&settings, 4096).await;
    sleep(Duration::from_secs(3_600)).await;
    assert!(connection.is_open());
    drop(connection);
    let mut received = Vec::new();
    server.stream.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"");
    server.stream.shutdown().await.ok();
}

#[tokio::test(start_paused = true)]
async fn g13_3_a_server_that_stops_is_quiet_within_a_second_and_until_it_goes_on() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    for _ in 0..3 {
        // However long nothing was owed before.
        sleep(Duration::from_millis(4_321)).await;
        node.stop();
        let options = node.count(Opcode::Options);
        let request = send(&connection, "SELECT", seconds(20));
        sleep(Duration::from_millis(390)).await;
        assert!(!connection.is_quiet());
        sleep(Duration::from_millis(20)).await;
        assert!(connection.is_quiet() && connection.is_open());
        sleep(Duration::from_secs(10)).await;
        assert!(connection.is_quiet() && connection.is_open());
        node.resume();
        request.await.unwrap();
        assert!(!connection.is_quiet(), "it goes on");
        sleep(Duration::from_millis(1)).await;
        assert_eq!(node.count(Opcode::Options), options + 1, "it was asked once");
    }
    node.assert_clean();
}

#[tokio::test(start_paused = true)]
async fn g13_3_a_server_that_is_slow_with_one_statement_is_never_quiet() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let held = node.hold(Prime::statement("SLOW"));
    let request = send(&connection, "SLOW", seconds(120));
    for _ in 0..59_900 {
        sleep(Duration::from_millis(1)).await;
        assert!(!connection.is_quiet());
    }
    let asked = node.count(Opcode::Options);
    assert!((290..=300).contains(&asked), "five times a second, not {asked} times");
    held.release();
    request.await.unwrap();
    sleep(Duration::from_secs(29)).await;
    assert_eq!(node.count(Opcode::Options), asked, "nothing is owed any more");
    node.assert_clean();
}

/// It may ask another server; if it does not, it waits on as before, however often that happens.
#[tokio::test(start_paused = true)]
async fn g13_3_whoever_waits_is_woken_when_the_server_turns_quiet_and_loses_nothing() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let held = node.hold(Prime::statement("SELECT held"));
    let mut request = std::pin::pin!(send(&connection, "SELECT held", seconds(60)));
    for _ in 0..3 {
        node.stop();
        let turned_quiet = std::future::poll_fn(|context| {
            assert!(request.as_mut().poll(context).is_pending());
            if request.is_quiet() { Poll::Ready(()) } else { Poll::Pending }
        });
        tokio::time::timeout(Duration::from_secs(5), turned_quiet).await.expect("nobody was woken");
        node.resume();
        let heard = || !connection.is_quiet();
        cqlwire_testkit::eventually(Duration::from_secs(5), "it is heard", heard).await;
    }
    held.release();
    request.await.unwrap();
}
