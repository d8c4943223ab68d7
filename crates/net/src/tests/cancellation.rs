//! Futures that are dropped, at each poll and in each state of their bytes: what was not written
//! never is, the wire stays whole, and everything comes back.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{FramingError, Opcode};
use cqlwire_mux::Usage;
use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::fault::Trickle;
use cqlwire_testkit::node::{Prime, ScriptedNode, ViolationKind};
use cqlwire_testkit::probe::Baseline;
use tokio::io::duplex;
use tokio::task::yield_now;

use super::dialers::{Dials, by, somewhere};
use super::{WAYS, ask, connected, millis, only, rounds, seconds, send};
use crate::{Connection, PlainCredentials, Request, Settings};

const SOON: Duration = Duration::from_secs(5);

async fn at_rest(connection: &Connection) {
    eventually(SOON, "at rest", || connection.usage() == Usage::default()).await;
}

/// A node that asks for a password, and settings with which each byte of the way to it is a poll.
fn bit_by_bit() -> (Arc<ScriptedNode>, Settings) {
    let node = Arc::new(ScriptedNode::builder().password("ada", "hunter2").in_memory());
    let reached = Arc::clone(&node);
    let dials = Dials::new(move |_| Ok(Box::new(Trickle::new(reached.connect(), &[9], &[7]))));
    let settings = Settings {
        authenticator: Some(Arc::new(PlainCredentials::new("ada", "hunter2").unwrap())),
        keyspace: Some("ks".to_owned()),
        ..by(&dials, Settings::default())
    };
    (node, settings)
}

/// A client that goes in the middle of its handshake leaves half an envelope, and nothing worse.
fn assert_only_cut_short(node: &ScriptedNode) {
    for violation in node.take_violations() {
        let cut = ViolationKind::Framing(FramingError::CutEnvelope { present: 0 });
        assert_eq!(std::mem::discriminant(&violation.kind), std::mem::discriminant(&cut));
    }
}

#[tokio::test(start_paused = true)]
async fn g8_1_opening_is_dropped_at_every_poll() {
    let (node, settings) = bit_by_bit();
    let (endpoint, baseline) = (somewhere(), Baseline::of_tasks());
    let gone = async |_cut: Cut| {
        eventually(SOON, "closed", || node.connections() == 0).await;
        baseline.regained().await;
    };
    let fresh = || async {
        let connection = Connection::open(&endpoint, &settings, seconds(60)).await.unwrap();
        drop(connection);
    };
    let ((), dropped) = cancel_at_every_poll(fresh, gone).await;
    assert!(dropped > 30, "{dropped} points");
    assert_only_cut_short(&node);
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_handshake_over_a_given_stream_is_dropped_at_every_poll() {
    let (node, settings) = bit_by_bit();
    let baseline = Baseline::of_tasks();
    let fresh = || async {
        let stream = Trickle::new(node.connect(), &[30], &[11]);
        drop(Connection::over(stream, "node", &settings, seconds(60)).await.unwrap());
    };
    let gone = async |_cut: Cut| {
        eventually(SOON, "closed", || node.connections() == 0).await;
        baseline.regained().await;
    };
    let ((), dropped) = cancel_at_every_poll(fresh, gone).await;
    assert!(dropped > 10, "{dropped} points");
    assert_only_cut_short(&node);
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_request_is_dropped_at_every_poll() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().in_memory();
        let connection = connected(&node, &Settings { compression, ..only(version) }).await;
        let fresh = || send(&connection, "SELECT now", seconds(60));
        let (answer, dropped) = cancel_at_every_poll(fresh, async |_| {
            at_rest(&connection).await;
            assert_eq!((node.owed(), connection.load()), (0, 0));
        })
        .await;
        assert!(answer.is_ok() && dropped >= 3, "{dropped} points");
        ask(&connection, "others go on").await;
    }
}

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
    let (connection, mut server) = super::played::connected(&super::played::settings(), 4096).await;
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
async fn g8_2_dropped_before_it_is_written_it_is_never_sent() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().buffer(64).in_memory();
        let connection = connected(&node, &Settings { compression, ..only(version) }).await;
        // The driver has not run since.
        let (kept, dropped) =
            (send(&connection, "kept", seconds(60)), send(&connection, "dropped", seconds(60)));
        drop(dropped);
        kept.await.unwrap();

        // The driver is in the middle of something else.
        node.pause_reading();
        let long: String = std::iter::repeat_with(fastrand::alphanumeric).take(2_000).collect();
        let stuck = send(&connection, &long, seconds(60));
        yield_now().await;
        let (kept, dropped) =
            (send(&connection, "kept", seconds(60)), send(&connection, "dropped", seconds(60)));
        yield_now().await;
        drop(dropped);
        node.resume_reading();
        stuck.await.unwrap();
        kept.await.unwrap();
        ask(&connection, "next").await;
        assert_eq!((node.count_statement("kept"), node.count_statement("dropped")), (2, 0));
        assert_eq!(connection.usage(), Usage::default());
    }
}

/// Drops a long request after the driver has had `turns` turns to write it, a few bytes each.
/// Tells whether it reached the node.
async fn dropped_after(turns: usize, settings: &Settings) -> bool {
    let node = ScriptedNode::builder().in_memory();
    let (near, far) = duplex(40);
    node.serve(Trickle::new(far, &[8], &[]));
    let connection = Connection::over(near, "node", settings, seconds(60)).await.unwrap();
    let long: String = std::iter::repeat_with(fastrand::alphanumeric).take(300).collect();
    let request = send(&connection, &long, seconds(60));
    let behind = send(&connection, "behind", seconds(60));
    for _ in 0..turns {
        yield_now().await;
    }
    drop(request);
    behind.await.unwrap();
    ask(&connection, "next").await;
    at_rest(&connection).await;
    node.assert_clean();
    assert_eq!(node.owed(), 0);
    node.count_statement(&long) == 1
}

#[tokio::test(start_paused = true)]
async fn g8_3_dropped_in_the_middle_of_a_write_the_wire_stays_whole() {
    for (version, compression) in WAYS {
        let settings = Settings { compression, ..only(version) };
        let mut sent = Vec::new();
        for turns in 0..60 {
            sent.push(dropped_after(turns, &settings).await);
        }
        assert!(!sent[0] && sent.ends_with(&[true]), "{sent:?}");
    }
}

/// Sends, and lets go of, one request after the other, each at another moment.
async fn change_ones_mind(connection: &Connection, times: usize) {
    for _ in 0..times {
        let request = send(connection, "SELECT maybe", seconds(60));
        for _ in 0..fastrand::usize(0..4) {
            yield_now().await;
        }
        drop(request);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g8_4_after_many_cancellations_all_is_well() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let fickle: Vec<_> = (0..4)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move {
                change_ones_mind(&connection, rounds(1_000, 250_000)).await;
                for _ in 0..rounds(100, 25_000) {
                    ask(&connection, "SELECT now").await;
                }
            })
        })
        .collect();
    for task in fickle {
        task.await.unwrap();
    }
    at_rest(&connection).await;
    assert_eq!((node.owed(), connection.load()), (0, 0));
}
