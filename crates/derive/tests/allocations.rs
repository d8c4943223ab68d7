//! A struct is decoded from a row without allocating, whatever the order of its columns.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::alloc::System;
use std::process::ExitCode;
use std::sync::Arc;

use cqlwire_codec::{ColumnSpec, ColumnType, RowIter};
use cqlwire_derive::Row;
use libtest_mimic::{Arguments, Trial};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process, so the main thread is the only one.
fn main() -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let test = Trial::test("rows_are_decoded_without_allocating", || {
        rows_are_decoded_without_allocating();
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![test]).exit_code()
}

const ROWS: u32 = 100;

#[derive(Row)]
#[cql(crate = "cqlwire_codec")]
struct Reading<'page> {
    station: &'page str,
    #[cql(flatten)]
    measured: Measured<'page>,
    #[cql(default)]
    number: Option<i32>,
}

#[derive(Row)]
#[cql(crate = "cqlwire_codec")]
struct Measured<'page> {
    raw: &'page [u8],
    celsius: f64,
}

/// Its cells, 8 bytes each: a text, a blob, a double.
const CELLS: [(&str, ColumnType); 3] =
    [("station", ColumnType::Text), ("raw", ColumnType::Blob), ("celsius", ColumnType::Double)];

fn columns(order: [usize; 3]) -> [ColumnSpec; 3] {
    order.map(|column| CELLS[column].clone()).map(|(name, column_type)| {
        let (keyspace, table) = (Arc::from("ks"), Arc::from("t"));
        ColumnSpec { keyspace, table, name: name.into(), column_type }
    })
}

fn rows_are_decoded_without_allocating() {
    let content = [&[0, 0, 0, 8][..], &[0x20; 8]].concat().repeat(3 * 100);
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let columns = columns(order);
        let rows = RowIter::<Reading<'_>>::new(&columns, ROWS, &content).unwrap();
        let region = Region::new(ALLOCATOR);
        let mut bytes = 0;
        for row in rows {
            let Reading { station, measured: Measured { raw, celsius }, number } = row.unwrap();
            assert!(celsius > 0.0 && number.is_none());
            bytes += station.len() + raw.len();
        }
        let allocations = region.change().allocations;
        assert_eq!((bytes, allocations), (1600, 0), "{order:?}");
    }
    // Columns in the order of the fields do not even take memory for the plan.
    let in_order = columns([1, 2, 0]);
    let region = Region::new(ALLOCATOR);
    let mut rows = RowIter::<Measured<'_>>::new(&in_order, ROWS, &content).unwrap();
    assert!(rows.next().is_some_and(|row| row.is_ok()) && rows.all(|row| row.is_ok()));
    assert_eq!(region.change().allocations, 0);
}
