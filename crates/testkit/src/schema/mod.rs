//! A schema as its servers keep it: what the rows of `system_schema` are made of.
//!
//! Types are CQL as those tables have it (`frozen<map<text, int>>`, no backslash, no class names).
//!
//! ```
//! use cqlwire_testkit::schema::{Keyspace, Table};
//!
//! let users = Table::new("users")
//!     .partition_key("id", "uuid")
//!     .clustering("at", "timestamp")
//!     .column("name", "text");
//! let app = Keyspace::network("app", [("dc1", "3"), ("dc2", "2")]).table(users);
//! assert!(app.tables.contains_key("users"));
//! ```

mod keyspace;
mod parts;
mod table;

use std::collections::BTreeMap;

pub use keyspace::Keyspace;
pub use parts::{Aggregate, Function, UserType, View};
pub use table::{Column, ColumnKind, Index, Table};

/// All keyspaces of a cluster, by name. Those of the system are there without being listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// By name.
    pub keyspaces: BTreeMap<String, Keyspace>,
}

impl Schema {
    /// A keyspace that a test is about.
    ///
    /// # Panics
    ///
    /// If there is none of this name.
    pub(crate) fn keyspace_mut(&mut self, name: &str) -> &mut Keyspace {
        self.keyspaces.get_mut(name).unwrap_or_else(|| panic!("no keyspace `{name}`"))
    }
}
