//! Structs as rows and as bind values.

use cqlwire_testkit::node::ScriptedNode;
use cqlwire_testkit::probe::alone;

use super::{SELECT, connected, prime_users};
use crate::codec::Opcode;
use crate::{BindValues, Row};

/// The columns are `id` and `name`.
#[derive(Debug, PartialEq, Row)]
#[cql(crate = "crate::codec")]
struct User {
    name: String,
    #[cql(default)]
    age: Option<i32>,
    id: i64,
}

#[derive(Row)]
#[cql(crate = "crate::codec")]
struct Name<'page> {
    name: &'page str,
}

#[derive(BindValues)]
#[cql(crate = "crate::codec")]
struct InCity<'a> {
    city: &'a str,
}

const OSLO: InCity<'_> = InCity { city: "Oslo" };

#[tokio::test]
async fn rows_are_read_as_structs_through_all_pages() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    prime_users(&node, 25);
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();

    let mut users = session.execute(&by_city, OSLO).page_size(10).rows::<User>();
    let mut seen = Vec::new();
    while let Some(user) = users.try_next().await.unwrap() {
        seen.push(user);
    }
    let expected = (0..25).map(|id| User { name: format!("user {id}"), age: None, id });
    assert_eq!(seen, expected.collect::<Vec<_>>());

    let found = session.execute(&by_city, OSLO).await.unwrap();
    let names = found.rows::<Name<'_>>().unwrap().map(|row| row.unwrap().name.len());
    assert_eq!(names.sum::<usize>(), 10 * 6 + 15 * 7);
    assert_eq!(found.first_row::<User>().unwrap().unwrap().name, "user 0");
}

#[tokio::test]
async fn names_that_do_not_match_are_told() {
    #[derive(Debug, Row, BindValues)]
    #[cql(crate = "crate::codec")]
    struct Wrong {
        town: i32,
    }
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    prime_users(&node, 1);
    let session = connected(&node).await;
    let by_city = session.prepare(SELECT).await.unwrap();

    let error = session.execute(&by_city, Wrong { town: 1 }).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no value for the bind marker `city`");
    assert_eq!(node.count(Opcode::Execute), 0);
    let error = session.execute(&by_city, OSLO).rows::<Wrong>().try_next().await.unwrap_err();
    let told = error.to_string();
    assert!(told.contains("no column `town` for a field of Wrong, i32: there is `id`"), "{told}");
}
