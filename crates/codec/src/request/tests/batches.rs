//! Batches, whose statements are encoded as they are added.

use super::*;
use crate::ProtocolVersion::{V3, V4, V5};
use crate::{ColumnSpec, ColumnType, Consistency, SerialConsistency, ValueError};

const ID: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// The two statements of the vectors.
fn two() -> BatchStatements {
    let mut statements = BatchStatements::default();
    let insert = BatchStatementKind::Query("INSERT INTO t(k) VALUES (?)");
    statements.add(insert, &(1_i32,), &[]).unwrap();
    statements.add(BatchStatementKind::Prepared(ID), &(2_i32, None::<i32>), &[]).unwrap();
    statements
}

#[test]
fn g11_3_batches_are_written_as_the_vectors_are() {
    let statements = two();
    for version in [V3, V4, V5] {
        let logged = Batch::new(BatchType::Logged, &statements, Consistency::Quorum);
        assert_eq!(encoded(&logged, version), vector(&format!("BATCH logged ({version})")));
    }
    for version in [V4, V5] {
        let unlogged = Batch {
            serial_consistency: Some(SerialConsistency::Serial),
            timestamp_micros: Some(99),
            ..Batch::new(BatchType::Unlogged, &statements, Consistency::One)
        };
        let name = format!("BATCH unlogged serial+ts ({version})");
        assert_eq!(encoded(&unlogged, version), vector(&name));
    }
}

#[test]
fn a_body_has_no_more_beside_its_statements_than_it_says() {
    let none = BatchStatements::default();
    let all = Batch {
        serial_consistency: Some(SerialConsistency::LocalSerial),
        timestamp_micros: Some(1),
        now_in_seconds: Some(1),
        ..Batch::new(BatchType::Counter, &none, Consistency::One)
    };
    assert_eq!(encoded(&all, V5).len() - HEADER_LEN, Batch::MOST_BESIDE_STATEMENTS);
}

fn int(name: &str) -> ColumnSpec {
    let (keyspace, table) = ("ks".into(), "t".into());
    ColumnSpec { keyspace, table, name: name.to_owned(), column_type: ColumnType::Int }
}

#[test]
fn what_cannot_be_added_is_named_and_leaves_the_batch_as_it_was() {
    let mut statements = two();
    let before = encoded(&Batch::new(BatchType::Logged, &statements, Consistency::One), V5);
    let columns = [int("k"), int("a")];
    let add = statements.add(BatchStatementKind::Prepared(ID), &(1_i32, "text"), &columns);
    let text = add.unwrap_err().to_string();
    assert!(text.starts_with("statement 3 of the batch: column `a`: int"), "{text}");
    let after = encoded(&Batch::new(BatchType::Logged, &statements, Consistency::One), V5);
    assert_eq!(before, after);
}

/// Values of a user, who makes a mistake.
struct Panics;

impl crate::EncodeValues for Panics {
    fn encode_values(&self, _: &[ColumnSpec], out: &mut BytesMut) -> Result<usize, ValueError> {
        out.extend_from_slice(b"half");
        panic!("a mistake")
    }
}

#[test]
fn values_that_panic_leave_the_batch_as_it_was() {
    let mut statements = two();
    let before = encoded(&Batch::new(BatchType::Logged, &statements, Consistency::One), V5);
    let add = std::panic::AssertUnwindSafe(|| {
        statements.add(BatchStatementKind::Prepared(ID), &Panics, &[]).map(drop)
    });
    assert!(std::panic::catch_unwind(add).is_err());
    let after = encoded(&Batch::new(BatchType::Logged, &statements, Consistency::One), V5);
    assert_eq!(before, after);
    statements.add(BatchStatementKind::Prepared(ID), &(), &[]).unwrap();
    assert_eq!(statements.each().count(), 3);
}

#[test]
fn statements_are_read_again_as_they_were_added() {
    let statements = two();
    let mut again = BatchStatements::default();
    let mut lengths = Vec::new();
    for statement in statements.each() {
        lengths.push(statement.values.each().map(<[u8]>::len).collect::<Vec<_>>());
        again.add(statement.kind, &statement.values, &[]).unwrap();
    }
    assert_eq!(lengths, [vec![8], vec![8, 4]]);
    let batch =
        |statements| encoded(&Batch::new(BatchType::Logged, statements, Consistency::One), V4);
    assert_eq!(batch(&again), batch(&statements));
}

#[test]
fn a_batch_goes_back_to_its_mark() {
    let mut statements = two();
    let mark = statements.mark();
    let before = encoded(&Batch::new(BatchType::Logged, &statements, Consistency::One), V5);
    statements.add(BatchStatementKind::Prepared(ID), &(1_i64,), &[]).unwrap();
    assert_eq!(statements.len(), 3);
    statements.back_to(mark);
    let after = encoded(&Batch::new(BatchType::Logged, &statements, Consistency::One), V5);
    assert_eq!(before, after);
    statements.clear();
    assert_eq!((statements.len(), statements.bytes()), (0, 0));
    // One of a batch that has been cleared since.
    statements.back_to(mark);
    assert!(statements.is_empty());
}
