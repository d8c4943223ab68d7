//! What is in a keyspace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::user_types::UserTypes;
use super::{Aggregate, Function, Table};

/// What is in a keyspace. Each part is shared with the snapshot before, if it is the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) types: Arc<UserTypes>,
    pub(super) tables: BTreeMap<Arc<str>, Arc<Table>>,
    pub(super) functions: Arc<Functions>,
    /// How many tables there was no room for.
    pub(super) left_out: usize,
}

/// Functions and aggregates, each by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Functions {
    pub(super) functions: Vec<Function>,
    pub(super) aggregates: Vec<Aggregate>,
}

impl Eq for Contents {}

/// What is shared is the same, without a look at it.
impl PartialEq for Contents {
    fn eq(&self, other: &Self) -> bool {
        let same = |(one, other): (&Arc<Table>, &Arc<Table>)| Arc::ptr_eq(one, other);
        self.types == other.types
            && self.functions == other.functions
            && self.left_out == other.left_out
            && self.tables.len() == other.tables.len()
            && self.tables.values().zip(other.tables.values()).all(same)
    }
}
