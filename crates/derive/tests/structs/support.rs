//! Columns, pages and user types to decode from.

use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_codec::{
    ColumnSpec, ColumnType, DecodeRow, DecodeValue, EncodeValue, RowIter, UserType, ValueError,
};

pub(crate) fn columns<const N: usize>(columns: [(&str, ColumnType); N]) -> [ColumnSpec; N] {
    columns.map(|(name, column_type)| ColumnSpec {
        keyspace: Arc::from("ks"),
        table: Arc::from("t"),
        name: name.into(),
        column_type,
    })
}

pub(crate) fn user_type<const N: usize>(name: &str, fields: [(&str, ColumnType); N]) -> ColumnType {
    let fields = fields.map(|(name, ty)| (name.to_owned(), ty)).into();
    ColumnType::UserType(Arc::new(UserType { keyspace: "ks".into(), name: name.into(), fields }))
}

/// Cells one after another: rows of a page, or the content of a user type.
pub(crate) fn cells(values: &[&dyn EncodeValue]) -> Vec<u8> {
    let mut out = BytesMut::new();
    for value in values {
        value.encode(None, &mut out).unwrap();
    }
    out.into()
}

/// All rows of a page.
pub(crate) fn rows<'page, T: DecodeRow<'page>>(
    columns: &'page [ColumnSpec],
    content: &'page [u8],
    count: u32,
) -> Result<Vec<T>, ValueError> {
    RowIter::new(columns, count, content)?.collect()
}

/// The only row of a page.
pub(crate) fn row<'page, T: DecodeRow<'page>>(
    columns: &'page [ColumnSpec],
    content: &'page [u8],
) -> Result<T, ValueError> {
    rows(columns, content, 1).map(|mut rows| rows.remove(0))
}

/// The bytes of a value, without their length.
pub(crate) fn encoded(ty: &ColumnType, value: &dyn EncodeValue) -> Result<Vec<u8>, ValueError> {
    let mut out = BytesMut::new();
    value.encode(Some(ty), &mut out)?;
    Ok(out[4..].into())
}

/// A value from a cell whose type is checked first.
pub(crate) fn decoded<'page, T: DecodeValue<'page>>(
    ty: &'page ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<T, ValueError> {
    T::accepts(ty)?;
    T::decode(ty, cell)
}
