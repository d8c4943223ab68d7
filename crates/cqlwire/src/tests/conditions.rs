//! Results of conditional statements: was it applied, and what was there instead.

use std::sync::Arc;

use cqlwire_testkit::node::{Prime, Row, ScriptedNode, cell, columns};

use super::memory::Memory;
use crate::codec::{ColumnSpec, ColumnType, Opcode, ProtocolVersion};
use crate::value::{CqlRow, CqlValue};
use crate::{ErrorKind, QueryResult, Session};

const TAKE: &str = "UPDATE seats SET owner = 'Ada' WHERE id = 1 IF owner = null AND price = 5";
const VERSIONS: [ProtocolVersion; 3] =
    [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5];

async fn one(version: ProtocolVersion) -> (Arc<Memory>, Session) {
    let memory = Memory::of([ScriptedNode::builder().versions([version]).in_memory()]);
    let session = memory.session().await;
    (memory, session)
}

fn with_values() -> Vec<ColumnSpec> {
    let applied = ("[applied]", ColumnType::Boolean);
    columns([applied, ("owner", ColumnType::Text), ("price", ColumnType::Int)])
}

fn alone() -> Vec<ColumnSpec> {
    columns([("[applied]", ColumnType::Boolean)])
}

fn row(owner: &str, price: i32) -> Row {
    vec![cell([0]), cell(owner), cell(price.to_be_bytes())]
}

/// It as a statement that is prepared, as one that is not, and in a batch.
async fn each_way(session: &Session) -> Vec<QueryResult> {
    let take = session.prepare(TAKE).await.unwrap();
    let mut batch = session.batch();
    batch.add(TAKE, ()).unwrap();
    vec![
        session.execute(&take, ()).await.unwrap(),
        session.query(TAKE, ()).await.unwrap(),
        batch.execute().await.unwrap(),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_values_that_are_present_are_there_where_it_was_not_applied() {
    for version in VERSIONS {
        let (memory, session) = one(version).await;
        let rows = vec![row("Grace", 7), row("Alan", 8)];
        memory.node().prime(Prime::statement(TAKE).rows(with_values(), rows));
        for result in each_way(&session).await {
            assert!(!result.was_applied().unwrap(), "{version}");
            assert_eq!(result.present_row().unwrap(), Some(("Grace", 7)));
            let rows: Result<Vec<(String, i32)>, _> = result.present_rows().unwrap().collect();
            assert_eq!(rows.unwrap(), [("Grace".to_owned(), 7), ("Alan".to_owned(), 8)]);
            let any: CqlRow = result.present_row().unwrap().unwrap();
            let names: Vec<&str> = any.0.iter().map(|(name, _)| &**name).collect();
            assert_eq!(names, ["owner", "price"]);
            let row: cqlwire_codec::Row<'_> = result.present_row().unwrap().unwrap();
            assert_eq!(row.get::<&str>("owner").unwrap(), "Grace");
            assert_eq!(row.get::<i32>(1_usize).unwrap(), 7);
            let row: Vec<CqlValue> = result.present_row().unwrap().unwrap();
            assert_eq!(row, [CqlValue::from("Grace"), CqlValue::from(7)]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_present_where_it_was_applied_or_there_is_no_row_or_no_condition() {
    for version in VERSIONS {
        let (memory, session) = one(version).await;
        for (shape, rows, applied) in [
            (Some(alone()), vec![vec![cell([1])]], true),
            (Some(alone()), vec![vec![cell([0])]], false),
            // A server that would say what was there before.
            (Some(with_values()), vec![vec![cell([1]), cell("Grace"), None]], true),
            (Some(columns([("owner", ColumnType::Text)])), vec![vec![cell("Grace")]], true),
            (None, Vec::new(), true),
        ] {
            let prime = Prime::statement(TAKE);
            memory.node().prime(match shape {
                Some(shape) => prime.rows(shape, rows),
                None => prime.void(),
            });
            for result in each_way(&session).await {
                assert_eq!(result.was_applied().unwrap(), applied, "{version}");
                assert_eq!(result.present_row::<(&str, i32)>().unwrap(), None, "{version}");
                assert_eq!(result.present_rows::<(&str, i32)>().unwrap().count(), 0);
            }
        }
        assert!(memory.node().count(Opcode::Batch) >= 5);
    }
}

#[tokio::test(start_paused = true)]
async fn values_that_do_not_fit_name_their_column() {
    let (memory, session) = one(ProtocolVersion::V5).await;
    memory.node().prime(Prime::statement(TAKE).rows(with_values(), vec![row("Grace", 7)]));
    let result = session.query(TAKE, ()).await.unwrap();
    let error = result.present_row::<(&str, i64)>().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Value { .. }), "{error}");
    assert!(error.to_string().contains("`price`"), "{error}");
    let error = result.present_row::<(bool, &str, i32)>().unwrap_err();
    assert!(error.to_string().contains("3"), "with [applied] it is none: {error}");
    assert!(error.may_have_been_applied(), "{error}");
    let null = vec![vec![cell([0]), None, cell(7_i32.to_be_bytes())]];
    memory.node().prime(Prime::statement(TAKE).rows(with_values(), null));
    let result = session.query(TAKE, ()).await.unwrap();
    assert!(result.present_row::<(&str, i32)>().unwrap_err().to_string().contains("`owner`"));
    assert_eq!(result.present_row().unwrap(), Some((None::<&str>, 7)));
}

#[cfg(feature = "derive")]
#[tokio::test(start_paused = true)]
async fn a_struct_takes_them_by_their_names() {
    #[derive(Debug, PartialEq, crate::Row)]
    #[cql(crate = "crate::codec", strict)]
    struct Seat {
        price: i32,
        owner: Option<String>,
    }

    let (memory, session) = one(ProtocolVersion::V5).await;
    memory.node().prime(Prime::statement(TAKE).rows(with_values(), vec![row("Grace", 7)]));
    let result = session.query(TAKE, ()).await.unwrap();
    let seat: Seat = result.present_row().unwrap().unwrap();
    assert_eq!(seat, Seat { price: 7, owner: Some("Grace".to_owned()) });
}
