//! Whole tables: each row once, whoever reads which part of it, and whatever fails meanwhile.

mod figures;
mod sizes;
mod stops;
mod waits;

use std::time::Duration;

use bytes::Bytes;
use cqlwire_testkit::cancel::cancel_at_every_poll;
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::node::{Prime, Received, Row, columns};
use cqlwire_testkit::schema::{Keyspace, Table};

use super::memory::at_rest;
use super::scripted::{self, three};
use crate::codec::{ColumnType, Token};
use crate::{ScanPlan, ScanRows, Session, SessionBuilder};

/// What a scan of the table asks for.
const RANGE: &str = "SELECT \"k\" FROM \"app\".\"t\" WHERE token(\"k\") > ? AND token(\"k\") <= ?";
const ROWS: i32 = 300;

fn builder_of(cluster: &ScriptedCluster) -> SessionBuilder {
    scripted::builder_of(cluster, "dc1")
}

/// The rows of the range that was asked for.
fn rows_of_range(asked: &Received) -> Vec<Row> {
    let bound = |at: usize| {
        let value: Option<&Bytes> = asked.values[at].as_ref();
        i64::from_be_bytes(value.unwrap()[..].try_into().unwrap())
    };
    let (start, end) = (bound(0), bound(1));
    let is_in = |k: &i32| {
        let Token(token) = Token::of_key(&k.to_be_bytes());
        start < token && token <= end
    };
    let rows = (0..ROWS).filter(is_in);
    rows.map(|k| vec![Some(Bytes::copy_from_slice(&k.to_be_bytes()))]).collect()
}

/// Of a node that knows all rows.
fn answers() -> Prime {
    let bound = columns([("start", ColumnType::BigInt), ("end", ColumnType::BigInt)]);
    let prime = Prime::statement(RANGE).rows_from(columns([("k", ColumnType::Int)]), rows_of_range);
    prime.binds(bound, &[])
}

/// Has all nodes know all rows.
fn prime(cluster: &ScriptedCluster) {
    (0..3).for_each(|node| cluster.node(node).prime(answers()));
}

async fn scene() -> (ScriptedCluster, Session) {
    let cluster = three();
    prime(&cluster);
    let session = builder_of(&cluster).connect().await.unwrap();
    (cluster, session)
}

fn scanned(session: &Session) -> crate::Scan<'_> {
    session.scan("app.t").columns(["k"]).page_size(3).parallel(4)
}

async fn rest(rows: &mut ScanRows<(i32,)>) -> Vec<i32> {
    let mut found = Vec::new();
    while let Some((k,)) = rows.try_next().await.unwrap() {
        found.push(k);
    }
    found
}

fn assert_all(mut found: Vec<i32>) {
    found.sort_unstable();
    assert_eq!(found, (0..ROWS).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn each_row_comes_once() {
    let (cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(i32,)>();
    let watch = rows.watch();
    assert_all(rest(&mut rows).await);
    let progress = watch.progress();
    assert_eq!((progress.rows, progress.ranges_done), (300, progress.ranges));
    assert!(progress.ranges >= 32 && (progress.part - 1.0).abs() < 1e-9, "{progress}");
    assert!(rows.plan().unwrap().is_done());
    let asked: Vec<_> = (0..3).map(|node| cluster.node(node).count_statement(RANGE)).collect();
    assert!(asked.iter().all(|asked| *asked > 20), "all hosts have their share: {asked:?}");
    drop(rows);
    at_rest(&session).await;
}

/// With one replica of each partition, only its host is asked for a range.
#[tokio::test(start_paused = true)]
async fn each_range_is_asked_of_a_host_that_has_it() {
    let table = Table::new("t").partition_key("k", "int").column("v", "text");
    let cluster = ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2", "rack3"])
        .keyspace(Keyspace::network("app", [("dc1", "1")]).table(table))
        .in_memory();
    prime(&cluster);
    let session = builder_of(&cluster).connect().await.unwrap();
    assert_all(rest(&mut scanned(&session).rows::<(i32,)>()).await);
    let topology = session.topology();
    for number in 0..3 {
        let node = cluster.node(number);
        let ends = node.received().into_iter().filter(|asked| asked.statements == [RANGE]);
        let ends = ends.filter_map(|asked| asked.values.get(1).cloned().flatten());
        let ends: Vec<_> =
            ends.map(|end| Token(i64::from_be_bytes(end[..].try_into().unwrap()))).collect();
        assert!(!ends.is_empty(), "none at node {number}");
        for end in ends {
            let owners: Vec<_> =
                topology.replicas("app", end).map(|host| host.address().socket()).collect();
            assert_eq!(owners, [Some(cluster.address(number))]);
        }
    }
}

/// Kept as text at any row, what is left goes on with the next one.
#[tokio::test(start_paused = true)]
async fn what_is_left_goes_on_where_it_stopped() {
    let (_cluster, session) = scene().await;
    for stop in [0, 1, 2, 3, 7, 100, 299, 300] {
        let mut rows = scanned(&session).rows::<(i32,)>();
        let mut found = Vec::new();
        while found.len() < stop {
            found.push(rows.try_next().await.unwrap().unwrap().0);
        }
        let plan = match rows.plan() {
            Some(plan) => plan,
            None => scanned(&session).plan().await.unwrap(),
        };
        drop(rows);
        let plan: ScanPlan = plan.to_string().parse().unwrap();
        let mut rows = session.resume_scan(&plan).page_size(2).rows::<(i32,)>();
        found.extend(rest(&mut rows).await);
        assert_all(found);
        assert!((rows.progress().part - 1.0).abs() < 1e-9);
    }
}

#[tokio::test(start_paused = true)]
async fn parts_for_others_are_all_of_it() {
    let (_cluster, session) = scene().await;
    let units = scanned(&session).plan().await.unwrap().split(5);
    assert_eq!(units.len(), 5);
    let mut found = Vec::new();
    for unit in units {
        found.extend(rest(&mut session.resume_scan(&unit).rows::<(i32,)>()).await);
    }
    assert_all(found);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_dies_takes_no_row_along_and_brings_none_twice() {
    let (cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(i32,)>();
    let mut found = Vec::new();
    while found.len() < 50 {
        found.push(rows.try_next().await.unwrap().unwrap().0);
    }
    cluster.kill(1);
    found.extend(rest(&mut rows).await);
    assert_all(found);
}

/// A range is read again from where it failed, when the others had their turn.
#[tokio::test(start_paused = true)]
async fn a_range_that_fails_is_read_again_and_three_times_is_an_error() {
    let (cluster, session) = scene().await;
    let timed_out = || Prime::statement(RANGE).page(1).error(0x1001, "busy");
    for node in 0..3 {
        cluster.node(node).prime(timed_out().first(2));
    }
    assert_all(rest(&mut scanned(&session).rows::<(i32,)>()).await);

    (0..3).for_each(|node| cluster.node(node).prime(timed_out()));
    let short = Duration::from_secs(1);
    let mut rows = scanned(&session).timeout(short).rows::<(i32,)>();
    let mut found = Vec::new();
    let error = loop {
        match rows.try_next().await {
            Ok(Some((k,))) => found.push(k),
            Ok(None) => panic!("no second page comes"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("busy"), "{error}");
    assert_eq!(rows.try_next().await.unwrap(), None, "once");
    let plan = rows.plan().unwrap();
    (0..3).for_each(|node| cluster.node(node).clear_primes());
    prime(&cluster);
    found.extend(rest(&mut session.resume_scan(&plan).rows::<(i32,)>()).await);
    assert_all(found);
}

/// What cannot be read as it is wanted ends the scan, and what is left begins with it.
#[tokio::test(start_paused = true)]
async fn a_row_of_another_type_is_said_and_left() {
    let (_cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(String,)>();
    let error = rows.try_next().await.unwrap_err();
    assert!(error.to_string().contains("`k`"), "{error}");
    let plan = rows.plan().unwrap();
    assert_eq!(rows.try_next().await.unwrap(), None);
    assert_all(rest(&mut session.resume_scan(&plan).rows::<(i32,)>()).await);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_scan_leaves_nothing_behind_at_any_poll() {
    let (_cluster, session) = scene().await;
    let fresh = || async {
        let mut rows = scanned(&session).rows::<(i32,)>();
        rest(&mut rows).await
    };
    let (found, dropped) = cancel_at_every_poll(fresh, async |_| at_rest(&session).await).await;
    assert_all(found);
    assert!(dropped >= 6, "dropped at {dropped} points only");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_scanned_is_said_before_anything_is_asked() {
    let (cluster, session) = scene().await;
    let said = async |scan: crate::Scan<'_>| scan.plan().await.unwrap_err().to_string();
    for (error, expected) in [
        (
            said(session.scan("t")).await,
            "scan of t: `t` is in no keyspace, and the session is in none",
        ),
        (said(session.scan("app.")).await, "scan of app.: `app.` is no name of a table"),
        (
            said(session.scan("app.T2")).await,
            "scan of app.T2: there is no table app.t2 in the schema",
        ),
        (
            said(session.scan("app.t").columns(["K"])).await,
            "scan of app.t: there is no column `K` in it; there are k, v",
        ),
    ] {
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!((0..3).map(|node| cluster.node(node).count_statement(RANGE)).sum::<usize>(), 0);
}
