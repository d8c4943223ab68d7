//! Who waits for whom: slow readers, busy ones, sessions that are closed, hosts that fail.

use std::time::Duration;

use cqlwire_testkit::node::{Prime, columns};
use tokio::time::{Instant, sleep};

use super::{RANGE, ROWS, answers, assert_all, rest, scanned, scene};
use crate::codec::ColumnType;
use crate::tests::memory::at_rest;

/// Servers work while the reader does, not in turns with it.
#[tokio::test(start_paused = true)]
async fn pages_are_on_their_way_while_a_reader_is_busy() {
    let (cluster, session) = scene().await;
    let delay = Duration::from_millis(400);
    (0..3).for_each(|node| cluster.node(node).prime(answers().after(delay)));
    let mut pages = scanned(&session).pages();
    let (began, mut busy) = (Instant::now(), Duration::ZERO);
    while pages.try_next().await.unwrap().is_some() {
        sleep(delay).await;
        busy += delay;
    }
    let waited = began.elapsed() - busy;
    assert!(waited < busy / 10, "waited {waited:?}, and was busy for {busy:?}");
}

/// Of four ranges no more than four pages are here or on their way, and the one that is read.
#[tokio::test(start_paused = true)]
async fn a_reader_that_sleeps_is_sent_no_more() {
    let (cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(i32,)>();
    let mut found = vec![rows.try_next().await.unwrap().unwrap().0];
    sleep(Duration::from_secs(60)).await;
    let asked = (0..3).map(|node| cluster.node(node).count_statement(RANGE)).sum::<usize>();
    assert!(asked <= 5, "{asked}");
    let held = session.resources();
    assert!(held.pages <= 5 && held.requests <= 4, "{held}");
    found.extend(rest(&mut rows).await);
    assert_all(found);
}

/// It sleeps for longer than any page may take, each time, while pages fail on some hosts.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_no_timeout() {
    let (cluster, session) = scene().await;
    for node in 0..3 {
        cluster.node(node).prime(answers().after(Duration::from_millis(50)));
        cluster.node(node).prime(Prime::statement(RANGE).error(0x1001, "busy").first(40));
    }
    let mut rows = scanned(&session).timeout(Duration::from_secs(5)).rows::<(i32,)>();
    let mut found = Vec::new();
    while let Some((k,)) = rows.try_next().await.unwrap() {
        found.push(k);
        sleep(Duration::from_secs(6)).await;
    }
    assert_all(found);
}

/// With an error it lets go of all that is on its way, though it is kept.
#[tokio::test(start_paused = true)]
async fn what_has_failed_holds_nothing() {
    let (_cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(String,)>();
    rows.try_next().await.unwrap_err();
    at_rest(&session).await;
    assert_eq!(rows.try_next().await.unwrap(), None);
    let left = rows.plan().unwrap();
    assert_all(rest(&mut session.resume_scan(&left).rows::<(i32,)>()).await);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_closed_ends_its_scans_and_plans_go_on_elsewhere() {
    let (cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(i32,)>();
    let mut found = vec![rows.try_next().await.unwrap().unwrap().0];
    session.close(Duration::from_secs(1)).await;
    let ended = async {
        loop {
            match rows.try_next().await {
                Ok(Some((k,))) => found.push(k),
                Ok(None) => panic!("it is not read whole"),
                Err(error) => break error,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(1), ended).await.unwrap();
    let plan = rows.plan().unwrap();
    let session = super::builder_of(&cluster).connect().await.unwrap();
    found.extend(rest(&mut session.resume_scan(&plan).rows::<(i32,)>()).await);
    assert_all(found);
}

/// What it has passed over is not read again: each page fails twice, in a range of pages without rows.
#[tokio::test(start_paused = true)]
async fn a_range_that_fails_goes_on_behind_its_empty_pages() {
    let (cluster, session) = scene().await;
    let all = || {
        let rows = (0..ROWS).map(|k| vec![Some(bytes::Bytes::copy_from_slice(&k.to_be_bytes()))]);
        let bound = columns([("start", ColumnType::BigInt), ("end", ColumnType::BigInt)]);
        let prime = Prime::statement(RANGE).rows(columns([("k", ColumnType::Int)]), rows.collect());
        prime.in_pages([0, 0, 0, 0, 300]).binds(bound, &[])
    };
    for node in 0..3 {
        cluster.node(node).prime(all());
        for page in 1..5 {
            cluster
                .node(node)
                .prime(Prime::statement(RANGE).page(page).error(0x1200, "busy").first(1));
        }
    }
    let whole = scanned(&session).parallel(1).plan().await.unwrap();
    let one = whole.split(1_000).swap_remove(0);
    let mut rows = session.resume_scan(&one).rows::<(i32,)>();
    let found = rest(&mut rows).await;
    assert_all(found);
}

/// Each page fails once or twice: that is no page three times in a row, and each counts once.
#[tokio::test(start_paused = true)]
async fn failures_of_several_pages_are_none_of_one() {
    let (cluster, session) = scene().await;
    let rows = (0..ROWS).map(|k| vec![Some(bytes::Bytes::copy_from_slice(&k.to_be_bytes()))]);
    let rows: Vec<_> = rows.collect();
    let bound = columns([("start", ColumnType::BigInt), ("end", ColumnType::BigInt)]);
    let prime =
        Prime::statement(RANGE).rows(columns([("k", ColumnType::Int)]), rows).binds(bound, &[]);
    let busy = || Prime::statement(RANGE).error(0x1200, "busy");
    for node in (0..3).map(|node| cluster.node(node)) {
        node.prime(prime.clone().in_pages([60, 60, 60, 60, 60]));
        (1..5).for_each(|page| node.prime(busy().page(page).first(1)));
    }
    let whole = scanned(&session).plan().await.unwrap();
    let one = whole.split(1_000).swap_remove(0);
    let mut rows = session.resume_scan(&one).rows::<(i32,)>();
    assert_all(rest(&mut rows).await);
    assert_eq!(rows.progress().pages, 5);

    let asked = || (0..3).map(|node| cluster.node(node).count_statement(RANGE)).sum::<usize>();
    let before = asked();
    (0..3).for_each(|node| cluster.node(node).prime(busy()));
    session.resume_scan(&one).rows::<(i32,)>().try_next().await.unwrap_err();
    assert_eq!(asked() - before, 3 * 2, "three times, each at two hosts");
}
