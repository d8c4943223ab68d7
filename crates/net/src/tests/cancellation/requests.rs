//! Requests that are given up: before their bytes were written, in the midst of it, and after.

use cqlwire_codec::Opcode;
use cqlwire_mux::Usage;
use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::fault::Trickle;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::io::duplex;
use tokio::task::yield_now;

use super::super::{WAYS, ask, connected, only, rounds, seconds, send};
use super::{SOON, at_rest};
use crate::{Connection, MultiplexerSettings, Settings};

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

#[tokio::test(start_paused = true)]
async fn g8_1_a_request_that_waits_for_an_id_is_dropped_at_every_poll() {
    let node = ScriptedNode::builder().in_memory();
    let multiplexer = MultiplexerSettings { max_in_flight: 1, ..MultiplexerSettings::default() };
    let settings = Settings { multiplexer, ..Settings::default() };
    let connection = connected(&node, &settings).await;
    node.prime(Prime::statement("slow").after(SOON));
    let fresh = || {
        let ahead = send(&connection, "slow", seconds(60));
        let waits = send(&connection, "waits", seconds(60));
        let connection = &connection;
        async move {
            assert_eq!(connection.usage().waiting, 1);
            waits.await.unwrap();
            drop(ahead);
        }
    };
    let ((), dropped) = cancel_at_every_poll(fresh, async |cut: Cut| {
        eventually(2 * SOON, "at rest", || connection.usage() == Usage::default()).await;
        assert_eq!((node.owed(), connection.load()), (0, 0));
        let never_polled = cut == Cut::AfterPolls(0);
        assert!(!never_polled || node.count(Opcode::Query) == 0, "both were given up unsent");
    })
    .await;
    assert!(dropped >= 3, "{dropped} points");
    // One was dropped when its answer was there already, and one got it.
    assert_eq!(node.count_statement("waits"), 2);
}

#[tokio::test(start_paused = true)]
async fn g8_1_a_request_that_waits_for_room_is_dropped_at_every_poll() {
    for (version, compression) in WAYS {
        let node = ScriptedNode::builder().buffer(64).in_memory();
        let multiplexer =
            MultiplexerSettings { max_outgoing_bytes: 600, ..MultiplexerSettings::default() };
        let settings = Settings { compression, multiplexer, ..only(version) };
        let connection = connected(&node, &settings).await;
        let long = || std::iter::repeat_with(fastrand::alphanumeric).take(500).collect::<String>();
        let fresh = || {
            let (first, second) = (long(), long());
            let ahead = [&first, &second].map(|text| send(&connection, text, seconds(60)));
            let waits = send(&connection, "waits", seconds(60));
            assert!(connection.usage().waiting >= 1);
            async move {
                waits.await.unwrap();
                drop(ahead);
            }
        };
        let ((), dropped) = cancel_at_every_poll(fresh, async |_| {
            at_rest(&connection).await;
            assert_eq!((node.owed(), connection.load()), (0, 0));
        })
        .await;
        assert!(dropped >= 3, "{dropped} points");
        ask(&connection, "others go on").await;
        node.assert_clean();
    }
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
