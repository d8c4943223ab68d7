//! A server that stops reading, and callers that do not come for their answers: both hold up
//! nobody but themselves, and what waits is bounded.

use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{EventKind, Register, RequestOptions, encode_request};
use cqlwire_mux::Usage;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::time::sleep;

use super::{WAYS, ask, connected, millis, only, query, seconds, send};
use crate::{
    Connection, MultiplexerSettings, Reached, RefusedBecause, Request, RequestFailure, Settings,
};

const MULTIPLEXER_BYTES: usize = 8 << 10;
const WAITING_BYTES: usize = 32 << 10;

/// Room for a few requests of a kilobyte.
fn tight() -> MultiplexerSettings {
    MultiplexerSettings {
        max_outgoing_bytes: MULTIPLEXER_BYTES,
        max_batch_bytes: 4 << 10,
        max_waiting_bytes: WAITING_BYTES,
        ..MultiplexerSettings::default()
    }
}

async fn register(connection: &Connection) {
    let register = Register { events: &[EventKind::StatusChange] };
    let options =
        RequestOptions { compression: connection.compression(), ..RequestOptions::default() };
    let envelope =
        encode_request(&register, connection.version(), &options, BytesMut::new()).unwrap();
    connection.send(envelope, seconds(5)).unwrap().request.await.unwrap();
}

/// A kilobyte that says which one it is, and that no compression makes smaller.
fn kilobyte(number: usize) -> String {
    let noise = std::iter::repeat_with(fastrand::alphanumeric).take(1_000);
    format!("{number} ").chars().chain(noise).collect()
}

/// Sends kilobytes until the connection takes no more, and lets the driver run in between.
async fn fill(connection: &Connection) -> Vec<(String, Request)> {
    let mut taken = Vec::new();
    loop {
        let text = kilobyte(taken.len());
        let within = if taken.len() % 2 == 0 { millis(500) } else { seconds(60) };
        match connection.send(query(connection, &text), within) {
            Ok(sent) => taken.push((text, sent.request)),
            Err(refused) => {
                assert!(matches!(refused.because, RefusedBecause::Full(_)), "{refused}");
                assert_eq!(refused.envelope.as_bytes(), query(connection, &text).as_bytes());
                let text = "not taken in: the connection is busy: ";
                assert!(refused.to_string().starts_with(text), "{refused}");
                return taken;
            }
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn g7_5_i2_a_server_that_stops_reading_does_not_stop_ours() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().buffer(4 << 10).in_memory();
        let settings = Settings { compression, multiplexer: tight(), ..only(version) };
        let connection = connected(&node, &settings).await;
        register(&connection).await;
        let held = node.hold(Prime::statement("held"));
        let before = send(&connection, "held", seconds(60));
        eventually(Duration::from_secs(1), "held", || held.len() == 1).await;

        node.pause_reading();
        let taken = fill(&connection).await;
        let most = MULTIPLEXER_BYTES + WAITING_BYTES;
        let waiting = connection.usage().outgoing_bytes;
        assert!(waiting <= most && waiting > most / 2, "{waiting} bytes wait");

        // The server's words still come: events, and answers to what it had read.
        assert_eq!(node.push_event("STATUS_CHANGE", b"rest"), 1);
        assert!(connection.next_event().await.is_some());
        held.release();
        before.await.unwrap();

        // So do deadlines, and those say what was sent and what was not.
        sleep(Duration::from_secs(1)).await;
        node.resume_reading();
        for (number, (text, request)) in taken.into_iter().enumerate() {
            match request.await {
                Ok(_) => assert_eq!((number % 2, node.count_statement(&text)), (1, 1)),
                Err(error) => {
                    let RequestFailure::DeadlinePassed(reached) = error.failure else {
                        panic!("{error}")
                    };
                    let sent = usize::from(reached == Reached::Written);
                    eventually(Duration::from_secs(1), "received or not", || {
                        node.count_statement(&text) == sent
                    })
                    .await;
                }
            }
        }
        ask(&connection, "after").await;
        assert_eq!(connection.usage(), Usage::default());
    }
}

#[tokio::test(start_paused = true)]
async fn b7_out_of_ids_requests_wait_their_turn_and_the_next_is_refused() {
    let node = ScriptedNode::builder().in_memory();
    let multiplexer =
        MultiplexerSettings { max_in_flight: 2, max_waiting: 2, ..MultiplexerSettings::default() };
    let connection = connected(&node, &Settings { multiplexer, ..Settings::default() }).await;
    let held = node.hold(Prime::any());
    let requests: Vec<_> = (0..4).map(|_| send(&connection, "SELECT", seconds(60))).collect();
    eventually(Duration::from_secs(1), "held", || held.len() == 2).await;
    let usage = connection.usage();
    assert_eq!((usage.in_flight, usage.waiting), (2, 2));
    let refused = connection.send(query(&connection, "SELECT"), seconds(60)).unwrap_err();
    assert!(matches!(refused.because, RefusedBecause::Full(_)), "{refused}");

    // Given up, they keep their ids: the others wait on.
    let mut requests = requests.into_iter();
    drop((requests.next(), requests.next()));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(connection.usage().waiting, 2);
    held.release();
    for request in requests {
        request.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn g7_5_callers_that_do_not_come_for_their_answers_hold_up_nobody() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let not_yet: Vec<_> = (0..1_000).map(|_| send(&connection, "SELECT", seconds(60))).collect();
    for _ in 0..100 {
        ask(&connection, "others go on").await;
    }
    let mut requests_alone = Usage::default();
    requests_alone.requests = 1_000;
    assert_eq!(connection.usage(), requests_alone);
    for request in not_yet {
        request.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn row_g3_events_that_nobody_reads_are_bounded_and_hold_up_nobody() {
    let node = ScriptedNode::builder().in_memory();
    let multiplexer = MultiplexerSettings { max_events: 10, ..MultiplexerSettings::default() };
    let connection = connected(&node, &Settings { multiplexer, ..Settings::default() }).await;
    register(&connection).await;
    for number in 0_u8..100 {
        node.push_event("STATUS_CHANGE", &[number]);
    }
    ask(&connection, "others go on").await;
    assert_eq!(connection.usage().events, 10);
    // The last ones are there, in order.
    for number in 90..100 {
        let event = connection.next_event().await.unwrap();
        assert_eq!(event.body.last(), Some(&number));
    }
}
