//! Whole tables of real servers: each row once, also while a node is killed.

use std::time::Duration;

use cqlwire::{Consistency, ScanPlan, Session};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;
use tokio::time::timeout;

use super::{PATIENCE, builder, close, create, shared};

const ROWS: i32 = 60_000;
const CREATE: &str = "(sensor int, at int, note text, PRIMARY KEY ((sensor), at))";

/// Twenty rows of each sensor, at all replicas. What a server refused goes again: on a busy machine one
/// takes another for down for a moment.
async fn fill(session: &Session, table: &str) {
    let insert = format!("INSERT INTO {table} (sensor, at, note) VALUES (?, ?, ?)");
    let profile = session.profile().clone().consistency(Consistency::All);
    let rows = (0..ROWS).map(|row| (row / 20, row % 20, format!("reading {row}")));
    let mut left: Vec<(i32, i32, String)> = rows.collect();
    let filling = async {
        while !left.is_empty() {
            let load = session.insert_all(&insert, std::mem::take(&mut left)).profile(&profile);
            let mut load = load.idempotent(true);
            while let Some(failed) = load.next_failure().await.unwrap() {
                assert!(failed.error.is_retryable(), "{}", failed.error);
                left.push(failed.row);
            }
        }
    };
    timeout(2 * PATIENCE, filling).await.unwrap();
}

/// Which rows were seen.
struct Seen(Vec<bool>);

impl Seen {
    fn new() -> Self {
        Self(vec![false; usize::try_from(ROWS).unwrap()])
    }

    fn see(&mut self, (sensor, at, note): (i32, i32, String)) {
        let row = sensor * 20 + at;
        assert_eq!(note, format!("reading {row}"));
        let row = usize::try_from(row).unwrap();
        assert!(!std::mem::replace(&mut self.0[row], true), "{row} came twice");
    }

    fn assert_all(&self) {
        let missing = self.0.iter().filter(|seen| !**seen).count();
        assert_eq!(missing, 0, "rows that did not come");
    }
}

#[tokio::test]
async fn a_table_is_read_whole_in_parts_and_from_where_it_stopped() {
    let session = shared().await;
    create(&session, "scans", &format!("\"Readings\" {CREATE}")).await;
    fill(&session, "scans.\"Readings\"").await;
    let scan = || session.scan("scans.\"Readings\"").page_size(500);

    let mut seen = Seen::new();
    let mut rows = scan().rows::<(i32, i32, String)>();
    while let Some(row) = rows.try_next().await.unwrap() {
        seen.see(row);
    }
    seen.assert_all();
    assert_eq!(rows.progress().rows, u64::from(ROWS.unsigned_abs()));

    // Stopped in the middle of a page, kept as text, split, and each part read by a session of its own.
    let mut seen = Seen::new();
    let mut rows = scan().rows::<(i32, i32, String)>();
    for _ in 0..12_345 {
        seen.see(rows.try_next().await.unwrap().unwrap());
    }
    let plan: ScanPlan = rows.plan().unwrap().to_string().parse().unwrap();
    drop(rows);
    for unit in plan.split(3) {
        let session = shared().await;
        let mut rows = session.resume_scan(&unit).rows::<(i32, i32, String)>();
        while let Some(row) = rows.try_next().await.unwrap() {
            seen.see(row);
        }
        drop(rows);
        close(session).await;
    }
    seen.assert_all();

    let mut few = scan().columns(["at"]).filtering("at < 3").rows::<(i32,)>();
    let mut count = 0;
    while let Some((at,)) = few.try_next().await.unwrap() {
        assert!(at < 3);
        count += 1;
    }
    assert_eq!(count, 3 * ROWS / 20);
    drop(few);
    for each_has in ["system_views.settings", "system.local"] {
        let refused = session.scan(each_has).plan().await.unwrap_err();
        assert!(refused.to_string().contains("of its own"), "{refused}");
    }
    close(session).await;
}

#[tokio::test]
async fn a_node_that_is_killed_takes_no_row_along_and_brings_none_twice() {
    let cluster = Cluster::builder().nodes(3).start().await;
    let session = builder(&cluster).ready_when(3).connect().await.unwrap();
    let all = || session.resources().connections == 6;
    eventually(PATIENCE, "all are connected", all).await;
    let keyspace = "CREATE KEYSPACE scans WITH replication = \
                    {'class': 'SimpleStrategy', 'replication_factor': 3}";
    session.query(keyspace, ()).await.unwrap();
    session.query(&format!("CREATE TABLE scans.readings {CREATE}"), ()).await.unwrap();
    fill(&session, "scans.readings").await;

    let mut seen = Seen::new();
    let scan = session.scan("scans.readings").page_size(100).timeout(Duration::from_secs(20));
    let mut rows = scan.rows::<(i32, i32, String)>();
    for _ in 0..ROWS / 4 {
        seen.see(rows.try_next().await.unwrap().unwrap());
    }
    cluster.node(2).kill();
    while let Some(row) = rows.try_next().await.unwrap() {
        seen.see(row);
    }
    seen.assert_all();
    drop(rows);
    close(session).await;
}
