//! `worker`: nothing lost, and nothing acknowledged before it is written.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cqlwire::Session;
use cqlwire::codec::ColumnType;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode, columns};
use nix::sys::signal::Signal;
use tokio::process::Command;
use uuid::Uuid;

use crate::program::Program;
use crate::{PATIENCE, keyspace};

const INSERT: &str = "INSERT INTO order_events (order_id, at, status) \
                      VALUES (:order_id, :at, :status) USING TIMESTAMP :written";

fn start(url: &str, queue: &Path) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.env("CQLWIRE_URL", url).arg(queue);
    Program::start(command)
}

/// How many bytes are acknowledged.
fn done(queue: &Path) -> u64 {
    let done = fs::read_to_string(queue.with_extension("json.done"));
    done.map_or(0, |done| done.trim().parse().unwrap())
}

fn length(queue: &Path) -> u64 {
    fs::metadata(queue).unwrap().len()
}

fn message(order: Uuid, at: i64, status: &str) -> String {
    format!("{{\"order\": \"{order}\", \"at\": {at}, \"status\": \"{status}\"}}\n")
}

async fn count(session: &Session) -> i64 {
    let found = session.query("SELECT count(*) FROM order_events", ()).await.unwrap();
    found.one_row::<(i64,)>().unwrap().0
}

#[tokio::test]
async fn all_are_written_though_it_is_killed() {
    let (session, url) = keyspace("example_worker").await;
    let folder = tempfile::tempdir().unwrap();
    let queue: PathBuf = folder.path().join("events.json");
    let mut messages = String::new();
    for number in 0..20_000_i64 {
        // Ten events each.
        let order = Uuid::from_u128(u128::try_from(number / 10).unwrap());
        messages.push_str(&message(order, 1_700_000_000_000 + number, "packed"));
        if number % 10_000 == 77 {
            writeln!(messages, "no message {number}").unwrap();
        }
    }
    // The last one is still being written.
    fs::write(&queue, format!("{messages}{{\"order\": ")).unwrap();

    let mut worker = start(&url, &queue);
    eventually(PATIENCE, "it is in the middle", || done(&queue) > 0).await;
    worker.signal(Signal::SIGKILL);
    worker.ended().await;
    let acknowledged = done(&queue);
    let whole = u64::try_from(messages.len()).unwrap();
    assert!(acknowledged < whole, "it was over before it was killed");
    // What was acknowledged was written.
    let acknowledged = &messages[..usize::try_from(acknowledged).unwrap()];
    let there = acknowledged.lines().filter(|line| line.starts_with('{')).count();
    assert!(count(&session).await >= i64::try_from(there).unwrap());

    let mut worker = start(&url, &queue);
    eventually(PATIENCE, "the rest is done", || done(&queue) == whole).await;
    worker.signal(Signal::SIGTERM);
    assert!(worker.ended().await.success());
    assert_eq!((count(&session).await, done(&queue)), (20_000, whole));
    let rejected = fs::read_to_string(queue.with_extension("json.rejected")).unwrap();
    let mut rejected: Vec<_> = rejected.lines().filter_map(|line| line.split(':').next()).collect();
    rejected.dedup();
    assert_eq!(rejected, ["no message 77", "no message 10077"]);
}

#[tokio::test]
async fn a_message_that_comes_again_late_changes_nothing() {
    let (session, url) = keyspace("example_worker_late").await;
    let folder = tempfile::tempdir().unwrap();
    let queue: PathBuf = folder.path().join("events.json");
    let order = Uuid::from_u128(7);
    let at = 1_700_000_000_000;
    fs::write(&queue, message(order, at, "packed")).unwrap();
    // Somebody has corrected it since, a second after it was.
    let correct = "INSERT INTO order_events (order_id, at, status) VALUES (?, ?, 'corrected')";
    let correct = session.query(correct, (order, at)).timestamp_micros((at + 1_000) * 1_000);
    correct.await.unwrap();

    let mut worker = start(&url, &queue);
    eventually(PATIENCE, "it is done", || done(&queue) == length(&queue)).await;
    worker.signal(Signal::SIGTERM);
    assert!(worker.ended().await.success());
    let found = session.query("SELECT status FROM order_events", ()).await.unwrap();
    assert_eq!(found.one_row::<(String,)>().unwrap().0, "corrected");
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_written() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let held = node.hold(insert().void());
    let folder = tempfile::tempdir().unwrap();
    let queue: PathBuf = folder.path().join("events.json");
    fs::write(&queue, message(Uuid::nil(), 1, "packed") + &message(Uuid::max(), 2, "packed"))
        .unwrap();

    let mut worker = start(&format!("cql://{}", node.address()), &queue);
    eventually(PATIENCE, "both are on their way", || held.len() == 2).await;
    // It is to stop, and does so once it has heard of both.
    worker.signal(Signal::SIGTERM);
    held.release_nth(0);
    eventually(PATIENCE, "one is left", || held.len() == 1).await;
    assert_eq!(done(&queue), 0);
    held.release();
    assert!(worker.ended().await.success());
    assert_eq!(done(&queue), length(&queue));
}

#[tokio::test]
async fn what_cannot_be_written_now_is_left_in_the_queue() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    // 0x1001: it has too much to do. 0x2100: whoever forgot to grant it can do so.
    node.prime(insert().error(0x2100, "no permission"));
    let folder = tempfile::tempdir().unwrap();
    let queue: PathBuf = folder.path().join("events.json");
    fs::write(&queue, message(Uuid::nil(), 1, "packed")).unwrap();

    let mut worker = start(&format!("cql://{}", node.address()), &queue);
    worker.says("not written yet").await;
    worker.signal(Signal::SIGTERM);
    assert!(worker.ended().await.success());
    assert_eq!(done(&queue), 0);

    node.prime(insert().void());
    let mut worker = start(&format!("cql://{}", node.address()), &queue);
    eventually(PATIENCE, "it is written", || done(&queue) == length(&queue)).await;
    worker.signal(Signal::SIGTERM);
    assert!(worker.ended().await.success());
    assert!(!queue.with_extension("json.rejected").exists());
}

fn insert() -> Prime {
    let markers = columns([
        ("order_id", ColumnType::Uuid),
        ("at", ColumnType::Timestamp),
        ("status", ColumnType::Text),
        ("written", ColumnType::BigInt),
    ]);
    Prime::statement(INSERT).binds(markers, &[0])
}
