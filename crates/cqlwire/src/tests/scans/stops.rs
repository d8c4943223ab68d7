//! Scans that are stopped anywhere, and what is left of them split and read on: each row once.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::node::Prime;
use cqlwire_testkit::schema::{Keyspace, Table};

use super::{RANGE, assert_all, builder_of, prime, rest, scanned, scene};
use crate::codec::ProtocolVersion;
use crate::{ScanPlan, ScanRows};

/// So many rows, or fewer if there are not as many.
async fn some(rows: &mut ScanRows<(i32,)>, most: usize, found: &mut Vec<i32>) {
    for _ in 0..most {
        let Some((k,)) = rows.try_next().await.unwrap() else { return };
        found.push(k);
    }
}

fn kept(plan: &ScanPlan) -> ScanPlan {
    plan.to_string().parse().unwrap()
}

/// Of what is left halves go on by themselves, while pages fail.
#[tokio::test(start_paused = true)]
async fn halves_of_what_is_left_are_stopped_and_split_again() {
    let (cluster, session) = scene().await;
    for node in 0..3 {
        cluster.node(node).prime(Prime::statement(RANGE).page(1).error(0x1200, "busy").first(9));
    }
    let mut found = Vec::new();
    let mut plans = VecDeque::from([scanned(&session).plan().await.unwrap()]);
    let mut reader = 0;
    while let Some(plan) = plans.pop_front() {
        reader += 1;
        let scan = session.resume_scan(&kept(&plan)).page_size(1 + reader % 4);
        let mut rows = scan.parallel(3).rows::<(i32,)>();
        assert_eq!(rows.plan().unwrap(), kept(&plan), "nothing is read yet");
        some(&mut rows, 17, &mut found).await;
        let left = rows.plan().unwrap();
        plans.extend(left.split(2).into_iter().filter(|half| !half.is_done()));
    }
    assert!(reader > 10, "{reader}");
    assert_all(found);
}

/// Whatever it waits for.
#[tokio::test(start_paused = true)]
async fn a_plan_taken_at_any_poll_is_what_is_left() {
    let (cluster, session) = scene().await;
    let whole = scanned(&session).plan().await.unwrap();
    for polls in 0..80 {
        for node in (0..3).map(|node| cluster.node(node)) {
            node.clear_primes();
            node.prime(super::answers());
            node.prime(Prime::statement(RANGE).page(1).error(0x1200, "busy").first(1));
        }
        let mut rows = session.resume_scan(&whole).page_size(3).parallel(4).rows::<(i32,)>();
        let mut found = Vec::new();
        {
            let mut reading = pin!(some(&mut rows, usize::MAX, &mut found));
            let mut left = polls;
            poll_fn(|cx| {
                if left == 0 || reading.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                left -= 1;
                Poll::Pending
            })
            .await;
        }
        let plan = kept(&rows.plan().unwrap());
        drop(rows);
        found.extend(rest(&mut session.resume_scan(&plan).rows::<(i32,)>()).await);
        assert_all(found);
    }
}

#[tokio::test(start_paused = true)]
async fn a_scan_outlives_its_session() {
    let (_cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(i32,)>();
    let mut found = Vec::new();
    some(&mut rows, 10, &mut found).await;
    drop(session);
    found.extend(rest(&mut rows).await);
    assert_all(found);
}

/// Ranges whose first replicas are elsewhere, and clusters of one host, of all versions.
#[tokio::test(start_paused = true)]
async fn clusters_of_one_host_and_of_two_data_centers_are_read_whole() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        for elsewhere in [&[][..], &["rack1", "rack2"][..]] {
            let table = Table::new("t").partition_key("k", "int");
            let mut builder = ScriptedCluster::builder()
                .versions([version])
                .data_center("dc1", ["rack1"])
                .keyspace(Keyspace::network("app", [("dc1", "1"), ("dc2", "1")]).table(table));
            if !elsewhere.is_empty() {
                builder = builder.data_center("dc2", elsewhere.iter().copied());
            }
            let cluster = builder.in_memory();
            for node in 0..=elsewhere.len() {
                prime_node(&cluster, node);
            }
            let session = builder_of(&cluster).ready_when(1).connect().await.unwrap();
            let mut rows = scanned(&session).rows::<(i32,)>();
            let mut found = Vec::new();
            some(&mut rows, 50, &mut found).await;
            let plan = kept(&rows.plan().unwrap());
            found.extend(rest(&mut session.resume_scan(&plan).rows::<(i32,)>()).await);
            assert_all(found);
            let remote =
                (1..=elsewhere.len()).map(|node| cluster.node(node).count_statement(RANGE));
            assert_eq!(remote.sum::<usize>(), 0);
        }
    }
}

fn prime_node(cluster: &ScriptedCluster, node: usize) {
    cluster.node(node).prime(super::answers());
}

/// The ring of the plan need not be the ring of whoever reads it.
#[tokio::test(start_paused = true)]
async fn a_plan_is_read_whole_after_the_ring_has_changed() {
    let (cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(i32,)>();
    let mut found = Vec::new();
    some(&mut rows, 100, &mut found).await;
    let plan = kept(&rows.plan().unwrap());
    drop(rows);
    cluster.move_to(1, [5, 500, -77_777]);
    let node = cluster.join("dc1", "rack1");
    prime_node(&cluster, node);
    tokio::time::sleep(Duration::from_secs(30)).await;
    found.extend(rest(&mut session.resume_scan(&plan).rows::<(i32,)>()).await);
    assert_all(found);
    prime(&cluster);
    assert_all(rest(&mut scanned(&session).rows::<(i32,)>()).await);
}
