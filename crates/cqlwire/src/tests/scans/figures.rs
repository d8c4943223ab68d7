//! What a scan says of itself, and plans that nobody wrote.

use std::time::Duration;

use cqlwire_testkit::node::{Prime, columns};

use super::{RANGE, assert_all, prime, rest, rows_of_range, scanned, scene};
use crate::codec::ColumnType;
use crate::{ScanPlan, ScanPlanError};

/// The plan, with what is between its statement and its checksum replaced.
fn forged(plan: &ScanPlan, done: &str, left: &str) -> String {
    let text = plan.to_string();
    let fields: Vec<&str> = text.split(' ').collect();
    let text = format!("{} {} {} {done} {left}", fields[0], fields[1], fields[2]);
    format!("{text} {:08x}", crc32fast::hash(text.as_bytes()))
}

#[tokio::test(start_paused = true)]
async fn figures_stop_with_the_scan() {
    let (_cluster, session) = scene().await;
    let mut rows = scanned(&session).rows::<(i32,)>();
    assert_all(rest(&mut rows).await);
    let watch = rows.watch();
    let done = watch.progress();
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(watch.progress(), done);
}

#[tokio::test(start_paused = true)]
async fn pages_without_rows_count_as_pages() {
    let (cluster, session) = scene().await;
    let mut pages = scanned(&session).parallel(1_000).pages();
    let mut with_rows = 0;
    while pages.try_next().await.unwrap().is_some() {
        with_rows += 1;
    }
    let asked: usize = (0..3).map(|node| cluster.node(node).count_statement(RANGE)).sum();
    assert!(with_rows < asked, "there are ranges without rows");
    assert_eq!(pages.progress().pages, asked as u64);
}

#[tokio::test(start_paused = true)]
async fn plans_of_nobody_are_damaged_or_read_without_a_panic() {
    let (_cluster, session) = scene().await;
    let plan = scanned(&session).plan().await.unwrap();
    let (least, most) = (i64::MIN, i64::MAX);
    for left in [format!("{most}:{least}:1"), format!("{least}:{most}:0"), "5:5:1".to_owned()] {
        let read = forged(&plan, "0/0", &left).parse::<ScanPlan>();
        assert_eq!(read, Err(ScanPlanError::Damaged), "{left}");
    }
    let max = u64::MAX;
    for (done, weight) in
        [(format!("{max}/{max}"), max), (format!("1/{max}"), 1), ("0/0".to_owned(), max)]
    {
        let left = format!("{least}:0:{weight},0:{most}:{weight}");
        let plan: ScanPlan = forged(&plan, &done, &left).parse().unwrap();
        let mut rows = session.resume_scan(&plan).rows::<(i32,)>();
        assert_all(rest(&mut rows).await);
        let progress = rows.progress();
        assert!((progress.part - 1.0).abs() < 1e-9, "{progress:?}");
        assert!(progress.ranges_done <= progress.ranges, "{progress:?}");
        assert!(rows.plan().unwrap().to_string().parse::<ScanPlan>().unwrap().is_done());
    }
}

/// A statement that is no one of ours is the server's to refuse, at once.
#[tokio::test(start_paused = true)]
async fn what_would_fail_again_is_not_tried_again() {
    let (cluster, session) = scene().await;
    (0..3).for_each(|node| {
        cluster.node(node).prime(Prime::statement(RANGE).error(0x2200, "no such thing"));
    });
    let mut pages = scanned(&session).parallel(1).pages();
    let before = pages.plan();
    assert_eq!(before, None);
    pages.try_next().await.unwrap_err();
    assert_eq!((0..3).map(|node| cluster.node(node).count_statement(RANGE)).sum::<usize>(), 1);
    assert!(!pages.plan().unwrap().is_done());
}

/// The row that cannot be read is named as it is counted in its page, read from its start or not.
#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_is_named_alike_by_whoever_goes_on() {
    let (cluster, session) = scene().await;
    let short = |asked: &_| {
        let mut rows = rows_of_range(asked);
        if let Some(row) = rows.get_mut(1) {
            *row = vec![Some(bytes::Bytes::from_static(b"ab"))];
        }
        rows
    };
    for node in 0..3 {
        let columns = columns([("k", ColumnType::Int)]);
        let bound = [("start", ColumnType::BigInt), ("end", ColumnType::BigInt)];
        let prime = Prime::statement(RANGE).rows_from(columns, short);
        let bound = cqlwire_testkit::node::columns(bound);
        cluster.node(node).prime(prime.binds(bound, &[]));
    }
    let mut rows = session.scan("app.t").columns(["k"]).parallel(1).rows::<(i32,)>();
    let error = loop {
        match rows.try_next().await {
            Ok(row) => assert!(row.is_some()),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("page 1, row 2"), "{error}");
    let plan = rows.plan().unwrap();
    let mut rows = session.resume_scan(&plan).parallel(1).rows::<(i32,)>();
    let again = rows.try_next().await.unwrap_err().to_string();
    assert!(again.contains("page 1, row 2"), "{again}");
    assert_eq!(rows.plan().unwrap().ranges_left(), plan.ranges_left());
    prime(&cluster);
}
