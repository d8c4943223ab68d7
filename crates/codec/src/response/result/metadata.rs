//! How the rows of a result look, and where the next page begins (v5 §4.2.5.2).

use std::sync::Arc;

use bytes::Bytes;

use crate::types::TypeReader;
use crate::wire::Reader;
use crate::{ColumnSpec, DecodeError, DecodeErrorKind, PagingState, ProtocolVersion};

/// The bits of the flags.
pub(in crate::response) mod flag {
    pub(in crate::response) const GLOBAL_TABLE: i32 = 0x1;
    pub(in crate::response) const MORE_PAGES: i32 = 0x2;
    pub(in crate::response) const NO_METADATA: i32 = 0x4;
    pub(in crate::response) const METADATA_CHANGED: i32 = 0x8;
}

/// How the rows of a result look (v5 §4.2.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsMetadata {
    /// The columns; `None` if the server left them out, as it was asked to.
    pub columns: Option<Arc<[ColumnSpec]>>,
    /// How many columns a row has.
    pub column_count: usize,
    /// Where the next page begins, if there is one. Only this tells: a page that is not the last
    /// may be empty.
    pub paging_state: Option<PagingState>,
    /// The columns are others than those that the client has under the id it sent; this is their id
    /// (v5).
    pub new_metadata_id: Option<Bytes>,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<RowsMetadata, DecodeError> {
    let flags = reader.int("flags of a result")?;
    let column_count = reader.count("number of columns")?;
    let paging_state =
        if flags & flag::MORE_PAGES != 0 { Some(read_paging_state(reader)?) } else { None };
    let changed = flags & flag::METADATA_CHANGED != 0 && version >= ProtocolVersion::V5;
    let omitted = flags & flag::NO_METADATA != 0;
    if changed && omitted {
        let kind = DecodeErrorKind::Contradiction { value: i64::from(flags) };
        return Err(reader.error("flags of a result", kind));
    }
    let new_metadata_id = if changed {
        Some(Bytes::copy_from_slice(reader.short_bytes("id of the result metadata")?))
    } else {
        None
    };
    // When the columns are left out nothing follows, though servers leave the flag of the common
    // table set.
    let columns =
        if omitted { None } else { Some(read_columns(reader, flags, column_count)?.into()) };
    Ok(RowsMetadata { columns, column_count, paging_state, new_metadata_id })
}

/// A result that has more pages and does not say where would be read from the beginning again, for
/// ever.
fn read_paging_state(reader: &mut Reader<'_>) -> Result<PagingState, DecodeError> {
    let unread = reader.clone();
    match reader.bytes("paging state")? {
        Some(state) if !state.is_empty() => Ok(PagingState::new(state)),
        _ => Err(unread.error("paging state", DecodeErrorKind::Missing)),
    }
}

/// Reads the descriptions of columns or bind markers, with the table that they have in common
/// first, if they do.
pub(super) fn read_columns(
    reader: &mut Reader<'_>,
    flags: i32,
    count: usize,
) -> Result<Vec<ColumnSpec>, DecodeError> {
    let common =
        if flags & flag::GLOBAL_TABLE != 0 { Some(read_table(reader, None)?) } else { None };
    let mut types = TypeReader::default();
    let mut columns: Vec<ColumnSpec> = Vec::with_capacity(reader.room::<ColumnSpec>(count));
    for _ in 0..count {
        let (keyspace, table) = match &common {
            Some((keyspace, table)) => (Arc::clone(keyspace), Arc::clone(table)),
            None => read_table(reader, columns.last())?,
        };
        let name = reader.string("name of a column")?.to_owned();
        columns.push(ColumnSpec { keyspace, table, name, column_type: types.read(reader)? });
    }
    Ok(columns)
}

/// The keyspace and the table; shared with the column before, where they are the same.
fn read_table(
    reader: &mut Reader<'_>,
    before: Option<&ColumnSpec>,
) -> Result<(Arc<str>, Arc<str>), DecodeError> {
    let keyspace = reader.string("keyspace of a column")?;
    let table = reader.string("table of a column")?;
    let shared = |known: Option<&Arc<str>>, text: &str| match known {
        Some(known) if **known == *text => Arc::clone(known),
        _ => Arc::from(text),
    };
    Ok((
        shared(before.map(|column| &column.keyspace), keyspace),
        shared(before.map(|column| &column.table), table),
    ))
}
