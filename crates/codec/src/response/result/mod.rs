//! RESULT: what came of a QUERY, PREPARE, EXECUTE or BATCH (v5 §4.2.5).

mod metadata;
mod prepared;

use bytes::Bytes;

pub use self::metadata::RowsMetadata;
pub use self::prepared::{BindMetadata, Prepared};
use super::event::{SchemaChange, read_schema_change};
use crate::wire::Reader;
use crate::{DecodeError, DecodeErrorKind, ProtocolVersion};

/// The kinds of results, by their number on the wire.
pub(super) mod kind {
    pub(in crate::response) const VOID: i32 = 1;
    pub(in crate::response) const ROWS: i32 = 2;
    pub(in crate::response) const SET_KEYSPACE: i32 = 3;
    pub(in crate::response) const PREPARED: i32 = 4;
    pub(in crate::response) const SCHEMA_CHANGE: i32 = 5;
}

pub(super) use self::metadata::flag;

/// What came of a statement: the kinds of RESULT, 1 to 5 on the wire (v5 §4.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultResponse {
    /// Done, and nothing to say.
    Void,
    /// A page of rows (v5 §4.2.5.2).
    Rows(Rows),
    /// USE: this keyspace is the connection's from now on.
    SetKeyspace(String),
    /// A statement is prepared (v5 §4.2.5.4).
    Prepared(Box<Prepared>),
    /// The schema is changed (v5 §4.2.5.5).
    SchemaChange(SchemaChange),
}

/// A page of rows, not decoded yet (v5 §4.2.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// How the rows look.
    pub metadata: RowsMetadata,
    /// How many rows there are. Checked: the content is long enough for so many rows of null.
    pub row_count: u32,
    /// The cells, row by row, each as \[bytes\]. They share the bytes of the body.
    pub content: Bytes,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<ResultResponse, DecodeError> {
    let unread = reader.clone();
    Ok(match reader.int("kind of a result")? {
        kind::VOID => ResultResponse::Void,
        kind::ROWS => ResultResponse::Rows(read_rows(reader, version)?),
        kind::SET_KEYSPACE => {
            ResultResponse::SetKeyspace(reader.string("keyspace of USE")?.to_owned())
        }
        kind::PREPARED => ResultResponse::Prepared(Box::new(prepared::read(reader, version)?)),
        kind::SCHEMA_CHANGE => ResultResponse::SchemaChange(read_schema_change(reader)?),
        unknown => {
            let kind = DecodeErrorKind::Unknown { value: i64::from(unknown) };
            return Err(unread.error("kind of a result", kind));
        }
    })
}

/// Everything but the content, which is what the reader has left.
fn read_rows(reader: &mut Reader<'_>, version: ProtocolVersion) -> Result<Rows, DecodeError> {
    let metadata = metadata::read(reader, version)?;
    let unread = reader.clone();
    let row_count = reader.count("number of rows")?;
    // A cell is four bytes at least, and a row a cell: a declared count has to be paid for.
    let least = (row_count as u64).saturating_mul(metadata.column_count.max(1) as u64 * 4);
    if least > reader.remaining() as u64 {
        let value = i64::try_from(row_count).unwrap_or(i64::MAX);
        return Err(unread.error("number of rows", DecodeErrorKind::Contradiction { value }));
    }
    let row_count = u32::try_from(row_count).unwrap_or(u32::MAX);
    Ok(Rows { metadata, row_count, content: Bytes::new() })
}
