//! What servers say of their sizes: lies, nothing, more than a page of it, or late.

use std::time::Duration;

use bytes::Bytes;
use cqlwire_cluster::TokenRange;
use cqlwire_testkit::node::{Prime, Row, columns};
use tokio::time::Instant;

use super::{assert_all, builder_of, prime, rest, scanned, scene, three};
use crate::codec::ColumnType;
use crate::scan::ESTIMATES;
use crate::{ExecutionProfile, Session};

/// Each range of the ring, as a host would name it, with this size.
fn of_ring(session: &Session, bytes: i64) -> Prime {
    let row = |range: TokenRange| -> Row {
        let text = |token: i64| Some(Bytes::from(token.to_string()));
        let number = |number: i64| Some(Bytes::copy_from_slice(&number.to_be_bytes()));
        vec![text(range.start.0), text(range.end.0), number(bytes), number(1)]
    };
    let bound = columns([("keyspace", ColumnType::Text), ("table", ColumnType::Text)]);
    let columns = columns([
        ("range_start", ColumnType::Text),
        ("range_end", ColumnType::Text),
        ("mean_partition_size", ColumnType::BigInt),
        ("partitions_count", ColumnType::BigInt),
    ]);
    let prime = Prime::statement(ESTIMATES);
    prime.rows(columns, session.topology().ranges().map(row).collect()).binds(bound, &[])
}

#[tokio::test(start_paused = true)]
async fn sizes_that_cannot_be_make_no_more_ranges_than_can_be_kept() {
    let (cluster, session) = scene().await;
    let few = scanned(&session).plan().await.unwrap().ranges_left();
    for (bytes, range_bytes, least, most) in [
        (i64::MIN, 1, few, few),
        (-1, 32 << 20, few, few),
        (0, 0, few, few),
        (1_000, 100, few, 1_000),
        (100_000, 1, 1_000, 200_000),
        (i64::MAX, 32 << 20, 1_000, 200_000),
        (i64::MAX, 0, 1_000, 200_000),
    ] {
        (0..3).for_each(|node| cluster.node(node).prime(of_ring(&session, bytes)));
        let plan = scanned(&session).range_bytes(range_bytes).plan().await.unwrap();
        let ranges = plan.ranges_left();
        assert!((least..=most).contains(&ranges), "{ranges} of {bytes} by {range_bytes}");
    }
    let plan = scanned(&session).parallel(usize::MAX).plan().await.unwrap();
    assert!(plan.ranges_left() < 200_000);
}

#[tokio::test(start_paused = true)]
async fn small_pages_of_the_session_hide_no_sizes() {
    let cluster = three();
    prime(&cluster);
    let profile = ExecutionProfile::default().page_size(2);
    let session = builder_of(&cluster).profile(profile).connect().await.unwrap();
    let few = scanned(&session).plan().await.unwrap().ranges_left();
    (0..3).for_each(|node| cluster.node(node).prime(of_ring(&session, 100_000)));
    let many = scanned(&session).range_bytes(1_000).plan().await.unwrap().ranges_left();
    assert!(many > 2 * few && many >= 100, "{many}, and {few} of those of whom nothing is known");
}

#[tokio::test(start_paused = true)]
async fn hosts_that_do_not_say_their_sizes_hold_up_nobody_for_longer_than_a_page_may_take() {
    let (cluster, session) = scene().await;
    (0..3).for_each(|node| cluster.node(node).prime(of_ring(&session, 1).silence()));
    let began = Instant::now();
    let mut rows = scanned(&session).timeout(Duration::from_secs(1)).rows::<(i32,)>();
    assert_all(rest(&mut rows).await);
    assert!(began.elapsed() < Duration::from_millis(1_500), "{:?}", began.elapsed());
}
