//! What a real server says of conditional statements that are not applied.

use cqlwire::value::{CqlRow, CqlValue};
use cqlwire::{Row, Session};

use super::{close, create, shared};

#[derive(Debug, PartialEq, Row)]
struct Present {
    k: i32,
    c: i32,
    a: Option<i32>,
    #[cql(default)]
    b: Option<String>,
}

impl Present {
    fn new(c: i32, a: i32, b: Option<&str>) -> Self {
        Self { k: 1, c, a: Some(a), b: b.map(str::to_owned) }
    }
}

/// Its rows: 1, with all columns, and 2, which has no `b`. The static column is 9.
async fn filled(keyspace: &str) -> Session {
    let session = shared().await;
    let table = "t (k int, c int, s int static, a int, b text, PRIMARY KEY (k, c))";
    create(&session, keyspace, table).await;
    for insert in [
        "INSERT INTO present.t (k, c, s, a, b) VALUES (1, 1, 9, 10, 'x')",
        "INSERT INTO present.t (k, c, a) VALUES (1, 2, 20)",
    ] {
        session.query(&insert.replace("present", keyspace), ()).await.unwrap();
    }
    session
}

/// The columns, without `[applied]`, of what was not applied, and the rows.
async fn refused(session: &Session, text: &str) -> (Vec<String>, Vec<CqlRow>) {
    let result = session.query(text, ()).await.unwrap();
    assert!(!result.was_applied().unwrap(), "{text}");
    let names = result.page().columns().iter().skip(1).map(|column| column.name.clone());
    let rows = result.present_rows::<CqlRow>().unwrap();
    (names.collect(), rows.map(Result::unwrap).collect())
}

#[tokio::test]
async fn what_is_present_is_there_if_a_statement_was_not_applied() {
    let session = filled("present").await;
    let insert = "INSERT INTO present.t (k, c, a) VALUES (1, 1, 5) IF NOT EXISTS";
    let result = session.query(insert, ()).await.unwrap();
    let row: Present = result.present_row().unwrap().unwrap();
    assert_eq!(row, Present::new(1, 10, Some("x")));
    let (names, rows) = refused(&session, insert).await;
    assert_eq!(names, ["k", "c", "s", "a", "b"]);
    assert_eq!(rows[0].0[2], ("s".to_owned(), CqlValue::Null), "it was not read, though it is 9");
    drop(result);

    let update =
        "UPDATE present.t SET a = 11 WHERE k = 1 AND c = ? IF b = ? AND a IN (1, 2) AND s = 3";
    let update = session.prepare(update).await.unwrap();
    let result = session.execute(&update, (1, "y")).await.unwrap();
    assert!(!result.was_applied().unwrap());
    let found = result.present_row::<(Option<&str>, i32, i32)>().unwrap();
    assert_eq!(found, Some((Some("x"), 10, 9)), "the conditions in their order");
    drop(result);
    // There is no such row, but a static column of its partition, which the conditions name.
    let result = session.execute(&update, (7, "y")).await.unwrap();
    assert!(!result.was_applied().unwrap());
    let found = result.present_row::<(Option<&str>, Option<i32>, i32)>().unwrap();
    assert_eq!(found, Some((None, None, 9)));
    drop(result);

    for no_such_row in [
        "UPDATE present.t SET a = 11 WHERE k = 1 AND c = 3 IF EXISTS",
        "DELETE FROM present.t WHERE k = 1 AND c = 3 IF EXISTS",
        "DELETE FROM present.t WHERE k = 5 AND c = 3 IF a = 3",
    ] {
        assert_eq!(refused(&session, no_such_row).await, (Vec::new(), Vec::new()));
    }
    for applied in [
        "UPDATE present.t SET a = 10 WHERE k = 1 AND c = 1 IF a = 10",
        "INSERT INTO present.t (k, c, a) VALUES (2, 1, 5) IF NOT EXISTS",
        "INSERT INTO present.t (k, c, a) VALUES (2, 1, 5)",
    ] {
        let result = session.query(applied, ()).await.unwrap();
        assert!(result.was_applied().unwrap(), "{applied}");
        assert!(result.present_row::<Present>().unwrap().is_none(), "{applied}");
    }
    close(session).await;
}

#[tokio::test]
async fn what_is_present_are_all_rows_that_a_batch_is_about() {
    let session = filled("presents").await;
    let update = "UPDATE presents.t SET a = 1 WHERE k = 1 AND c = ? IF a = ?";
    let update = session.prepare(update).await.unwrap();
    let mut batch = session.batch();
    batch.add_all(&update, [(1, 10), (2, 99), (4, 7)]).unwrap();
    let result = batch.execute().await.unwrap();
    assert!(!result.was_applied().unwrap());
    let rows: Result<Vec<Present>, _> = result.present_rows().unwrap().collect();
    // Also the one that was as it was to be; none for the row that there is not.
    assert_eq!(rows.unwrap(), [Present::new(1, 10, None), Present::new(2, 20, None)]);
    drop(result);
    batch.clear();
    batch.add("INSERT INTO presents.t (k, c) VALUES (1, 1) IF NOT EXISTS", ()).unwrap();
    batch.add(&update, (2, 20)).unwrap();
    let result = batch.execute().await.unwrap();
    let rows: Result<Vec<Present>, _> = result.present_rows().unwrap().collect();
    assert_eq!(rows.unwrap(), [Present::new(1, 10, Some("x")), Present::new(2, 20, None)]);
    drop(result);
    batch.clear();
    batch.add("UPDATE presents.t SET a = 1 WHERE k = 5 AND c = 2 IF EXISTS", ()).unwrap();
    let result = batch.execute().await.unwrap();
    assert!(!result.was_applied().unwrap() && result.present_row::<Present>().unwrap().is_none());
    drop(result);
    batch.clear();
    batch.add_all(&update, [(1, 10), (2, 20)]).unwrap();
    let result = batch.execute().await.unwrap();
    assert!(result.was_applied().unwrap() && result.present_row::<Present>().unwrap().is_none());
    drop(result);
    close(session).await;
}
