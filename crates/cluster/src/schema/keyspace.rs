//! One keyspace.

use std::collections::BTreeMap;
use std::mem::size_of;
use std::sync::Arc;

use cqlwire_codec::UserType;

use super::contents::Contents;
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

impl KeyspaceHead {
    /// About how much memory a keyspace without contents takes, with its entry in the map of the
    /// schema, in bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        let own = size::ENTRY + 2 * size::ALLOCATION + size_of::<Keyspace>();
        own + size::text(&self.name) + size::options(&self.replication)
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
        let memory_bytes = head.memory_bytes() + contents.as_ref().map_or(0, size::contents);
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
