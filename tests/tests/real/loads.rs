//! Many rows loaded into a real server, beside the same rows one by one.

use cqlwire::{Load, Session};
use futures_util::StreamExt;
use futures_util::stream;

use super::{close, create, shared};

const ROWS: i32 = 100_000;

type Reading = (i32, i32, f64, String);

/// So many rows of each sensor, in order.
fn reading(row: i32) -> Reading {
    (row / 100, row % 100, f64::from(row) / 16.0, format!("reading {row}"))
}

/// Asserts that all rows are there, each as it was written.
async fn all_are_there(session: &Session, table: &str) {
    let select = format!("SELECT sensor, at, celsius, note FROM loads.{table}");
    let mut seen = vec![false; usize::try_from(ROWS).unwrap()];
    let mut rows = session.query(&select, ()).rows::<Reading>();
    while let Some(row) = rows.try_next().await.unwrap() {
        let number = row.0 * 100 + row.1;
        assert_eq!(row, reading(number));
        assert!(!std::mem::replace(&mut seen[usize::try_from(number).unwrap()], true));
    }
    assert!(seen.iter().all(|seen| *seen), "{table}");
}

async fn loaded(load: Load<'_, Reading>) {
    let progress = load.idempotent(true).await.unwrap();
    assert_eq!(progress.written, u64::from(ROWS.unsigned_abs()));
}

#[tokio::test]
async fn a_hundred_thousand_rows_are_all_there_beside_single_inserts() {
    let session = shared().await;
    let columns = "(sensor int, at int, celsius double, note text, PRIMARY KEY (sensor, at))";
    create(&session, "loads", &format!("together {columns}")).await;
    for table in ["alone", "single"] {
        session.query(&format!("CREATE TABLE loads.{table} {columns}"), ()).await.unwrap();
    }
    let insert = |table| {
        format!("INSERT INTO loads.{table} (sensor, at, celsius, note) VALUES (?, ?, ?, ?)")
    };
    let (together, alone) = (insert("together"), insert("alone"));
    session.refresh(super::PATIENCE).await;
    loaded(session.insert_all(&together, (0..ROWS).map(reading))).await;
    let rows = stream::iter(0..ROWS).map(reading);
    loaded(session.insert_stream(&alone, rows).batch_rows(1)).await;

    let single = session.prepare(&insert("single")).await.unwrap();
    let writes = (0..ROWS).map(|row| session.execute(&single, reading(row)).idempotent(true));
    let mut writes = stream::iter(writes).buffer_unordered(256);
    while let Some(written) = writes.next().await {
        written.unwrap();
    }
    drop(writes);
    for table in ["together", "alone", "single"] {
        all_are_there(&session, table).await;
    }
    close(session).await;
}

#[tokio::test]
async fn rows_that_a_server_refuses_come_back_and_no_others() {
    let session = shared().await;
    let table = "t (k int, c text, v int, PRIMARY KEY (k, c))";
    create(&session, "refused_rows", table).await;
    session.refresh(super::PATIENCE).await;
    // No key of a row is longer than 64 KiB.
    let long = "c".repeat(70_000);
    let rows =
        (0..1_000).map(|n| (n / 50, if n % 97 == 0 { long.clone() } else { n.to_string() }, n));
    let insert = "INSERT INTO refused_rows.t (k, c, v) VALUES (?, ?, ?)";
    let mut load = session.insert_all(insert, rows).batch_bytes(1 << 20);
    let mut refused = Vec::new();
    while let Some(failure) = load.next_failure().await.unwrap() {
        assert!(!failure.error.may_have_been_applied(), "{}", failure.error);
        refused.push(failure.row.2);
    }
    refused.sort_unstable();
    assert_eq!(refused, (0..1_000).filter(|n| n % 97 == 0).collect::<Vec<_>>());
    assert_eq!(load.progress().written, 1_000 - 11);
    drop(load);
    let count = session.query("SELECT count(*) FROM refused_rows.t", ()).await.unwrap();
    assert_eq!(count.one_row::<(i64,)>().unwrap(), (1_000 - 11,));
    drop(count);
    close(session).await;
}
