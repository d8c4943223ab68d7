//! Tables, views, and what they are made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use cqlwire_codec::ColumnType;
use uuid::Uuid;

/// A table, a materialized view, or a virtual table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub(super) name: Arc<str>,
    pub(super) kind: TableKind,
    pub(super) id: Option<Uuid>,
    pub(super) comment: String,
    pub(super) default_time_to_live: u32,
    /// Partition key, clustering columns, statics, regulars: in this order.
    pub(super) columns: Box<[Column]>,
    pub(super) indexes: Vec<Index>,
    pub(super) memory_bytes: usize,
}

/// What a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableKind {
    /// A table that keeps what is written to it.
    Table,
    /// A materialized view.
    View(View),
    /// Made up by each server when it is read.
    Virtual,
}

/// What a materialized view shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// The table that it is of.
    pub base_table: String,
    /// Whether it has all columns of that table, those included that are added later.
    pub has_all_columns: bool,
    /// Which rows, in CQL.
    pub where_clause: String,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name, as the server spells it: in lower case, unless it was quoted.
    pub name: Box<str>,
    /// What it is for.
    pub kind: ColumnKind,
    /// The type of its values. One that is not understood is
    /// [`Custom`](ColumnType::Custom), with the text that the server describes it by.
    pub column_type: ColumnType,
}

/// What a column is for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnKind {
    /// One of those that say where a row is.
    PartitionKey,
    /// One of those that order the rows of a partition.
    Clustering(ClusteringOrder),
    /// One value for all rows of a partition.
    Static,
    /// Any other.
    Regular,
}

/// How rows are ordered by a clustering column.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClusteringOrder {
    /// The smallest value first.
    Ascending,
    /// The largest value first.
    Descending,
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Index {
    /// Its name.
    pub name: String,
    /// COMPOSITES, KEYS or CUSTOM, as the server calls it.
    pub kind: String,
    /// Its options: `target` is what it is of, `class_name` the class of a custom one.
    pub options: BTreeMap<String, String>,
}

impl Index {
    /// What it is of: a column, or a part of one such as `values(c)`.
    pub fn target(&self) -> Option<&str> {
        self.options.get("target").map(String::as_str)
    }
}

impl Table {
    /// Its name, as the server spells it: in lower case, unless it was quoted.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub const fn kind(&self) -> &TableKind {
        &self.kind
    }

    /// Its id, which is another one once it was dropped and created again. Virtual tables have none.
    pub const fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// What its creator wrote about it.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// After how many seconds rows expire that are written without a TTL; 0 is never.
    pub const fn default_time_to_live(&self) -> u32 {
        self.default_time_to_live
    }

    /// All columns: the partition key, the clustering columns, statics, regulars; the first two in
    /// their order, the others by name.
    pub const fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns of the partition key, in its order. Never empty.
    pub fn partition_key(&self) -> &[Column] {
        self.of_kind(|kind| kind == ColumnKind::PartitionKey)
    }

    /// The clustering columns, in their order.
    pub fn clustering(&self) -> &[Column] {
        self.of_kind(|kind| matches!(kind, ColumnKind::Clustering(_)))
    }

    /// The static columns, by name.
    pub fn statics(&self) -> &[Column] {
        self.of_kind(|kind| kind == ColumnKind::Static)
    }

    /// The columns that are none of these, by name.
    pub fn regulars(&self) -> &[Column] {
        self.of_kind(|kind| kind == ColumnKind::Regular)
    }

    /// One column by its name. Takes a time that grows with the number of columns.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| *column.name == *name)
    }

    /// Its indexes, by name.
    pub fn indexes(&self) -> &[Index] {
        &self.indexes
    }

    /// About how much memory it takes, in bytes.
    pub const fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Columns of one kind stand together.
    fn of_kind(&self, is_it: impl Fn(ColumnKind) -> bool) -> &[Column] {
        let start = self.columns.iter().take_while(|column| !is_it(column.kind)).count();
        let rest = self.columns.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|column| is_it(column.kind)).count();
        rest.get(..length).unwrap_or_default()
    }
}
