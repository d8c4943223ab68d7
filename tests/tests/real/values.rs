//! Values there and back, null and unset.

use std::net::IpAddr;

use cqlwire::codec::Unset;
use uuid::Uuid;

use crate::{close, create, has_vectors, shared};

const TABLE: &str = "t (k int PRIMARY KEY, a ascii, t text, b bigint, bl blob, bo boolean, \
     d double, f float, s smallint, y tinyint, u uuid, i inet)";
const INSERT: &str = "INSERT INTO scalars.t (k, a, t, b, bl, bo, d, f, s, y, u, i) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const SELECT: &str = "SELECT k, a, t, b, bl, bo, d, f, s, y, u, i FROM scalars.t WHERE k = ?";

type Scalars = (
    i32,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<Vec<u8>>,
    Option<bool>,
    Option<f64>,
    Option<f32>,
    Option<i16>,
    Option<i8>,
    Option<Uuid>,
    Option<IpAddr>,
);

fn full() -> Scalars {
    (
        1,
        Some("ascii".to_owned()),
        Some("tøxt €".to_owned()),
        Some(i64::MIN),
        Some(vec![0, 255, 7]),
        Some(true),
        Some(-1.5e300),
        Some(0.1),
        Some(i16::MAX),
        Some(-128),
        Some(Uuid::from_u128(0x1234_5678_9abc_4def_8000_0123_4567_89ab)),
        Some("2001:db8::1".parse().unwrap()),
    )
}

const EMPTY: Scalars = (2, None, None, None, None, None, None, None, None, None, None, None);

#[tokio::test]
async fn scalars_and_nulls_come_back_as_they_were_written() {
    let session = shared().await;
    create(&session, "scalars", TABLE).await;
    let insert = session.prepare(INSERT).await.unwrap();
    let select = session.prepare(SELECT).await.unwrap();
    for row in [full(), EMPTY] {
        let key = row.0;
        session.execute(&insert, row.clone()).await.unwrap();
        let found = session.execute(&select, (key,)).await.unwrap();
        assert_eq!(found.one_row::<Scalars>().unwrap(), row);
    }
    // Unprepared, the values' own types decide.
    let insert = "INSERT INTO scalars.t (k, t, b) VALUES (?, ?, ?)";
    session.query(insert, (3_i32, "three", 3_i64)).unprepared().await.unwrap();
    let found = session.execute(&select, (3_i32,)).await.unwrap();
    assert_eq!(found.one_row::<Scalars>().unwrap().3, Some(3));
    drop(found);
    close(session).await;
}

#[derive(Debug, PartialEq, cqlwire::UserType)]
struct Swapped {
    second: String,
    first: String,
}

/// Sent as they are, these would be other numbers, other fields, and 7e-45.
#[tokio::test]
async fn g15_5_values_of_a_text_are_stored_as_what_they_are() {
    let session = shared().await;
    let v = if has_vectors(&session).await { "vector<float, 3>" } else { "list<float>" };
    create(&session, "of_a_text", &format!("t (k int PRIMARY KEY, v {v}, f float)")).await;
    session.query("CREATE TYPE of_a_text.pair (first text, second text)", ()).await.unwrap();
    session.query("ALTER TABLE of_a_text.t ADD u frozen<pair>", ()).await.unwrap();
    let insert = "INSERT INTO of_a_text.t (k, v, u) VALUES (?, ?, ?)";
    let (numbers, texts) =
        (vec![1.0_f32, 2.0, 3.0], || Swapped { second: "two".to_owned(), first: "one".to_owned() });
    for _ in 0..2 {
        session.query(insert, (1_i32, &numbers, texts())).await.unwrap();
    }
    let found = session.query("SELECT v, u, u.first FROM of_a_text.t WHERE k = ?", (1_i32,)).await;
    let found = found.unwrap();
    let row = found.one_row::<(Vec<f32>, Swapped, String)>().unwrap();
    assert_eq!(row, (numbers, texts(), "one".to_owned()));
    let wrong = session.query("INSERT INTO of_a_text.t (k, f) VALUES (?, ?)", (1_i32, 5_i32)).await;
    assert!(wrong.unwrap_err().to_string().starts_with("column `f`: float"));
    let by_type = "SELECT k FROM of_a_text.t WHERE u = ? ALLOW FILTERING";
    let keys = session.query(by_type, (texts(),)).rows::<(i32,)>().try_collect(10).await.unwrap();
    assert_eq!(keys, [(1,)]);
    drop(found);
    close(session).await;
}

#[tokio::test]
async fn unset_leaves_a_column_as_it_is_and_null_deletes_it() {
    let session = shared().await;
    create(&session, "unset", "t (k int PRIMARY KEY, a int, b int)").await;
    let insert = session.prepare("INSERT INTO unset.t (k, a, b) VALUES (1, ?, ?)").await.unwrap();
    session.execute(&insert, (1_i32, 1_i32)).await.unwrap();
    session.execute(&insert, (Unset, None::<i32>)).await.unwrap();
    let found = session.query("SELECT a, b FROM unset.t", ()).await.unwrap();
    assert_eq!(found.one_row::<(Option<i32>, Option<i32>)>().unwrap(), (Some(1), None));
    drop(found);
    close(session).await;
}

#[tokio::test]
async fn a_conditional_statement_says_whether_it_was_applied() {
    let session = shared().await;
    create(&session, "conditional", "t (k int PRIMARY KEY, v int)").await;
    let insert = "INSERT INTO conditional.t (k, v) VALUES (1, ?) IF NOT EXISTS";
    let insert = session.prepare(insert).await.unwrap();
    assert!(session.execute(&insert, (1_i32,)).await.unwrap().was_applied().unwrap());
    let refused = session.execute(&insert, (2_i32,)).await.unwrap();
    assert!(!refused.was_applied().unwrap());
    assert_eq!(refused.one_row::<(bool, i32, i32)>().unwrap(), (false, 1, 1));
    drop(refused);
    close(session).await;
}
