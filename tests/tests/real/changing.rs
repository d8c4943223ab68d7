//! Prepared statements whose tables and types change under them.

use cqlwire::{ErrorKind, UserType};

use super::{create, shared};

const INSERT: &str = "INSERT INTO changing.t (k, a) VALUES (?, ?)";
const TABLE: &str = "t (k int PRIMARY KEY, a int)";

/// A server gives the same id to the same text, whatever the table looks like.
#[tokio::test]
async fn g15_1_values_never_go_by_markers_that_have_changed() {
    let session = shared().await;
    create(&session, "changing", TABLE).await;
    let old = session.prepare(INSERT).await.unwrap();
    session.execute(&old, (0, 5_i32)).await.unwrap();
    for statement in
        ["DROP TABLE changing.t", "CREATE TABLE changing.t (k int PRIMARY KEY, a float)"]
    {
        session.query(statement, ()).await.unwrap();
    }
    for k in 1..4 {
        let error = session.execute(&old, (k, 5_i32)).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Encode(_)), "{error}");
        assert!(error.to_string().starts_with("column `a`: float"), "{error}");
        let new = session.prepare(INSERT).await.unwrap();
        session.execute(&new, (-k, 5_f32)).await.unwrap();
    }
    let rows = session.query("SELECT a FROM changing.t", ()).await.unwrap();
    let values: Vec<f32> = rows.rows::<(f32,)>().unwrap().map(|row| row.unwrap().0).collect();
    assert_eq!(values, [5.0; 3]);
}

#[derive(Clone, Debug, PartialEq, UserType)]
struct Old {
    street: String,
}

#[derive(Clone, Debug, PartialEq, UserType)]
struct New {
    street: String,
    zip: Option<String>,
}

#[tokio::test]
async fn g15_1_a_field_that_was_added_is_known_at_once() {
    let session = shared().await;
    create(&session, "growing", "unused (k int PRIMARY KEY)").await;
    for statement in [
        "CREATE TYPE growing.address (street text)",
        "CREATE TABLE growing.t (k int PRIMARY KEY, a frozen<growing.address>)",
    ] {
        session.query(statement, ()).await.unwrap();
    }
    let insert = session.prepare("INSERT INTO growing.t (k, a) VALUES (?, ?)").await.unwrap();
    session.execute(&insert, (0, Old { street: "Elm".to_owned() })).await.unwrap();
    session.query("ALTER TYPE growing.address ADD zip text", ()).await.unwrap();
    let new = New { street: "Elm".to_owned(), zip: Some("0150".to_owned()) };
    session.execute(&insert, (1, new.clone())).await.unwrap();
    session.execute(&insert, (2, Old { street: "Elm".to_owned() })).await.unwrap();
    let select = session.prepare("SELECT a FROM growing.t WHERE k = ?").await.unwrap();
    for (k, zip) in [(0, None), (1, new.zip.clone()), (2, None)] {
        let found = session.execute(&select, (k,)).await.unwrap();
        let (read,) = found.one_row::<(New,)>().unwrap();
        assert_eq!(read, New { zip, ..new.clone() });
    }
}
