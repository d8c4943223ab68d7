//! The names that the server gives to bind markers: as the documentation of `EncodeValues` says.

use crate::{close, create, shared};

const TABLE: &str = "t (k int, a int, b text, c int, m map<text, int>, l list<int>, \
                     PRIMARY KEY (k, a, b))";

/// A statement, and the names of its markers.
const NAMES: &[(&str, &[&str])] = &[
    ("SELECT * FROM markers.t WHERE k = ? AND a > ?", &["k", "a"]),
    ("SELECT * FROM markers.t WHERE k = :key AND a > :\"Key\"", &["key", "Key"]),
    ("SELECT * FROM markers.t WHERE k IN ?", &["in(k)"]),
    ("SELECT * FROM markers.t WHERE k IN (?, ?)", &["k", "k"]),
    ("SELECT * FROM markers.t WHERE k = 1 AND (a, b) IN ?", &["in(a,b)"]),
    ("SELECT * FROM markers.t WHERE k = 1 AND (a, b) > ?", &["(a,b)"]),
    ("SELECT * FROM markers.t WHERE k = 1 AND (a, b) > (?, ?)", &["a", "b"]),
    ("SELECT * FROM markers.t WHERE token(k) > ?", &["partition key token"]),
    ("SELECT * FROM markers.t WHERE m CONTAINS ? ALLOW FILTERING", &["value(m)"]),
    ("SELECT * FROM markers.t WHERE m CONTAINS KEY ? ALLOW FILTERING", &["key(m)"]),
    ("SELECT * FROM markers.t WHERE m[?] = ? ALLOW FILTERING", &["key(m)", "value(m)"]),
    ("UPDATE markers.t SET m[?] = ? WHERE k = 1 AND a = 1 AND b = ''", &["key(m)", "value(m)"]),
    ("UPDATE markers.t SET l[?] = ? WHERE k = 1 AND a = 1 AND b = ''", &["idx(l)", "value(l)"]),
    (
        "SELECT * FROM markers.t PER PARTITION LIMIT ? LIMIT ?",
        &["[per_partition_limit]", "[limit]"],
    ),
    (
        "INSERT INTO markers.t (k, a, b) VALUES (?, ?, ?) USING TTL ? AND TIMESTAMP ?",
        &["k", "a", "b", "[ttl]", "[timestamp]"],
    ),
    ("INSERT INTO markers.t JSON ?", &["[json]"]),
    ("UPDATE markers.t SET c = 1 WHERE k = 1 AND a = 1 AND b = '' IF c = ?", &["c"]),
    ("UPDATE markers.t SET c = 1 WHERE k = 1 AND a = 1 AND b = '' IF c IN ?", &["in(c)"]),
];

#[tokio::test]
async fn bind_markers_have_the_names_that_are_documented() {
    let session = shared().await;
    create(&session, "markers", TABLE).await;
    let mut wrong = Vec::new();
    for (statement, expected) in NAMES {
        let prepared = session.prepare(statement).await.unwrap();
        let markers = prepared.bind_markers();
        let names: Vec<_> = markers.iter().map(|marker| &*marker.name).collect();
        if names != *expected {
            wrong.push(format!("{statement}: {names:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    close(session).await;
}
