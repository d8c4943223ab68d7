//! What a server makes of a statement that it prepares (v5 §4.2.5.4).

use std::sync::Arc;

use bytes::Bytes;

use super::metadata::{self, RowsMetadata, read_columns};
use crate::wire::Reader;
use crate::{ColumnSpec, DecodeError, ProtocolVersion};

/// A prepared statement (v5 §4.2.5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Its id on the server that prepared it. Opaque.
    pub id: Bytes,
    /// The id of the columns of its result, to be sent with every execution (v5).
    pub result_metadata_id: Option<Bytes>,
    /// Its bind markers.
    pub bind: BindMetadata,
    /// How the rows of its result look. Of a conditional statement, and of one without rows, that
    /// is not known beforehand: there are no columns then.
    pub result: RowsMetadata,
}

/// The bind markers of a prepared statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindMetadata {
    /// Their names and types, in order.
    pub columns: Arc<[ColumnSpec]>,
    /// Which of them make up the partition key, in the order of the key (v4 and newer). Empty if
    /// they do not, and if the server names others than there are: each is less than the number of
    /// markers.
    pub partition_key: Vec<u16>,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<Prepared, DecodeError> {
    let id = Bytes::copy_from_slice(reader.short_bytes("id of a prepared statement")?);
    let result_metadata_id = if version >= ProtocolVersion::V5 {
        Some(Bytes::copy_from_slice(reader.short_bytes("id of the result metadata")?))
    } else {
        None
    };
    let bind = read_bind(reader, version)?;
    let result = metadata::read(reader, version)?;
    Ok(Prepared { id, result_metadata_id, bind, result })
}

fn read_bind(
    reader: &mut Reader<'_>,
    version: ProtocolVersion,
) -> Result<BindMetadata, DecodeError> {
    let flags = reader.int("flags of bind markers")?;
    let count = reader.count("number of bind markers")?;
    let partition_key = if version >= ProtocolVersion::V4 {
        read_partition_key(reader, count)?
    } else {
        Vec::new()
    };
    let columns = read_columns(reader, flags, count)?.into();
    Ok(BindMetadata { columns, partition_key })
}

/// Which markers make up the partition key. A key that is not among the markers is none: it serves
/// to route the statement, which is executed without it as well, and so the rest is read.
fn read_partition_key(reader: &mut Reader<'_>, markers: usize) -> Result<Vec<u16>, DecodeError> {
    let what = "partition key among bind markers";
    let count = reader.count(what)?;
    let mut key = Vec::with_capacity(reader.room::<u16>(count).min(markers));
    let mut is_usable = count <= markers;
    for _ in 0..count {
        let index = reader.short(what)?;
        is_usable &= usize::from(index) < markers;
        if is_usable {
            key.push(index);
        }
    }
    Ok(if is_usable { key } else { Vec::new() })
}
