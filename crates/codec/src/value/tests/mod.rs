//! Values in both directions: what is encoded is decoded, and what is hostile is an error.

mod collection;
mod fields;
mod ordered;
mod tuple;
mod vector;

use bytes::{Bytes, BytesMut};

use crate::{ColumnType, DecodeValue, EncodeValue, ValueError, ValueProblem};

/// Checks the type, then decodes.
pub(super) fn decode<'page, T: DecodeValue<'page>>(
    ty: &'page ColumnType,
    cell: Option<&'page [u8]>,
) -> Result<T, ValueError> {
    T::accepts(ty).and_then(|()| T::decode(ty, cell))
}

/// The cell that a value is encoded to, which must not be null.
pub(super) fn encode(
    ty: Option<&ColumnType>,
    value: &dyn EncodeValue,
) -> Result<Bytes, ValueError> {
    let mut out = BytesMut::new();
    value.encode(ty, &mut out)?;
    let length = usize::try_from(i32::from_be_bytes(*out.first_chunk().unwrap())).unwrap();
    assert_eq!(out.len(), 4 + length);
    Ok(out.freeze().slice(4..))
}

/// What was wrong with the value.
pub(super) fn problem<T>(outcome: Result<T, ValueError>) -> ValueProblem {
    match outcome {
        Err(ValueError::Value(invalid)) => invalid.problem,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no error"),
    }
}

pub(super) fn mismatch<T>(outcome: Result<T, ValueError>) -> bool {
    matches!(outcome, Err(ValueError::Mismatch(_)))
}

/// \[bytes\] after one another; `None` is null.
pub(super) fn cells(cells: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for cell in cells {
        let length = cell.map_or(-1, |cell| i32::try_from(cell.len()).unwrap());
        bytes.extend(length.to_be_bytes());
        bytes.extend(cell.unwrap_or_default());
    }
    bytes
}

/// A number of elements, and the cells of them.
pub(super) fn counted(count: i32, content: &[Option<&[u8]>]) -> Vec<u8> {
    [&count.to_be_bytes()[..], &cells(content)].concat()
}

pub(super) fn list(element: ColumnType) -> ColumnType {
    ColumnType::List(Box::new(element))
}

pub(super) fn set(element: ColumnType) -> ColumnType {
    ColumnType::Set(Box::new(element))
}

pub(super) fn map(key: ColumnType, value: ColumnType) -> ColumnType {
    ColumnType::Map(Box::new(key), Box::new(value))
}

pub(super) fn vector_of(element: ColumnType, dimension: u32) -> ColumnType {
    ColumnType::Vector(Box::new(element), dimension)
}
