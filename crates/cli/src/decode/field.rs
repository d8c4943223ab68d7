//! What a message says, as a tree that can be shown to people and to programs.

use bytes::Bytes;
use cqlwire::codec::{ColumnSpec, ColumnType, DecodeValue};
use cqlwire::value::CqlValue;

/// Named parts, in the order of the message.
pub(super) type Fields = Vec<(String, Field)>;

/// A part of a message.
#[derive(Clone, Debug)]
pub(super) enum Field {
    Text(String),
    Number(i64),
    Flag,
    Value(Cell),
    List(Vec<Self>),
    Fields(Fields),
    Rows(Rows),
}

/// The rows of a page, as many as are to be shown.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// Their names and types.
    pub(super) columns: Vec<(String, String)>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Value(CqlValue),
    /// A column is left as it is.
    Unset,
    /// Bytes whose type is not known.
    Raw(Bytes),
    /// Bytes that are no value of their type, and why.
    Wrong(Bytes, String),
    /// A secret of so many bytes.
    Hidden(usize),
}

impl Cell {
    /// Bytes of a column, or null.
    pub(super) fn of(column: &ColumnSpec, bytes: Option<&[u8]>) -> Self {
        let decoded = decode(&column.column_type, bytes);
        decoded.unwrap_or_else(|why| {
            Self::Wrong(Bytes::copy_from_slice(bytes.unwrap_or_default()), why)
        })
    }
}

fn decode(ty: &ColumnType, bytes: Option<&[u8]>) -> Result<Cell, String> {
    CqlValue::accepts(ty)
        .and_then(|()| CqlValue::decode(ty, bytes))
        .map(Cell::Value)
        .map_err(|error| error.to_string())
}

impl Field {
    pub(super) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }

    /// Opaque bytes.
    pub(super) fn raw(bytes: &[u8]) -> Self {
        Self::Value(Cell::Raw(Bytes::copy_from_slice(bytes)))
    }

    pub(super) fn texts<T: ToString>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }
}

/// Appends a part.
pub(super) fn put(fields: &mut Fields, name: &str, field: Field) {
    fields.push((name.to_owned(), field));
}

/// Appends a part that is not always there.
pub(super) fn put_some<T>(
    fields: &mut Fields,
    name: &str,
    part: Option<T>,
    field: impl FnOnce(T) -> Field,
) {
    if let Some(part) = part {
        put(fields, name, field(part));
    }
}
