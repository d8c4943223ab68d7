//! A table while its columns come, in any order.

use std::cmp::Ordering::{self, Equal};
use std::collections::BTreeSet;
use std::mem::take;
use std::sync::Arc;

use cqlwire_codec::ColumnType;
use uuid::Uuid;

use super::budget::Budget;
use super::{Column, ColumnKind, Index, Table, TableKind, size};

/// One table until now.
#[derive(Debug)]
pub(super) struct TableDraft {
    pub(super) kind: TableKind,
    pub(super) id: Option<Uuid>,
    pub(super) comment: String,
    pub(super) default_time_to_live: u32,
    pub(super) storage: Storage,
    /// With the position of each in the key.
    columns: Vec<(i32, Column)>,
    indexes: Vec<Index>,
    /// Whether there was room for all of it.
    has_room: bool,
    /// What of the room is kept for what it is made of.
    reserved: Budget,
}

/// How much room a table takes when its row comes, some ten columns: so that of more tables than
/// there is room for, the first ones are there whole.
pub(super) const RESERVED: usize = 1 << 10;

/// How a table is stored. Servers invent columns for what was made without CQL, or WITH COMPACT
/// STORAGE, and list them with the others though no statement knows them.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Storage {
    /// As all tables are by now.
    #[default]
    Compound,
    /// A row a partition: its columns are listed as static ones.
    StaticCompact,
    /// No regular column, but one that is invented.
    Dense,
}

impl Storage {
    pub(super) fn of(flags: &BTreeSet<&str>) -> Self {
        if flags.contains("dense") || flags.contains("super") {
            Self::Dense
        } else if flags.contains("compound") {
            Self::Compound
        } else {
            Self::StaticCompact
        }
    }
}

impl TableDraft {
    pub(super) fn new(kind: TableKind, comment: &str) -> Self {
        Self {
            kind,
            id: None,
            comment: comment.to_owned(),
            default_time_to_live: 0,
            storage: Storage::Compound,
            columns: Vec::new(),
            indexes: Vec::new(),
            has_room: true,
            reserved: Budget(RESERVED),
        }
    }

    /// Takes a column, if there is room for it.
    pub(super) fn add_column(&mut self, position: i32, column: Column, room: &mut Budget) {
        if self.take(size::column(&column), room) {
            self.columns.push((position, column));
        }
    }

    /// Takes an index, if there is room for it.
    pub(super) fn add_index(&mut self, index: Index, room: &mut Budget) {
        if self.take(size::index(&index), room) {
            self.indexes.push(index);
        }
    }

    fn take(&mut self, bytes: usize, room: &mut Budget) -> bool {
        let reserved = bytes.min(self.reserved.0);
        self.reserved.take(reserved);
        self.has_room &= room.take(bytes - reserved);
        self.has_room
    }

    /// The table; `None` if there was no room for all of it, or nothing is known of its partition
    /// key.
    pub(super) fn finish(mut self, name: &Arc<str>) -> Option<Table> {
        if !self.has_room {
            return None;
        }
        self.drop_invented();
        self.columns.sort_unstable_by(order);
        self.indexes.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let columns: Box<[Column]> = self.columns.into_iter().map(|(_, column)| column).collect();
        if columns.first().is_none_or(|first| first.kind != ColumnKind::PartitionKey) {
            return None;
        }
        let mut table = Table {
            name: name.clone(),
            kind: self.kind,
            id: self.id,
            comment: self.comment,
            default_time_to_live: self.default_time_to_live,
            columns,
            indexes: self.indexes,
            memory_bytes: 0,
        };
        table.memory_bytes = size::table(&table);
        Some(table)
    }

    /// Drops the columns that the server has invented.
    fn drop_invented(&mut self) {
        match self.storage {
            Storage::Compound => {}
            Storage::Dense => self.columns.retain(|(_, column)| !is_empty(column)),
            // Servers that know no flags have tables of that kind neither.
            Storage::StaticCompact => {
                let is_static = |(_, column): &(i32, Column)| column.kind == ColumnKind::Static;
                if !self.columns.iter().any(is_static) || !self.has_invented_clustering() {
                    return;
                }
                let columns = take(&mut self.columns).into_iter();
                self.columns = columns
                    .filter_map(|(position, mut column)| match column.kind {
                        ColumnKind::Clustering(_) | ColumnKind::Regular => None,
                        ColumnKind::Static => {
                            column.kind = ColumnKind::Regular;
                            Some((position, column))
                        }
                        ColumnKind::PartitionKey => Some((position, column)),
                    })
                    .collect();
            }
        }
    }

    fn has_invented_clustering(&self) -> bool {
        let mut clustering = self
            .columns
            .iter()
            .filter(|(_, column)| matches!(column.kind, ColumnKind::Clustering(_)));
        clustering.next().is_some_and(|(_, column)| column.name.starts_with("column1"))
            && clustering.next().is_none()
    }
}

/// By what they are for; those of a key by their position, the others by name.
fn order((position, column): &(i32, Column), (other, than): &(i32, Column)) -> Ordering {
    let rank = |column: &Column| match column.kind {
        ColumnKind::PartitionKey => 0,
        ColumnKind::Clustering(_) => 1,
        ColumnKind::Static => 2,
        ColumnKind::Regular => 3,
    };
    let by_position = if column.kind < ColumnKind::Static { position.cmp(other) } else { Equal };
    let by_kind = rank(column).cmp(&rank(than)).then(by_position);
    by_kind.then_with(|| column.name.cmp(&than.name))
}

/// Is it a column of no value?
fn is_empty(column: &Column) -> bool {
    matches!(&column.column_type, ColumnType::Custom(class) if class.ends_with(".EmptyType"))
}
