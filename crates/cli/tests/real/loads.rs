//! A load whose server goes away for a while: with a cluster of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use cqlwire::Session;
use cqlwire_testkit::cassandra::Cluster;

use crate::Cqlwire;

const HALF: i32 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_waits_for_a_server_that_is_silent_and_goes_on() {
    let cluster = Cluster::builder().start().await;
    let points: Vec<String> = cluster.contact_points().iter().map(ToString::to_string).collect();
    let cqlwire = Cqlwire::at(&points.join(","));
    let session = Session::builder().contact_points(&points).connect().await.unwrap();
    let keyspace = "CREATE KEYSPACE lo WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
    session.query(keyspace, ()).await.unwrap();
    session.query("CREATE TABLE lo.t (k int PRIMARY KEY, v text)", ()).await.unwrap();
    let lines = |numbers: std::ops::Range<i32>| -> String {
        numbers.map(|number| format!("{number},value {number}\n")).collect()
    };

    let mut command = cqlwire.command();
    command.args(["--timeout", "2s", "load", "lo.t", "-", "--format", "csv", "--retry-for", "10m"]);
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut load = command.spawn().unwrap();
    let mut input = load.stdin.take().unwrap();
    let mut told = BufReader::new(load.stderr.take().unwrap()).lines();
    input.write_all(format!("k,v\n{}", lines(0..HALF)).as_bytes()).unwrap();
    while count(&session).await < i64::from(HALF) {}
    cluster.node(1).pause();
    input.write_all(lines(HALF..2 * HALF).as_bytes()).unwrap();
    drop(input);
    let waits = told.next().unwrap().unwrap();
    assert!(waits.contains("waits for up to 10m (--retry-for), and goes on: "), "{waits}");
    cluster.node(1).resume();
    assert!(load.wait().unwrap().success());
    // Each row that was on its way may say that it waits.
    let summary = told.map(Result::unwrap).find(|line| !line.contains("--retry-for")).unwrap();
    assert!(summary.contains("1000 rows written, 0 lines rejected, in "), "{summary}");
    assert_eq!(count(&session).await, i64::from(2 * HALF));
    session.close(Duration::from_secs(5)).await;
}

/// How many rows there are by now.
async fn count(session: &Session) -> i64 {
    let counted = session.query("SELECT count(*) FROM lo.t", ()).await.unwrap();
    let (count,) = counted.one_row::<(i64,)>().unwrap();
    count
}
