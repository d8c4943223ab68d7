//! Batches of every kind, as a real server takes them.

use cqlwire::{BindValues, Consistency, ErrorCode, ErrorKind, ProtocolVersion, Session, UserType};
use cqlwire_testkit::cassandra;

use super::{builder, close, create, shared};

/// All rows of a table with two columns of int.
async fn pairs(session: &Session, select: &str) -> Vec<(i32, i32)> {
    let mut rows = session.query(select, ()).rows::<(i32, i32)>().try_collect(1_000).await.unwrap();
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn a_logged_batch_mixes_texts_and_prepared_statements_on_every_version() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let builder = builder(cassandra::shared().await);
        let session = builder.protocol_versions(ProtocolVersion::V3, version).connect().await;
        let session = session.unwrap();
        create(&session, "logged", "t (k int PRIMARY KEY, a int)").await;
        session.query("CREATE TABLE logged.log (k int PRIMARY KEY, a int)", ()).await.unwrap();
        let insert = session.prepare("INSERT INTO logged.t (k, a) VALUES (?, ?)").await.unwrap();
        let log = session.prepare("INSERT INTO logged.log (k, a) VALUES (:k, :a)").await.unwrap();
        let mut batch = session.batch();
        batch.add(&insert, (1, 10)).unwrap();
        batch.add("INSERT INTO logged.t (k, a) VALUES (2, 20)", ()).unwrap();
        batch.add("INSERT INTO logged.t (a, k) VALUES (?, ?)", (40, 4)).unwrap();
        batch.add(&log, (1, None::<i32>)).unwrap().add(&insert, (3, 30)).unwrap();
        batch.execute().timestamp_micros(1_000).await.unwrap();
        let all = "SELECT k, a FROM logged.t";
        let expected = [(1, 10), (2, 20), (3, 30), (4, 40)];
        assert_eq!(pairs(&session, all).await, expected, "{version}");
        let logged = session.query("SELECT k, a FROM logged.log", ()).await.unwrap();
        assert_eq!(logged.one_row::<(i32, Option<i32>)>().unwrap(), (1, None));
        drop(logged);

        // An older write does nothing: the time was that of the batch.
        batch.clear();
        batch.add("DELETE FROM logged.t WHERE k = 1", ()).unwrap().add(&insert, (2, 21)).unwrap();
        batch.execute().timestamp_micros(999).await.unwrap();
        assert_eq!(pairs(&session, all).await.len(), 4);
        batch.execute().timestamp_micros(1_001).await.unwrap();
        assert_eq!(pairs(&session, all).await, [(2, 21), (3, 30), (4, 40)]);
        close(session).await;
    }
}

#[derive(Clone, Debug, BindValues)]
struct Reading {
    at: i32,
    sensor: i32,
    celsius: Option<f64>,
}

#[tokio::test]
async fn an_unlogged_batch_of_typed_rows_is_filled_again_and_again() {
    let session = shared().await;
    let table = "t (sensor int, at int, celsius double, PRIMARY KEY (sensor, at))";
    create(&session, "readings", table).await;
    let insert = "INSERT INTO readings.t (sensor, at, celsius) VALUES (?, ?, ?)";
    let insert = session.prepare(insert).await.unwrap();
    let rows = (0..640).map(|n| Reading { sensor: n % 10, at: n, celsius: Some(f64::from(n)) });
    let rows: Vec<Reading> = rows.collect();
    let mut batch = session.batch().unlogged();
    for some in rows.chunks(64) {
        batch.clear();
        batch.add_all(&insert, some).unwrap();
        batch.execute().idempotent(true).await.unwrap();
    }
    let select = session.query("SELECT at, sensor, celsius FROM readings.t", ());
    let mut found = select.rows::<(i32, i32, f64)>().try_collect(1_000).await.unwrap();
    found.sort_by_key(|(at, ..)| *at);
    let expected = (0..640).map(|n| (n, n % 10, f64::from(n)));
    assert!(found.into_iter().eq(expected));
    close(session).await;
}

#[tokio::test]
async fn counters_are_updated_in_batches_of_their_own() {
    let session = shared().await;
    create(&session, "counting", "t (k int PRIMARY KEY, n counter)").await;
    let add = "UPDATE counting.t SET n = n + ? WHERE k = ?";
    let add = session.prepare(add).await.unwrap();
    let mut batch = session.batch().counter();
    let by = cqlwire::value::Counter;
    batch.add_all(&add, [(by(5), 1), (by(7), 2), (by(-2), 1)]).unwrap();
    batch.add("UPDATE counting.t SET n = n + 1 WHERE k = 2", ()).unwrap();
    // A counter has no time of its own, whatever the request says.
    batch.execute().timestamp_micros(5).await.unwrap();
    let found = session.query("SELECT k, n FROM counting.t", ()).await.unwrap();
    let mut found: Vec<(i32, i64)> =
        found.rows::<(i32, i64)>().unwrap().map(Result::unwrap).collect();
    found.sort_unstable();
    assert_eq!(found, [(1, 3), (2, 8)]);

    let mut logged = session.batch();
    logged.add(&add, (by(1), 1)).unwrap();
    let error = logged.execute().await.unwrap_err();
    assert!(is(&error, ErrorCode::Invalid) && !error.may_have_been_applied(), "{error}");
}

fn is(error: &cqlwire::Error, code: ErrorCode) -> bool {
    matches!(error.kind(), ErrorKind::Server { error, .. } if error.code == code)
}

#[tokio::test]
async fn a_conditional_batch_is_applied_whole_or_says_why_not() {
    let session = shared().await;
    create(&session, "conditions", "t (k int, c int, a int, PRIMARY KEY (k, c))").await;
    let insert = "INSERT INTO conditions.t (k, c, a) VALUES (?, ?, ?) IF NOT EXISTS";
    let insert = session.prepare(insert).await.unwrap();
    let mut batch = session.batch();
    batch.add_all(&insert, [(1, 1, 10), (1, 2, 20)]).unwrap();
    let result = batch.execute().await.unwrap();
    assert!(result.was_applied().unwrap());
    drop(result);

    batch.clear();
    batch.add_all(&insert, [(1, 3, 30)]).unwrap();
    batch.add("UPDATE conditions.t SET a = 11 WHERE k = 1 AND c = 1 IF a = 99", ()).unwrap();
    let result = batch.execute().consistency(Consistency::One).await.unwrap();
    assert!(!result.was_applied().unwrap());
    let names: Vec<&str> =
        result.page().columns().iter().map(|column| column.name.as_str()).collect();
    assert!(names.starts_with(&["[applied]", "k", "c"]), "{names:?}");
    assert!(result.row_count() >= 1);
    drop(result);
    let all = "SELECT c, a FROM conditions.t WHERE k = 1";
    assert_eq!(pairs(&session, all).await, [(1, 10), (2, 20)]);
    // It gets its time from Paxos, whatever the request says.
    let mut update = session.batch();
    update.add("UPDATE conditions.t SET a = 11 WHERE k = 1 AND c = 1 IF a = 10", ()).unwrap();
    let result = update.execute().timestamp_micros(5).await.unwrap();
    assert!(result.was_applied().unwrap());
    drop(result);
    assert_eq!(pairs(&session, all).await, [(1, 11), (2, 20)]);
    close(session).await;
}

#[tokio::test]
async fn g15_1_a_batch_never_goes_by_markers_that_have_changed() {
    let session = shared().await;
    create(&session, "stale", "t (k int PRIMARY KEY, a int)").await;
    let old = session.prepare("INSERT INTO stale.t (k, a) VALUES (?, ?)").await.unwrap();
    let mut batch = session.batch();
    batch.add("DELETE FROM stale.t WHERE k = 1", ()).unwrap().add(&old, (2, 5)).unwrap();
    batch.execute().await.unwrap();
    for statement in ["DROP TABLE stale.t", "CREATE TABLE stale.t (k int PRIMARY KEY, a float)"] {
        session.query(statement, ()).await.unwrap();
    }
    for _ in 0..3 {
        let error = batch.execute().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Encode(_)), "{error}");
        let text = error.to_string();
        assert!(text.starts_with("statement 2 of the batch: column `a`: float"), "{text}");
    }
    batch.clear();
    batch.add(&old, (3, 5_f32)).unwrap();
    batch.execute().await.unwrap();
    let rows = session.query("SELECT k, a FROM stale.t", ()).await.unwrap();
    assert_eq!(rows.one_row::<(i32, f32)>().unwrap(), (3, 5.0));
}

#[derive(Clone, Debug, PartialEq, UserType)]
struct Address {
    street: String,
    #[cql(default)]
    zip: Option<String>,
}

#[derive(Clone, Debug, UserType)]
struct Street {
    street: String,
}

#[tokio::test]
async fn g15_1_a_batch_is_encoded_anew_after_a_compatible_change() {
    let session = shared().await;
    create(&session, "widened", "unused (k int PRIMARY KEY)").await;
    for statement in [
        "CREATE TYPE widened.address (street text)",
        "CREATE TABLE widened.t (k int PRIMARY KEY, a frozen<widened.address>)",
    ] {
        session.query(statement, ()).await.unwrap();
    }
    let insert = session.prepare("INSERT INTO widened.t (k, a) VALUES (?, ?)").await.unwrap();
    let mut batch = session.batch();
    batch.add(&insert, (1, Street { street: "Elm".to_owned() })).unwrap();
    session.query("ALTER TYPE widened.address ADD zip text", ()).await.unwrap();
    batch.execute().await.unwrap();
    batch.execute().await.unwrap();
    let found = session.query("SELECT a FROM widened.t", ()).await.unwrap();
    let (home,) = found.one_row::<(Address,)>().unwrap();
    assert_eq!(home, Address { street: "Elm".to_owned(), zip: None });
}

#[tokio::test]
async fn what_the_server_thinks_of_a_batch_is_passed_on() {
    let session = shared().await;
    create(&session, "sized", "t (k int PRIMARY KEY, a blob)").await;
    let insert = session.prepare("INSERT INTO sized.t (k, a) VALUES (?, ?)").await.unwrap();
    let of = |count: i32, bytes: usize| {
        let mut batch = session.batch().unlogged();
        batch.add_all(&insert, (0..count).map(|k| (k, vec![7_u8; bytes]))).unwrap();
        batch
    };
    let result = of(10, 100).execute().await.unwrap();
    assert!(result.page().warnings().is_empty(), "{:?}", result.page().warnings());
    // Over the server's 5 KiB, and over its 50 KiB.
    let result = of(10, 1_000).execute().await.unwrap();
    assert!(result.page().warnings()[0].contains("exceeding specified"), "{result:?}");
    let error = of(100, 1_000).execute().await.unwrap_err();
    assert!(is(&error, ErrorCode::Invalid), "{error}");
    assert!(error.to_string().contains("Batch too large"), "{error}");
    assert!(!error.may_have_been_applied());
    drop(result);
    // Of one partition they are one write.
    let mut one = session.batch().unlogged();
    one.add_all(&insert, (0..100).map(|_| (0, vec![7_u8; 1_000]))).unwrap();
    let result = one.execute().await.unwrap();
    assert!(result.page().warnings().is_empty(), "{:?}", result.page().warnings());
    drop(result);

    let mut reading = session.batch();
    reading.add("SELECT k FROM sized.t", ()).unwrap();
    let error = reading.execute().await.unwrap_err();
    assert!(is(&error, ErrorCode::Invalid) || is(&error, ErrorCode::SyntaxError), "{error}");
    session.batch().execute().await.unwrap();
    close(session).await;
}

#[tokio::test]
async fn a_batch_of_one_partition_may_be_larger_than_servers_take_of_several() {
    let session = shared().await;
    create(&session, "many", "t (k int, c int, PRIMARY KEY (k, c))").await;
    let insert = session.prepare("INSERT INTO many.t (k, c) VALUES (0, ?)").await.unwrap();
    let mut batch = session.batch().unlogged();
    batch.add_all(&insert, (0..5_000).map(|c| (c,))).unwrap();
    assert!(batch.bytes() > 50 << 10);
    batch.execute().idempotent(true).await.unwrap();
    let count = session.query("SELECT count(*) FROM many.t WHERE k = 0", ()).await.unwrap();
    assert_eq!(count.one_row::<(i64,)>().unwrap(), (5_000,));
    drop(count);
    close(session).await;
}
