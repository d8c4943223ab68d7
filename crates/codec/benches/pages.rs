//! Decoding a page of 5,000 rows of four columns (int, text, bigint, double), from its body on.
//!
//! ```text
//! cargo bench -p cqlwire-codec --bench pages
//! ```

#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use cqlwire_codec::{
    ColumnSpec, ColumnType, DecodeRow, DecoderSettings, Envelope, EnvelopeDecoder, ProtocolVersion,
    Response, ResultResponse, RowCells, RowIter, RowPlan, RowPlanner, Rows, RowsMetadata, StreamId,
    ValueError, decode_response, encode_response,
};
use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use scylla_cql::deserialize::row::DeserializeRow;
use scylla_cql::frame::protocol_features::ProtocolFeatures;
use scylla_cql::frame::response::result::Result as TheirResult;
use scylla_cql::frame::response::{Response as TheirResponse, ResponseOpcode};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const ROWS: u32 = 5000;

type Borrowed<'a> = (i32, &'a str, i64, f64);
type Owned = (i32, String, i64, f64);

/// By name.
#[allow(dead_code, reason = "rows are decoded, and that is all")]
struct ByName<'page> {
    id: i32,
    name: &'page str,
    seen: i64,
    score: f64,
}

impl<'page> DecodeRow<'page> for ByName<'page> {
    fn plan(columns: &[ColumnSpec]) -> Result<RowPlan, ValueError> {
        let mut plan = RowPlanner::new::<Self>(columns);
        plan.field::<i32>("id")?;
        plan.field::<&str>("name")?;
        plan.field::<i64>("seen")?;
        plan.field::<f64>("score")?;
        Ok(plan.lenient())
    }

    #[inline]
    fn decode_row(plan: &RowPlan, cells: &mut RowCells<'page>) -> Result<Self, ValueError> {
        if plan.is_in_order() {
            let (id, name) = (cells.value()?, cells.value()?);
            return Ok(Self { id, name, seen: cells.value()?, score: cells.value()? });
        }
        let mut cells = plan.arrange::<4>(cells)?;
        let (id, name) = (cells.value()?, cells.value()?);
        Ok(Self { id, name, seen: cells.value()?, score: cells.value()? })
    }
}

fn main() {
    divan::main();
}

/// The envelope of a page, as a client of v4 gets it.
fn page() -> Envelope {
    page_with(false)
}

/// The same, perhaps with its columns the other way round.
fn page_with(reversed: bool) -> Envelope {
    let column = |name: &str, column_type| ColumnSpec {
        keyspace: Arc::from("ks"),
        table: Arc::from("t"),
        name: name.into(),
        column_type,
    };
    let mut columns = [
        column("id", ColumnType::Int),
        column("name", ColumnType::Text),
        column("seen", ColumnType::BigInt),
        column("score", ColumnType::Double),
    ];
    let mut content = Vec::new();
    for row in 0..i32::try_from(ROWS).unwrap() {
        let (id, name) = (row.to_be_bytes(), format!("a name of row {row}"));
        let (seen, score) = (i64::from(row).to_be_bytes(), f64::from(row).to_be_bytes());
        let mut cells = [&id[..], name.as_bytes(), &seen, &score];
        if reversed {
            cells.reverse();
        }
        cells.iter().for_each(|cell| put(&mut content, cell));
    }
    if reversed {
        columns.reverse();
    }
    let columns = Some(Arc::from(columns));
    let metadata =
        RowsMetadata { columns, column_count: 4, paging_state: None, new_metadata_id: None };
    let rows = Rows { metadata, row_count: ROWS, content: content.into() };
    let response = Response::Result(ResultResponse::Rows(rows)).into();
    let mut wire = BytesMut::new();
    let stream = StreamId::new(1);
    encode_response(&response, ProtocolVersion::V4, stream, None, &mut wire).unwrap();
    let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
    decoder.decode(&mut wire).unwrap().unwrap()
}

fn put(content: &mut Vec<u8>, cell: &[u8]) {
    content.extend(i32::try_from(cell.len()).unwrap().to_be_bytes());
    content.extend(cell);
}

#[divan::bench]
fn cqlwire_borrowed(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        let rows = rows(&page);
        let columns = rows.metadata.columns.as_deref().unwrap();
        walk::<Borrowed<'_>>(columns, &rows);
    });
}

#[divan::bench]
fn cqlwire_owned(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        let rows = rows(&page);
        let columns = rows.metadata.columns.as_deref().unwrap();
        walk::<Owned>(columns, &rows);
    });
}

#[divan::bench]
fn cqlwire_by_name(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        let rows = rows(&page);
        let columns = rows.metadata.columns.as_deref().unwrap();
        walk::<ByName<'_>>(columns, &rows);
    });
}

#[divan::bench]
fn cqlwire_by_name_reversed(bencher: Bencher<'_, '_>) {
    let page = page_with(true);
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        let rows = rows(&page);
        let columns = rows.metadata.columns.as_deref().unwrap();
        walk::<ByName<'_>>(columns, &rows);
    });
}

/// The page, not its rows.
fn rows(page: &Envelope) -> Rows {
    match decode_response(black_box(page)).unwrap().response {
        Response::Result(ResultResponse::Rows(rows)) => rows,
        other => panic!("no rows: {other:?}"),
    }
}

fn walk<'a, T: DecodeRow<'a>>(columns: &'a [ColumnSpec], rows: &'a Rows) {
    for row in RowIter::<T>::new(columns, rows.row_count, &rows.content).unwrap() {
        black_box(row.unwrap());
    }
}

#[divan::bench]
fn scylla_cql_borrowed(bencher: Bencher<'_, '_>) {
    let body = page().body;
    bencher.counter(ItemsCount::new(ROWS)).bench(|| their_walk::<BorrowedRow>(&body));
}

#[divan::bench]
fn scylla_cql_owned(bencher: Bencher<'_, '_>) {
    let body = page().body;
    bencher.counter(ItemsCount::new(ROWS)).bench(|| their_walk::<OwnedRow>(&body));
}

/// A row type, whatever it borrows from.
trait TheirRow {
    type Of<'a>: DeserializeRow<'a, 'a>;
}

struct BorrowedRow;
struct OwnedRow;

impl TheirRow for BorrowedRow {
    type Of<'a> = Borrowed<'a>;
}

impl TheirRow for OwnedRow {
    type Of<'a> = Owned;
}

fn their_walk<T: TheirRow>(body: &Bytes) {
    let features = ProtocolFeatures::default();
    let response = TheirResponse::deserialize(
        &features,
        ResponseOpcode::Result,
        black_box(body).clone(),
        None,
    )
    .unwrap();
    let TheirResponse::Result(TheirResult::Rows((rows, _))) = response else {
        panic!("no rows");
    };
    let rows = rows.deserialize_metadata().unwrap();
    for row in rows.rows_iter::<T::Of<'_>>().unwrap() {
        black_box(row.unwrap());
    }
}
