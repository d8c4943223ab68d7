//! One keyspace.

use std::collections::BTreeMap;
use std::sync::Arc;

use cqlwire_codec::UserType;

use super::user_types::UserTypes;
use super::{Aggregate, Function, Table, TableKind, size};

/// A keyspace and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyspace {
    pub(super) head: KeyspaceHead,
    /// `None` if it is none of those that are read.
    pub(super) contents: Option<Contents>,
    pub(super) memory_bytes: usize,
}

/// What is known of every keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyspaceHead {
    pub(super) name: Arc<str>,
    pub(super) replication: BTreeMap<String, String>,
    pub(super) durable_writes: bool,
    pub(super) is_virtual: bool,
    pub(super) has_tablets: bool,
}

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

impl Keyspace {
    /// The one that was known, if it is the same.
    pub(super) fn new(
        head: KeyspaceHead,
        contents: Option<Contents>,
        known: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        if let Some(known) = known
            && known.head == head
            && known.contents == contents
        {
            return known.clone();
        }
        let memory_bytes = size::keyspace(&head) + contents.as_ref().map_or(0, size::contents);
        Arc::new(Self { head, contents, memory_bytes })
    }

    /// Its name, as the server spells it: in lower case, unless it was quoted.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// How it is replicated: `class` is the strategy, the rest are its options. Empty for a virtual
    /// keyspace.
    pub const fn replication(&self) -> &BTreeMap<String, String> {
        &self.head.replication
    }

    /// Whether writes go to the commit log.
    pub const fn durable_writes(&self) -> bool {
        self.head.durable_writes
    }

    /// Whether its tables are made up by each server when they are read.
    pub const fn is_virtual(&self) -> bool {
        self.head.is_virtual
    }

    /// Whether its rows are not where the ring says but in tablets, of which ScyllaDB keeps account.
    pub const fn has_tablets(&self) -> bool {
        self.head.has_tablets
    }

    /// Whether its contents were read. If not, all that follows is empty.
    pub const fn is_read(&self) -> bool {
        self.contents.is_some()
    }

    /// Its tables by name, virtual ones too, but no views.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.all_tables().filter(|table| !matches!(table.kind, TableKind::View(_)))
    }

    /// Its materialized views by name.
    pub fn views(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.all_tables().filter(|table| matches!(table.kind, TableKind::View(_)))
    }

    /// The materialized views of one of its tables, by name.
    pub fn views_of(&self, base_table: &str) -> impl Iterator<Item = &Arc<Table>> {
        self.all_tables().filter(move |table| match &table.kind {
            TableKind::View(view) => view.base_table == base_table,
            _ => false,
        })
    }

    /// One table or view by its name, as the server spells it.
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.contents.as_ref()?.tables.get(name)
    }

    /// Its user types by name.
    pub fn user_types(&self) -> impl Iterator<Item = &Arc<UserType>> {
        self.contents.iter().flat_map(|contents| contents.types.iter())
    }

    /// One user type by its name, as the server spells it.
    pub fn user_type(&self, name: &str) -> Option<&Arc<UserType>> {
        self.contents.as_ref()?.types.get(name).map(|known| &known.value)
    }

    /// Its functions by name.
    pub fn functions(&self) -> &[Function] {
        self.contents.as_ref().map_or(&[], |contents| &contents.functions.functions)
    }

    /// Its aggregates by name.
    pub fn aggregates(&self) -> &[Aggregate] {
        self.contents.as_ref().map_or(&[], |contents| &contents.functions.aggregates)
    }

    /// About how much memory it takes, in bytes.
    pub const fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    fn all_tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.contents.iter().flat_map(|contents| contents.tables.values())
    }
}
