//! `migrate`: once each, in order, by one run at a time.

use std::fs;
use std::process::Output;
use std::time::Duration;

use cqlwire::Session;
use cqlwire_testkit::eventually;
use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::process::Command;
use uuid::Uuid;

use crate::program::Program;
use crate::{PATIENCE, servers};

pub(crate) const ONE_HOST: &str = "{'class': 'NetworkTopologyStrategy', 'replication_factor': 1}";

/// In seconds: longer than any statement takes, since a run that is slower than its lease stops.
const LEASE: &str = "20";

fn command(url: &str, keyspace: &str, folder: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
    command.env("CQLWIRE_URL", url).args(["--keyspace", keyspace, "--folder", folder]);
    command.args(arguments);
    command
}

async fn output(url: &str, keyspace: &str, folder: &str, arguments: &[&str]) -> Output {
    command(url, keyspace, folder, arguments).output().await.unwrap()
}

/// What it says, having succeeded.
pub(crate) async fn done(url: &str, keyspace: &str, folder: &str, arguments: &[&str]) -> String {
    let output = output(url, keyspace, folder, arguments).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Why it failed.
async fn failed(url: &str, keyspace: &str, folder: &str, arguments: &[&str]) -> String {
    let output = output(url, keyspace, folder, arguments).await;
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// A keyspace with a journal, and a folder for files.
async fn scene(keyspace: &str) -> (Session, String, TempDir) {
    let (session, url) = servers().await;
    session.query(&format!("DROP KEYSPACE IF EXISTS {keyspace}"), ()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let before = failed(&url, keyspace, path, &["up"]).await;
    assert!(before.contains("no keyspace"), "{before}");
    done(&url, keyspace, path, &["init", "--replication", ONE_HOST]).await;
    (session.with_keyspace(keyspace).await.unwrap(), url, folder)
}

fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).unwrap();
}

#[tokio::test]
async fn each_file_is_applied_once() {
    let (session, url, folder) = scene("example_migrate").await;
    let path = folder.path().to_str().unwrap();
    let run = async |arguments: &[&str]| done(&url, "example_migrate", path, arguments).await;
    let fails = async || failed(&url, "example_migrate", path, &["up"]).await;

    write(&folder, "0001_a.cql", "CREATE TABLE a (k int PRIMARY KEY); -- twice it would fail\n");
    assert_eq!(run(&["status"]).await, "not applied: 0001_a.cql\n");
    assert_eq!(run(&["up"]).await, "applied: 0001_a.cql\n1 applied, 1 in all\n");
    assert_eq!(run(&["up"]).await, "0 applied, 1 in all\n");
    assert_eq!(run(&["status"]).await, "");
    session.query("SELECT k FROM a", ()).await.unwrap();

    write(&folder, "0003_c.cql", "INSERT INTO a (k) VALUES (1)");
    run(&["up"]).await;
    write(&folder, "0002_b.cql", "INSERT INTO a (k) VALUES (2)");
    assert!(fails().await.contains("0002_b.cql is not applied, but others behind it are"));
    fs::remove_file(folder.path().join("0002_b.cql")).unwrap();

    // A failure gives the lease back, so nobody waits for it.
    write(&folder, "0004_d.cql", "ALTER TABLE a ADD k int");
    assert!(fails().await.contains("0004_d.cql: "));
    write(&folder, "0004_d.cql", "ALTER TABLE a ADD v int");
    run(&["up", "--wait", "0"]).await;

    write(&folder, "0001_a.cql", "CREATE TABLE a (k bigint PRIMARY KEY)");
    assert!(fails().await.contains("0001_a.cql was changed since it was applied"));
    fs::remove_file(folder.path().join("0001_a.cql")).unwrap();
    assert!(fails().await.contains("0001_a.cql was applied, and is not there"));
}

#[tokio::test]
async fn of_many_runs_one_applies() {
    let (session, url, folder) = scene("example_migrate_many").await;
    let path = folder.path().to_str().unwrap();
    // Without IF NOT EXISTS, two that are at it would fail.
    write(&folder, "0001_a.cql", "CREATE TABLE a (k int PRIMARY KEY)");
    write(&folder, "0002_b.cql", "CREATE TABLE b (k int PRIMARY KEY)");
    let run = || done(&url, "example_migrate_many", path, &["up"]);
    let (one, two, three) = tokio::join!(run(), run(), run());
    let mut said = [one, two, three];
    said.sort();
    assert_eq!(said[..2], ["0 applied, 2 in all\n", "0 applied, 2 in all\n"]);
    assert_eq!(appliers(&session).await.len(), 2);
}

/// Thirty tables, to be in the middle of.
fn write_many(folder: &TempDir) {
    let table = |number| format!("CREATE TABLE IF NOT EXISTS t{number} (k int PRIMARY KEY);\n");
    write(folder, "0001_many.cql", &(0..30).map(table).collect::<String>());
}

async fn in_the_middle(session: &Session, keyspace: &str) {
    let is_there = || {
        let schema = session.schema();
        schema.keyspace(keyspace).is_some_and(|keyspace| keyspace.table("t2").is_some())
    };
    eventually(PATIENCE, "it is in the middle", is_there).await;
}

#[tokio::test]
async fn a_run_whose_turn_is_another_one_s_stops() {
    let (session, url, folder) = scene("example_migrate_turn").await;
    let path = folder.path().to_str().unwrap();
    write_many(&folder);
    let mut run = Program::start(command(&url, "example_migrate_turn", path, &["up"]));
    in_the_middle(&session, "example_migrate_turn").await;
    let take = "UPDATE migrations SET holder = ? WHERE journal = 'schema' IF holder != null";
    let taken = session.query(take, (Uuid::nil(),)).await.unwrap();
    assert!(taken.was_applied().unwrap());
    assert!(!run.ended().await.success());
    assert!(session.query("SELECT k FROM t29", ()).await.is_err(), "it went on");
    let row: (Option<i32>, Uuid) = {
        let all = "SELECT version, holder FROM migrations WHERE journal = 'schema'";
        session.query(all, ()).await.unwrap().one_row().unwrap()
    };
    assert_eq!(row, (None, Uuid::nil()), "it is in the journal, or gave away what it had not");
}

#[tokio::test]
async fn a_run_that_has_lost_its_lease_writes_nothing_more() {
    let (session, url, folder) = scene("example_migrate_lease").await;
    let path = folder.path().to_str().unwrap();
    write_many(&folder);

    let mut first =
        Program::start(command(&url, "example_migrate_lease", path, &["up", "--lease", LEASE]));
    in_the_middle(&session, "example_migrate_lease").await;
    first.signal(Signal::SIGSTOP);

    // Another one waits until the lease has run out, and does all of it.
    let second = done(&url, "example_migrate_lease", path, &["up", "--lease", LEASE]).await;
    assert_eq!(second, "applied: 0001_many.cql\n1 applied, 1 in all\n");
    let journal = appliers(&session).await;

    first.signal(Signal::SIGCONT);
    assert!(!first.ended().await.success());
    assert_eq!(appliers(&session).await, journal);
    assert_eq!(done(&url, "example_migrate_lease", path, &["status"]).await, "");
}

/// Who has applied what.
async fn appliers(session: &Session) -> Vec<(i32, Uuid)> {
    let text = "SELECT version, applied_by FROM migrations WHERE journal = 'schema'";
    let rows = session.query(text, ()).timeout(Duration::from_secs(30)).await.unwrap();
    rows.rows().unwrap().map(Result::unwrap).collect()
}
