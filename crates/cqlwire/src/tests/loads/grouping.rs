//! Which rows share a request, and that no others do.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::memory::at_rest;
use super::*;
use crate::LoadProgress;
use crate::value::{CqlDecimal, CqlVarint};

/// Loads these, and gives the rows of each request that was sent for them.
async fn load(
    session: &Session,
    cluster: &ScriptedCluster,
    rows: &[Reading],
) -> Vec<Vec<(i64, i64)>> {
    let write = session.prepare(WRITE).await.unwrap();
    let progress: LoadProgress = session.insert_all(&write, rows).await.unwrap();
    assert_eq!((progress.written, progress.taken), (rows.len() as u64, rows.len() as u64));
    assert!(progress.is_over && progress.failed == 0);
    let requests = written(cluster);
    assert_eq!(progress.requests, requests.len() as u64);
    requests
}

/// Each request is of one partition, and writes no row twice.
#[track_caller]
fn is_sound(requests: &[Vec<(i64, i64)>]) {
    for request in requests {
        assert!(request.iter().all(|(sensor, _)| *sensor == request[0].0), "{request:?}");
        assert_eq!(request.iter().collect::<BTreeSet<_>>().len(), request.len(), "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_in_order_share_requests_by_partition_each_at_a_replica() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let requests = load(&session, &cluster, &readings(50, 20)).await;
    is_sound(&requests);
    assert_eq!(requests.len(), 50);
    assert!(requests.iter().all(|request| request.len() == 20));
    let all: BTreeSet<_> = requests.into_iter().flatten().collect();
    assert_eq!(all.len(), 1_000);
    let topology = session.topology();
    for number in 0..3 {
        for request in cluster.node(number).received() {
            if request.opcode == Opcode::Batch {
                let token = topology.token(request.values[0].as_ref().unwrap()).unwrap();
                let mut replicas = topology.replicas("app", token);
                let here = Some(cluster.address(number));
                assert!(replicas.any(|host| host.address().socket() == here));
            }
        }
    }
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_has_no_more_rows_and_bytes_than_it_may() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let requests = load(&session, &cluster, &readings(1, 1_000)).await;
    is_sound(&requests);
    let longest = requests.iter().map(Vec::len).max();
    assert_eq!((longest, requests.len()), (Some(64), 16));

    // 4 and 4, 4 and 8, 4 and 7 bytes each.
    let load = session.insert_all(WRITE, readings(1, 100)).batch_bytes(10 * 31);
    let progress = load.await.unwrap();
    assert_eq!((progress.requests, progress.bytes), (10, 3_100));
    let load = session.insert_all(WRITE, readings(1, 100)).batch_rows(1);
    assert_eq!(load.await.unwrap().requests, 100);
}

#[tokio::test(start_paused = true)]
async fn rows_of_many_partitions_in_any_order_go_only_with_their_own() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let mut rows = readings(40, 25);
    fastrand::Rng::with_seed(7).shuffle(&mut rows);
    let requests = load(&session, &cluster, &rows).await;
    is_sound(&requests);
    assert_eq!(requests.iter().flatten().collect::<BTreeSet<_>>().len(), 1_000);
    assert!(requests.len() < 800, "{} requests", requests.len());
}

/// In one batch, with one write time, the greater value of each column would stay.
#[tokio::test(start_paused = true)]
async fn a_row_that_comes_twice_is_never_twice_in_one_request() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let rows: Vec<Reading> = (0..600).map(|n| (n % 3, i64::from(n % 9), "celsius")).collect();
    let requests = load(&session, &cluster, &rows).await;
    is_sound(&requests);
    assert_eq!(requests.iter().flatten().count(), 600);
}

async fn alone<V: crate::EncodeValues>(text: &str, row: impl Fn(i32) -> V + Send) {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let progress = session.insert_all(text, (0..100).map(row)).await.unwrap();
    assert_eq!((progress.written, progress.requests), (100, 100), "{text}");
    let opcodes = requests(&cluster, text).into_iter().map(|request| request.opcode);
    assert_eq!(opcodes.filter(|opcode| *opcode == Opcode::Execute).count(), 100, "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_would_not_be_the_same_in_one_request_goes_alone() {
    alone(PLAIN, |n| (n % 3, "each is a partition")).await;
    let key = "WHERE k = ? AND c = ?";
    alone(&format!("UPDATE app.counts SET n = n + 1 {key}"), |n| (1, n)).await;
    alone("INSERT INTO app.statics (k, c, s) VALUES (?, ?, ?)", |n| (1, n, n)).await;
    alone("INSERT INTO app.statics (k, s) VALUES (?, ?)", |n| (1, n)).await;
    alone("INSERT INTO app.statics (k, c, v) VALUES (?, 1, ?)", |n| (1, n)).await;
    alone(&format!("DELETE FROM app.statics {key} IF EXISTS"), |n| (1, n)).await;
    alone("DELETE FROM app.statics WHERE k = ? AND c > ? AND c < ?", |n| (1, n, n + 1)).await;
    // 1.0 and 1.00 are one key.
    let decimal = |scale| CqlDecimal { unscaled: CqlVarint::from(10_i64), scale };
    let text = "INSERT INTO app.by_decimal (k, c, v) VALUES (?, ?, ?)";
    alone(text, |n| (1, decimal(n), n)).await;
}

#[tokio::test(start_paused = true)]
async fn rows_share_requests_from_when_their_table_is_known() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let write = session.prepare(WRITE).await.unwrap();
    let markers = write.bind_markers().to_vec();
    let prime = Prime::statement(WRITE).void().binds(markers, &[0]);
    prime_all(&cluster, &prime.after(Duration::from_millis(20)));
    let known = || session.schema().table("app", "readings").cloned();
    let table = cluster.schema().keyspaces["app"].tables["readings"].clone();
    cluster.drop_table("app", "readings");
    eventually(PATIENCE, "it is not known", || known().is_none()).await;
    let load = session.insert_all(&write, readings(5, 1_000)).concurrency(4);
    let watch = load.watch();
    let comes_back = async {
        eventually(PATIENCE, "some are written", || watch.progress().written > 100).await;
        cluster.put_table("app", table);
    };
    let (loaded, ()) = tokio::join!(load, comes_back);
    let requests = loaded.unwrap().requests;
    assert!((100..3_000).contains(&requests), "{requests}");
    assert_eq!(times_written(&cluster).len(), 5_000);
}

/// What is one row in a table may be several in one that was made anew by another key.
#[tokio::test(start_paused = true)]
async fn rows_share_requests_by_the_key_that_their_table_has_now() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let write = session.prepare(WRITE).await.unwrap();
    let markers = write.bind_markers().to_vec();
    let prime = Prime::statement(WRITE).void().binds(markers, &[0]);
    prime_all(&cluster, &prime.after(Duration::from_millis(20)));
    let by_value = Table::new("readings").partition_key("sensor", "int").clustering("v", "text");
    let load = session.insert_all(&write, readings(50, 200)).concurrency(4);
    let watch = load.watch();
    let together = || written(&cluster).iter().filter(|request| request.len() > 1).count();
    let written_then = async {
        eventually(PATIENCE, "some are written", || watch.progress().written > 500).await;
        cluster.drop_table("app", "readings");
        cluster.put_table("app", by_value.column("at", "bigint"));
        let is_new = |table: &Arc<cqlwire_cluster::Table>| *table.clustering()[0].name == *"v";
        let known = || session.schema().table("app", "readings").is_some_and(is_new);
        eventually(PATIENCE, "it is known", known).await;
        together()
    };
    let (loaded, before) = tokio::join!(load, written_then);
    assert_eq!(loaded.unwrap().written, 10_000);
    // All of them have one value: no two rows of a partition are different rows any more.
    let later = together() - before;
    assert!(later < 8, "{later} after {before}");
}
