//! Waits that are given up: for the end, for events, for a connection that wears out.

use std::cell::RefCell;
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::Baseline;

use super::super::{connected, millis, played, seconds, send};
use super::SOON;
use crate::{Connection, MultiplexerSettings, Request, Settings};

/// A connection with a request on its way that takes 300 ms.
async fn busy(node: &ScriptedNode) -> (Connection, Request) {
    let connection = connected(node, &Settings::default()).await;
    let before = node.count(Opcode::Query);
    let request = send(&connection, "slow", seconds(60));
    eventually(SOON, "sent", || node.count(Opcode::Query) == before + 1).await;
    (connection, request)
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_close_that_is_dropped_goes_on() {
    let node = ScriptedNode::builder().in_memory();
    node.prime(Prime::statement("slow").after(Duration::from_millis(300)));
    let baseline = Baseline::of_tasks();
    for (limit, is_enough) in [(1_000, true), (100, false)] {
        let current = RefCell::new(Some(busy(&node).await));
        let fresh = || {
            let connection = current.borrow().as_ref().unwrap().0.clone();
            async move { connection.close(millis(limit)).await }
        };
        let ((), dropped) = cancel_at_every_poll(fresh, async |cut| {
            let (connection, request) = current.take().unwrap();
            assert_eq!(connection.is_open(), cut == Cut::AfterPolls(0), "it was told to close");
            connection.stop();
            // What it has taken in finishes; then it ends of itself.
            assert!(request.await.is_ok() || !is_enough);
            eventually(SOON, "over", || connection.is_ended()).await;
            drop(connection);
            baseline.regained().await;
            current.replace(Some(busy(&node).await));
        })
        .await;
        assert!(dropped >= 3, "{dropped} points");
        current.take();
        baseline.regained().await;
    }
}

#[tokio::test(start_paused = true)]
async fn g8_1_waiting_for_events_is_dropped_at_every_poll_and_loses_none() {
    let (connection, mut server) = played::connected(&played::settings(), 4096).await;
    let pushing = tokio::spawn(async move {
        for number in 0_u8..10 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let (stream, opcode) = (cqlwire_codec::StreamId::EVENT, Opcode::Event);
            server.answer(stream, opcode, &[number]).await;
        }
        server
    });
    let mut next = 0;
    while next < 10 {
        let fresh = || connection.next_event();
        let (event, _) = cancel_at_every_poll(fresh, async |_| ()).await;
        assert_eq!(event.unwrap().body, [next][..], "an event is lost");
        next += 1;
    }
    drop(pushing.await.unwrap());
    let (end, _) = cancel_at_every_poll(|| connection.next_event(), async |_| ()).await;
    assert!(end.is_none());
}

#[tokio::test(start_paused = true)]
async fn g8_1_waiting_for_the_end_is_dropped_at_every_poll() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let closing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        node.close_connections();
    };
    let waiting = cancel_at_every_poll(|| connection.ended(), async |_| ());
    let ((_, dropped), ()) = tokio::join!(waiting, closing);
    assert!(dropped >= 2, "{dropped} points");
    let (_, dropped) = cancel_at_every_poll(|| connection.ended(), async |_| ()).await;
    assert_eq!(dropped, 1, "it is over: only a future that was never polled can be dropped");
}

#[tokio::test(start_paused = true)]
async fn g8_1_waiting_for_a_connection_to_wear_out_is_dropped_at_every_poll() {
    let node = ScriptedNode::builder().in_memory();
    let multiplexer = MultiplexerSettings { max_orphaned: 0, ..MultiplexerSettings::default() };
    let settings = Settings { multiplexer, ..Settings::default() };
    let connection = connected(&node, &settings).await;
    node.prime(Prime::statement("silence").silence());
    let orphan = send(&connection, "silence", seconds(1));
    let waiting = cancel_at_every_poll(|| connection.retiring(), async |_| ());
    let both = async { tokio::join!(waiting, orphan) };
    let (((), dropped), outcome) = tokio::time::timeout(SOON, both).await.unwrap();
    assert!(dropped >= 2 && outcome.is_err(), "{dropped} points");
}
