use std::sync::Arc;

use crate::{
    ColumnSpec, ColumnType, DecodeRow, InvalidValue, Row, RowCursor, RowIter, RowPlan, RowPlanner,
    TypeMismatch, ValueError, ValueProblem,
};

type Named<'page> = (i32, &'page str, Option<i64>);

fn column(name: &str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { keyspace: Arc::from("ks"), table: Arc::from("t"), name: name.into(), column_type }
}

fn columns() -> [ColumnSpec; 3] {
    [
        column("id", ColumnType::Int),
        column("name", ColumnType::Text),
        column("seen", ColumnType::Timestamp),
    ]
}

fn content(rows: &[&[Option<&[u8]>]]) -> Vec<u8> {
    let mut content = Vec::new();
    for cell in rows.iter().copied().flatten() {
        let length = cell.map_or(-1, |cell| i32::try_from(cell.len()).unwrap());
        content.extend(length.to_be_bytes());
        content.extend(cell.unwrap_or_default());
    }
    content
}

fn two_rows() -> Vec<u8> {
    content(&[
        &[Some(&[0, 0, 0, 1]), Some(b"ada"), Some(&[0, 0, 0, 0, 0, 0, 0, 9])],
        &[Some(&[0, 0, 0, 2]), Some(b""), None],
    ])
}

#[test]
fn typed_rows_borrow_from_the_page() {
    let (columns, content) = (columns(), two_rows());
    let mut rows = RowIter::<Named<'_>>::new(&columns, 2, &content).unwrap();
    assert_eq!(rows.size_hint(), (2, Some(2)));
    assert_eq!(rows.next(), Some(Ok((1, "ada", Some(9)))));
    assert_eq!(rows.next(), Some(Ok((2, "", None))));
    assert_eq!(rows.next(), None);
    assert_eq!(rows.next(), None);
}

#[test]
fn a_cursor_is_kept_beside_the_page_that_it_walks() {
    let (columns, content) = (columns(), two_rows());
    let plan = Named::plan(&columns).unwrap();
    let mut cursor = RowCursor::new(2);
    let before = cursor;
    assert_eq!(
        cursor.next_as::<Named<'_>>(&plan, &columns, &content),
        Some(Ok((1, "ada", Some(9))))
    );
    let second = cursor.next(&columns, &content).unwrap().unwrap();
    assert_eq!(second.decode(), Ok((2, "", None::<i64>)));
    assert_eq!((cursor.remaining(), cursor.offset()), (0, content.len()));
    assert!(cursor.next(&columns, &content).is_none());
    assert_eq!((before.remaining(), before.offset()), (2, 0));
}

#[test]
fn a_row_is_read_by_position_and_by_name() {
    let (columns, content) = (columns(), two_rows());
    let rows: Vec<Row<'_>> =
        RowIter::new(&columns, 2, &content).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows[0].get::<&str>("name"), Ok("ada"));
    assert_eq!(rows[1].get::<i32>(0), Ok(2));
    assert_eq!(rows[1].get::<Option<i64>>("seen"), Ok(None));
    assert_eq!(rows[1].raw("name").unwrap().bytes, Some(&b""[..]));
    assert_eq!(rows[0].get::<i32>("none"), Err(ValueError::NoColumn("none".into())));
    assert_eq!(rows[0].get::<i32>(3), Err(ValueError::NoColumn("3".into())));
    let mut cells = rows[0].cells();
    while cells.raw().unwrap().is_some() {}
    assert!(cells.columns().is_empty());
}

#[test]
fn types_are_checked_once_and_the_error_says_what_to_use() {
    let columns = columns();
    let error = RowIter::<(i32, i32, i64)>::new(&columns, 0, &[]).unwrap_err();
    let (column, field) = (Some("name".into()), None);
    let mismatch = TypeMismatch { column, field, cql: ColumnType::Text, rust: "i32" };
    assert_eq!(error.to_string(), "column `name`: text does not go with i32; use String");
    assert_eq!(error, ValueError::Mismatch(Box::new(mismatch)));
    let error = RowIter::<(i32, &str)>::new(&columns, 0, &[]).unwrap_err();
    assert_eq!(error, ValueError::Columns { wanted: 2, found: 3 });
}

#[test]
fn rows_end_after_their_first_error() {
    let columns = columns();
    let content = content(&[&[None, Some(b""), None], &[Some(&[0; 4]), Some(b""), None]]);
    let mut rows = RowIter::<Named<'_>>::new(&columns, 2, &content).unwrap();
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "column `id`: int as i32: it is null; use Option<i32>");
    let invalid = InvalidValue {
        column: Some("id".into()),
        field: None,
        cql: ColumnType::Int,
        rust: "i32",
        problem: ValueProblem::Null,
    };
    assert_eq!(error, ValueError::Value(Box::new(invalid)));
    assert_eq!(rows.next(), None);
    assert_eq!(rows.size_hint(), (0, Some(0)));
}

#[test]
fn content_cut_anywhere_is_an_error_that_says_where() {
    let (columns, content) = (columns(), two_rows());
    let first = 4 + 4 + 4 + 3 + 4 + 8;
    for length in 0..content.len() {
        let cut = &content[..length];
        let whole = usize::from(length >= first);
        let typed: Vec<_> = RowIter::<Named<'_>>::new(&columns, 2, cut).unwrap().collect();
        let raw: Vec<_> = RowIter::<Row<'_>>::new(&columns, 2, cut).unwrap().collect();
        for (rows, error) in [
            (typed.len(), typed.last().unwrap().as_ref().unwrap_err()),
            (raw.len(), raw.last().unwrap().as_ref().unwrap_err()),
        ] {
            assert_eq!(rows, whole + 1);
            let ValueError::CutRow { at, needed, remaining } = *error else { panic!("{error}") };
            assert!(at + remaining == length && needed > remaining);
        }
    }
}

#[test]
fn bytes_after_the_last_row_and_columns_nobody_reads_are_skipped() {
    let (columns, mut content) = (columns(), two_rows());
    content.extend([0xFF; 5]);
    let mut rows = RowIter::<First>::new(&columns, 2, &content).unwrap();
    assert_eq!(rows.by_ref().map(|row| row.unwrap().0).collect::<Vec<_>>(), [1, 2]);
    assert!(rows.next().is_none());
}

/// A row of which only the first column is read.
#[derive(Debug)]
struct First(i32);

impl<'page> DecodeRow<'page> for First {
    fn plan(_: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        Ok(RowPlan::by_position())
    }

    fn decode_row(_: &RowPlan, cells: &mut crate::RowCells<'page>) -> Result<Self, ValueError> {
        cells.value().map(Self)
    }
}

/// A row by name, with its fields in another order than the columns.
#[derive(Debug, PartialEq)]
struct ByName<'page> {
    name: &'page str,
    id: i32,
}

impl<'page> DecodeRow<'page> for ByName<'page> {
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        let mut plan = RowPlanner::new::<Self>(columns);
        plan.field::<&str>("name")?;
        plan.field::<i32>("id")?;
        Ok(plan.lenient())
    }

    fn decode_row(plan: &RowPlan, cells: &mut crate::RowCells<'page>) -> Result<Self, ValueError> {
        let mut cells = plan.arrange::<2>(cells)?;
        Ok(Self { name: cells.value()?, id: cells.value()? })
    }
}

#[test]
fn a_plan_brings_columns_to_their_fields() {
    let (columns, content) = (columns(), two_rows());
    let rows = RowIter::<ByName<'_>>::new(&columns, 2, &content).unwrap();
    let rows: Result<Vec<_>, _> = rows.collect();
    assert_eq!(rows, Ok(vec![ByName { name: "ada", id: 1 }, ByName { name: "", id: 2 }]));
}

#[test]
fn a_plan_of_another_type_or_of_other_columns_is_an_error_at_worst() {
    let (columns, content) = (columns(), two_rows());
    let mut planner = RowPlanner::new::<First>(&columns);
    planner.field::<Option<i64>>("seen").unwrap();
    let shorter = planner.lenient();
    let row = RowCursor::new(1).next_as::<ByName<'_>>(&shorter, &columns, &content).unwrap();
    assert!(row.is_err());
    let by_name = ByName::plan(&columns).unwrap();
    let row = RowCursor::new(1).next_as::<ByName<'_>>(&by_name, &columns[..1], &content).unwrap();
    assert!(row.is_err());
    let none = RowPlan::by_position();
    let row = RowCursor::new(1).next_as::<ByName<'_>>(&none, &columns, &content).unwrap();
    assert!(row.is_err(), "the first column is no text");
}
