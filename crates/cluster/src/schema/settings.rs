//! How much of the schema is read.

use std::collections::BTreeSet;

/// How the schema is read. The defaults are meant for production.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaSettings {
    /// What is read. Default everything.
    pub scope: SchemaScope,
    /// How many rows of a system table the server is asked for at a time, at least 1: a larger page
    /// is one more response that others on the connection wait for. Default 1,000, some 200 KB.
    pub page_rows: u16,
    /// How much memory the schema may take, in bytes and about: tables that come when it is full are
    /// left out, with a WARN. Default 256 MiB, room for some 200,000 tables of
    /// ten columns.
    pub max_bytes: usize,
}

/// How much of the schema is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SchemaScope {
    /// Everything.
    #[default]
    Everything,
    /// These keyspaces. Of the others their names and how they are replicated, which routing needs.
    Keyspaces(BTreeSet<String>),
    /// Of all keyspaces only that.
    Replication,
}

impl SchemaScope {
    /// Whether what is in this keyspace is read.
    pub(crate) fn contains(&self, keyspace: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Keyspaces(names) => names.contains(keyspace),
            Self::Replication => false,
        }
    }
}

impl Default for SchemaSettings {
    fn default() -> Self {
        Self { scope: SchemaScope::Everything, page_rows: 1_000, max_bytes: 256 << 20 }
    }
}
