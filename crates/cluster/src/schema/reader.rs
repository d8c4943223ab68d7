//! One reading of the schema: what it asks, and what came until now.

use cqlwire_net::{Connection, Deadline};

use super::draft::Draft;
use super::slices::Slices;
use super::{Schema, SchemaSettings};

/// One reading of the schema.
pub(super) struct Reader<'a> {
    pub(super) connection: &'a Connection,
    pub(super) known: &'a Schema,
    pub(super) settings: &'a SchemaSettings,
    pub(super) deadline: Deadline,
    pub(super) slices: Slices,
    pub(super) draft: Draft,
}

impl Reader<'_> {
    /// Is what is in this keyspace to be read?
    pub(super) fn wants(&self, keyspace: &str) -> bool {
        self.settings.scope.contains(keyspace)
    }
}
