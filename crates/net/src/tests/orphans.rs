//! Requests that are given up while their answers are on the way: nothing crosses over, and too
//! many of them are reported.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_mux::Usage;
use cqlwire_testkit::cancel::poll_once;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::played::{self, Played};
use super::{ask, connected, millis, query, rounds, send};
use crate::{Connection, MultiplexerSettings, Settings};

/// Answers every request with its own body, each after some milliseconds, and asserts that no id
/// comes again before its answer.
async fn answer_late(server: Played) {
    let (reader, writer) = tokio::io::split(server.stream);
    let mut reader = Played { stream: tokio::io::join(reader, tokio::io::sink()) };
    let (writer, owed) = (Arc::new(Mutex::new(writer)), Arc::new(Mutex::new(HashSet::new())));
    while let Some(asked) = reader.asked_or_end().await {
        assert!(owed.lock().await.insert(asked.stream), "{} is in use", asked.stream);
        let (writer, owed) = (Arc::clone(&writer), Arc::clone(&owed));
        tokio::spawn(async move {
            sleep(Duration::from_millis(fastrand::u64(0..40))).await;
            let answer = played::envelope(asked.stream, Opcode::Result, &asked.body);
            let mut writer: tokio::sync::MutexGuard<'_, WriteHalf<_>> = writer.lock().await;
            assert!(owed.lock().await.remove(&asked.stream));
            // The client may be gone by now.
            drop(writer.write_all(&answer).await);
        });
    }
}

/// Asks until so many of its requests have timed out; gives how many were answered.
async fn ask_impatiently(connection: Connection, client: usize, timeouts: usize) -> usize {
    let (mut late, mut answered) = (0, 0);
    while late < timeouts {
        let text = format!("SELECT {client} {late} {answered}");
        let body = query(&connection, &text).as_bytes()[9..].to_vec();
        match send(&connection, &text, millis(fastrand::u64(1..30))).await {
            Ok(answer) => {
                assert_eq!(answer.body, body, "another's answer");
                answered += 1;
            }
            Err(error) if error.is_timeout() => late += 1,
            Err(error) => panic!("{error}"),
        }
    }
    answered
}

#[tokio::test(start_paused = true)]
async fn g6_4_timeouts_with_late_answers_and_nothing_crosses_over() {
    let multiplexer = MultiplexerSettings { max_in_flight: 40, ..MultiplexerSettings::default() };
    let settings = Settings { multiplexer, ..played::settings() };
    let (connection, server) = played::connected(&settings, 64 << 10).await;
    let server = tokio::spawn(answer_late(server));
    let clients: Vec<_> = (0..20)
        .map(|client| ask_impatiently(connection.clone(), client, rounds(100, 5_000)))
        .map(tokio::spawn)
        .collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await.unwrap();
    }
    assert!(answered > 0, "some were in time");
    eventually(Duration::from_secs(1), "every id is back", || {
        connection.usage() == Usage::default()
    })
    .await;
    drop(connection);
    server.await.unwrap();
}

/// A connection that bears three orphans, and a node that holds what is called `held` back.
async fn bears_three() -> (ScriptedNode, Connection) {
    let node = ScriptedNode::builder().in_memory();
    let multiplexer = MultiplexerSettings { max_orphaned: 3, ..MultiplexerSettings::default() };
    let connection = connected(&node, &Settings { multiplexer, ..Settings::default() }).await;
    (node, connection)
}

#[tokio::test(start_paused = true)]
async fn g6_5_too_many_orphans_are_reported_and_the_others_finish() {
    let (node, connection) = bears_three().await;
    let held = node.hold(Prime::statement("held"));
    let silent = node.hold(Prime::statement("silent"));
    let others: Vec<_> = (0..10).map(|_| send(&connection, "held", millis(60_000))).collect();
    let mut retiring = Box::pin(connection.retiring());
    for orphans in 1..=4 {
        assert!(send(&connection, "silent", millis(10)).await.is_err());
        assert_eq!(connection.usage().orphaned, orphans);
        assert_eq!(poll_once(&mut retiring).await.is_ready(), orphans > 3);
    }
    // It serves on, also what comes only now.
    assert!(connection.is_open());
    ask(&connection, "new").await;
    held.release();
    for other in others {
        other.await.unwrap();
    }
    silent.release();
    eventually(Duration::from_secs(1), "every id is back", || {
        connection.usage() == Usage::default()
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn g6_5_orphans_of_dropped_requests_count_as_well() {
    let (node, connection) = bears_three().await;
    let silent = node.hold(Prime::statement("silent"));
    let requests: Vec<_> = (0..4).map(|_| send(&connection, "silent", millis(60_000))).collect();
    eventually(Duration::from_secs(1), "sent", || silent.len() == 4).await;
    let retiring = connection.retiring();
    drop(requests);
    // Nothing else happens on this connection: dropping them has to tell.
    tokio::time::timeout(Duration::from_secs(1), retiring).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g6_5_one_orphan_that_grows_old_is_reported_without_traffic_and_the_others_finish() {
    let node = ScriptedNode::builder().in_memory();
    let connection = connected(&node, &Settings::default()).await;
    let held = node.hold(Prime::statement("held"));
    let silent = node.hold(Prime::statement("silent"));
    let other = send(&connection, "held", millis(600_000));
    drop(send(&connection, "silent", millis(600_000)));
    assert!(silent.is_empty(), "that one was never sent");
    let orphan = send(&connection, "silent", millis(600_000));
    eventually(Duration::from_secs(1), "sent", || silent.len() == 1).await;
    drop(orphan);
    let dropped = tokio::time::Instant::now();
    connection.retiring().await;
    let age = dropped.elapsed();
    let limit = MultiplexerSettings::default().max_orphan_age;
    assert!(limit <= age && age < limit + Duration::from_millis(10), "{age:?}");
    // It serves on, also what comes only now.
    assert!(connection.is_open());
    ask(&connection, "new").await;
    held.release();
    other.await.unwrap();
    silent.release();
    eventually(Duration::from_secs(1), "every id is back", || {
        connection.usage() == Usage::default()
    })
    .await;
}
