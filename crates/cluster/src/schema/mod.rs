//! The schema: what the system tables say of keyspaces and of what is in them.
//!
//! ```text
//!   SchemaRefresh --> read: one page of a system table after another --> rows --> Draft --+
//!   (what changed)                                                                        |
//!                        Schema <-- what is the same as before is shared with it <--------+
//! ```
//!
//! The rooms: `refresh` is what has to be read again, `read` asks for it, part by part, `reader` is
//! one such reading, `pages` gets it all the pages of a system table, and `finish` makes of it what a
//! snapshot keeps. `rows` are the rows of each of the `system_tables`, `ingest` is what each row adds
//! to the `draft`. That gathers them within a `budget` of memory; `table_draft` brings order into
//! columns, and `user_types` finds out what user types are made of. `keyspace`, its `contents`,
//! `table` and `function` are what a snapshot is made of, `size` how much memory it takes. `describe`
//! asks the server for CQL.
//!
//! All but `read`, `pages` and `describe` are without I/O.
//!
//! Invariants: a snapshot does not change; one that follows it shares all that stayed the same. A row
//! that cannot be read costs itself, a type that is not understood is opaque. No work goes on for
//! longer than a slice ([`Slices`](slices::Slices)) without a turn for other tasks.

mod budget;
mod contents;
mod describe;
mod draft;
mod error;
mod finish;
mod function;
mod ingest;
mod keyspace;
mod pages;
mod read;
mod reader;
mod refresh;
mod rows;
mod settings;
mod size;
mod slices;
mod system_tables;
mod table;
mod table_draft;
#[cfg(test)]
mod tests;
mod user_types;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use self::describe::describe;
pub use self::describe::{Describe, DescribeError};
pub use self::error::SchemaError;
pub use self::function::{Aggregate, Function};
pub use self::keyspace::Keyspace;
pub(crate) use self::read::read;
pub(crate) use self::refresh::SchemaRefresh;
pub use self::settings::{SchemaScope, SchemaSettings};
pub use self::table::{ClusteringOrder, Column, ColumnKind, Index, Table, TableKind, View};

/// The schema of a cluster at one moment. It never changes; a newer one shares with it what is the
/// same, so that two can be compared by their pointers, keyspace by keyspace and table by table.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    keyspaces: BTreeMap<Arc<str>, Arc<Keyspace>>,
}

impl Schema {
    /// The keyspaces by name, those of the server and virtual ones among them.
    pub fn keyspaces(&self) -> impl Iterator<Item = &Arc<Keyspace>> {
        self.keyspaces.values()
    }

    /// Does it share everything with the other? Then nothing has changed.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same = |(one, other): (&Arc<Keyspace>, &Arc<Keyspace>)| Arc::ptr_eq(one, other);
        self.keyspaces.len() == other.keyspaces.len()
            && self.keyspaces.values().zip(other.keyspaces.values()).all(same)
    }

    /// One keyspace by its name, as the server spells it: in lower case, unless it was quoted.
    pub fn keyspace(&self, name: &str) -> Option<&Arc<Keyspace>> {
        self.keyspaces.get(name)
    }

    /// One table, view or virtual table.
    pub fn table(&self, keyspace: &str, name: &str) -> Option<&Arc<Table>> {
        self.keyspace(keyspace)?.table(name)
    }

    /// About how much memory it takes, in bytes, what it shares with other snapshots included.
    pub fn memory_bytes(&self) -> usize {
        self.keyspaces.values().map(|keyspace| keyspace.memory_bytes()).sum()
    }

    /// How many tables are not in it because they would take more memory than the settings allow
    /// ([`SchemaSettings::max_bytes`]).
    pub fn tables_left_out(&self) -> usize {
        let contents = self.keyspaces.values().filter_map(|keyspace| keyspace.contents.as_ref());
        contents.map(|contents| contents.left_out).sum()
    }
}
