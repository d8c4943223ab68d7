//! The cells of a page: the same bytes, and the same values of them.

use std::fmt::Debug;
use std::net::IpAddr;

use cqlwire_codec::{ColumnType, DecodeValue, RawCell, Row, RowIter, Rows};
use scylla_cql::deserialize::row::{ColumnIterator, RawColumn};
use scylla_cql::deserialize::value::DeserializeValue;
use scylla_cql::frame::response::result::DeserializedMetadataAndRawRows;
use uuid::Uuid;

pub(super) fn same_cells(ours: &Rows, theirs: &DeserializedMetadataAndRawRows) {
    let columns = ours.metadata.columns.as_deref().expect("columns");
    let our_rows = RowIter::<Row<'_>>::new(columns, ours.row_count, &ours.content);
    let their_rows = theirs.rows_iter::<ColumnIterator<'_, '_>>().expect("any columns do");
    for (our_row, their_row) in our_rows.expect("any columns do").zip(their_rows) {
        let (Ok(our_row), Ok(their_row)) = (our_row, their_row) else { return };
        let mut our_cells = our_row.cells();
        for theirs in their_row {
            let theirs = theirs.expect("a whole row");
            let ours = our_cells.raw().expect("a whole row").expect("a cell");
            same_cell(&ours, &theirs);
        }
        assert!(our_cells.columns().is_empty());
    }
}

fn same_cell(ours: &RawCell<'_>, theirs: &RawColumn<'_, '_>) {
    assert_eq!(ours.bytes, theirs.slice.as_ref().map(|slice| slice.as_slice()));
    same_value::<i8>(ours, theirs);
    same_value::<i16>(ours, theirs);
    same_value::<i32>(ours, theirs);
    same_value::<i64>(ours, theirs);
    same_value::<bool>(ours, theirs);
    same_value::<&str>(ours, theirs);
    same_value::<String>(ours, theirs);
    same_value::<&[u8]>(ours, theirs);
    same_value::<Uuid>(ours, theirs);
    same_value::<IpAddr>(ours, theirs);
    same_by::<f32, _>(ours, theirs, |value| value.to_bits());
    same_by::<f64, _>(ours, theirs, |value| value.to_bits());
}

fn same_value<'a, T>(ours: &RawCell<'a>, theirs: &RawColumn<'a, 'a>)
where
    T: DecodeValue<'a> + DeserializeValue<'a, 'a> + PartialEq + Debug,
{
    same_by::<T, T>(ours, theirs, |value| value);
}

/// The same value, or an error of both, of a type that both take.
fn same_by<'a, T, K>(ours: &RawCell<'a>, theirs: &RawColumn<'a, 'a>, key: impl Fn(T) -> K)
where
    T: DecodeValue<'a> + DeserializeValue<'a, 'a>,
    K: PartialEq + Debug,
{
    let ty = &ours.column.column_type;
    if T::accepts(ty).is_err() || <T as DeserializeValue>::type_check(theirs.spec.typ()).is_err() {
        return;
    }
    // They refuse an ascii of other characters; here it is a text like any other.
    if *ty == ColumnType::Ascii && !ours.bytes.unwrap_or_default().is_ascii() {
        return;
    }
    let our_value = T::decode(ty, ours.bytes).ok().map(&key);
    let their_value = <T as DeserializeValue>::deserialize(theirs.spec.typ(), theirs.slice);
    assert_eq!(our_value, their_value.ok().map(&key), "{ty} of {:?}", ours.bytes);
}
