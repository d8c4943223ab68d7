//! Which rows may share a request: those of one partition, if no two of them are the same row.
//!
//! All statements of a batch have one write time. Of two that write one row, Cassandra then keeps
//! the greater value of each column: a row that nobody wrote. So rows share a request only where it
//! is known that they are different ones, as the schema says which bind markers are their key, and
//! everything else goes alone: counters, conditions, statics, keys whose equal values differ in their
//! bytes, tables that are not known.

use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_cluster::{Column, ColumnKind, Schema, Table};
use cqlwire_codec::{ColumnSpec, ColumnType, EncodeValues, StatementKind, Token};

use super::window::Place;
use crate::prepared::{PreparedStatement, StatementMetadata};

/// How many rows are taken before the schema is looked at again: the table may not have been known
/// yet, or be another one by now, of another key.
const LOOK_AGAIN: u32 = 128;

/// See the [module](self).
#[derive(Default)]
pub(super) struct Keys {
    known: Option<Known>,
    /// Values are encoded into it, to look at their key.
    buffer: BytesMut,
}

struct Known {
    metadata: Arc<StatementMetadata>,
    /// Which bind markers are the key of the row; `None` if each row goes alone.
    row: Option<Box<[u16]>>,
    /// How many rows were looked at since.
    age: u32,
}

/// What is so by now.
#[derive(Copy, Clone)]
pub(super) struct Renewed {
    /// Rows may share a request.
    pub(super) may_share: bool,
    /// The places that were found before are not those of now.
    pub(super) are_others: bool,
}

impl Known {
    /// Are places the same by the one and by the other?
    fn finds_as(&self, other: &Self) -> bool {
        self.row == other.row && self.metadata.bind == other.metadata.bind
    }
}

impl Keys {
    /// Looks at what is known of the statement by now.
    pub(super) fn renew(
        &mut self,
        prepared: &PreparedStatement,
        schema: impl FnOnce() -> Arc<Schema>,
    ) -> Renewed {
        let metadata = prepared.latest_metadata();
        if let Some(known) = &mut self.known
            && Arc::ptr_eq(&known.metadata, &metadata)
            && known.age < LOOK_AGAIN
        {
            known.age += 1;
            return Renewed { may_share: known.row.is_some(), are_others: false };
        }
        let writes = prepared.kind() == StatementKind::Write;
        let row = writes.then(|| row_key(&metadata, &schema())).flatten();
        let now = Known { metadata, row, age: 0 };
        let are_others = self.known.as_ref().is_some_and(|before| !now.finds_as(before));
        Renewed { may_share: self.known.insert(now).row.is_some(), are_others }
    }

    /// How long the values are, encoded, and the place of their row, if that `may_share` a request.
    /// Values that do not fit go alone: what is known of the statement may be out of date.
    pub(super) fn look_at(
        &mut self,
        values: &dyn EncodeValues,
        may_share: bool,
    ) -> (usize, Option<Place>) {
        let Self { known: Some(Known { metadata, row, .. }), buffer } = self else {
            return (0, None);
        };
        buffer.clear();
        let markers = &metadata.bind.columns;
        if values.named(markers) || values.encode_values(markers, buffer).is_err() {
            return (0, None);
        }
        let place = row.as_ref().filter(|_| may_share).and_then(|row| {
            let Token(partition) = Token::of_bind_values(buffer, &metadata.partition_key)?;
            let Token(row) = Token::of_bind_values(buffer, row)?;
            Some(Place { partition, row })
        });
        (buffer.len(), place)
    }
}

/// Which bind markers are the key of the row that is written.
fn row_key(metadata: &StatementMetadata, schema: &Schema) -> Option<Box<[u16]>> {
    let markers = &*metadata.bind.columns;
    let first = markers.first()?;
    let table = schema.table(&first.keyspace, &first.table)?;
    let is_plain = !metadata.partition_key.is_empty()
        && !table.clustering().is_empty()
        && markers.iter().all(|marker| is_plain(table, marker))
        && !table.columns().iter().any(|column| column.column_type == ColumnType::Counter);
    if !is_plain {
        return None;
    }
    let clustering = table.clustering().iter().map(|column| clustering_marker(column, markers));
    metadata.partition_key.iter().map(|at| Some(*at)).chain(clustering).collect()
}

/// Does it give a column of one row its value, or say when that is written?
fn is_plain(table: &Table, marker: &ColumnSpec) -> bool {
    let is_it = |column: &&Column| *column.name == *marker.name;
    match table.columns().iter().find(is_it) {
        Some(column) => column.kind != ColumnKind::Static,
        None => matches!(&*marker.name, "[ttl]" | "[timestamp]"),
    }
}

fn clustering_marker(column: &Column, markers: &[ColumnSpec]) -> Option<u16> {
    if !is_equal_by_bytes(&column.column_type) {
        return None;
    }
    let mut named = (0..).zip(markers).filter(|(_, marker)| *marker.name == *column.name);
    // The other of two is one end of a range.
    let only = named.next().map(|(at, _)| at);
    only.filter(|_| named.next().is_none())
}

/// Are values of this type the same only if their bytes are? Not so decimals, 1.0 and 1.00, nor what
/// has them inside.
const fn is_equal_by_bytes(column_type: &ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::Ascii
            | ColumnType::Text
            | ColumnType::Blob
            | ColumnType::Boolean
            | ColumnType::TinyInt
            | ColumnType::SmallInt
            | ColumnType::Int
            | ColumnType::BigInt
            | ColumnType::Uuid
            | ColumnType::TimeUuid
            | ColumnType::Inet
            | ColumnType::Timestamp
            | ColumnType::Date
            | ColumnType::Time
    )
}
