//! A table, its columns and its indexes.

use std::collections::BTreeMap;

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in any order: `position` says where those of the key belong.
    pub columns: Vec<Column>,
    /// Its secondary indexes by name.
    pub indexes: BTreeMap<String, Index>,
    /// Its comment.
    pub comment: String,
    /// Seconds after which what is written is gone; 0 is never.
    pub default_time_to_live: i32,
    /// Its `flags`: `compound` for every table that CQL made.
    pub flags: Vec<String>,
    /// Its `extensions`: a name with bytes, of which only whoever wrote them knows the meaning.
    pub extensions: BTreeMap<String, Vec<u8>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it is in the table.
    pub kind: ColumnKind,
    /// Its place in the partition key or the clustering columns, from 0; else -1.
    pub position: i32,
    /// `asc` or `desc` of a clustering column; else `none`.
    pub clustering_order: String,
    /// Its type in CQL.
    pub column_type: String,
}

/// What a column is in its table.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Part of the partition key.
    PartitionKey,
    /// A clustering column.
    Clustering,
    /// One value a partition.
    Static,
    /// One value a row.
    Regular,
}

impl ColumnKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::PartitionKey => "partition_key",
            Self::Clustering => "clustering",
            Self::Static => "static",
            Self::Regular => "regular",
        }
    }
}

/// A secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// `COMPOSITES`, `KEYS` or `CUSTOM`.
    pub kind: String,
    /// Its options: `target` is the column.
    pub options: BTreeMap<String, String>,
}

impl Table {
    /// A table without columns.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            columns: Vec::new(),
            indexes: BTreeMap::new(),
            comment: String::new(),
            default_time_to_live: 0,
            flags: vec!["compound".to_owned()],
            extensions: BTreeMap::new(),
        }
    }

    /// With one more column in its partition key.
    #[must_use]
    pub fn partition_key(self, name: &str, column_type: &str) -> Self {
        self.add(name, ColumnKind::PartitionKey, "none", column_type)
    }

    /// With one more clustering column, in ascending order.
    #[must_use]
    pub fn clustering(self, name: &str, column_type: &str) -> Self {
        self.add(name, ColumnKind::Clustering, "asc", column_type)
    }

    /// With one more clustering column, in descending order.
    #[must_use]
    pub fn clustering_descending(self, name: &str, column_type: &str) -> Self {
        self.add(name, ColumnKind::Clustering, "desc", column_type)
    }

    /// With a static column.
    #[must_use]
    pub fn static_column(self, name: &str, column_type: &str) -> Self {
        self.add(name, ColumnKind::Static, "none", column_type)
    }

    /// With a regular column.
    #[must_use]
    pub fn column(self, name: &str, column_type: &str) -> Self {
        self.add(name, ColumnKind::Regular, "none", column_type)
    }

    /// With an index of Cassandra's first kind on this column.
    #[must_use]
    pub fn index(mut self, name: &str, target: &str) -> Self {
        let options = BTreeMap::from([("target".to_owned(), target.to_owned())]);
        let index = Index { kind: "COMPOSITES".to_owned(), options };
        self.indexes.insert(name.to_owned(), index);
        self
    }

    fn add(mut self, name: &str, kind: ColumnKind, order: &str, column_type: &str) -> Self {
        let same = self.columns.iter().filter(|column| column.kind == kind).count();
        let keyed = matches!(kind, ColumnKind::PartitionKey | ColumnKind::Clustering);
        let position = if keyed { i32::try_from(same).unwrap_or(i32::MAX) } else { -1 };
        self.columns.push(Column {
            name: name.to_owned(),
            kind,
            position,
            clustering_order: order.to_owned(),
            column_type: column_type.to_owned(),
        });
        self
    }
}
