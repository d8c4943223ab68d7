//! A schema while its rows come: keyspaces first, then types, then tables and views, then what is in
//! these. What belongs to something that has not come is passed over: it was dropped meanwhile, or is
//! newer than the rest, and then an event follows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::budget::Budget;
use super::contents::Functions;
use super::keyspace::KeyspaceHead;
use super::size;
use super::table_draft::{RESERVED, TableDraft};
use super::user_types::{Opaque, TypeText, UserTypes};

/// What came until now.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) keyspaces: BTreeMap<Arc<str>, KeyspaceDraft>,
    pub(super) room: Budget,
    /// How many keyspaces there was no room for.
    pub(super) keyspaces_left_out: usize,
    pub(super) opaque: Opaque,
}

/// One keyspace until now.
#[derive(Debug)]
pub(super) struct KeyspaceDraft {
    pub(super) head: KeyspaceHead,
    /// Types that are still text.
    pub(super) texts: Vec<TypeText>,
    pub(super) types: Arc<UserTypes>,
    pub(super) tables: BTreeMap<Arc<str>, TableDraft>,
    pub(super) functions: Functions,
    /// How many tables there was no room for.
    pub(super) left_out: usize,
}

impl Draft {
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { room: Budget(bytes), ..Self::default() }
    }

    pub(super) fn add_keyspace(&mut self, head: KeyspaceHead) {
        if self.room.take(head.memory_bytes()) {
            self.keyspaces.entry(head.name.clone()).or_insert_with(|| KeyspaceDraft::new(head));
        } else {
            self.keyspaces_left_out += 1;
        }
    }

    pub(super) fn add_table(&mut self, keyspace: &str, name: &str, table: TableDraft) {
        let Some(keyspace) = self.keyspaces.get_mut(keyspace) else { return };
        if self.room.take(size::empty_table(name) + size::text(&table.comment) + RESERVED) {
            keyspace.tables.entry(name.into()).or_insert(table);
        } else {
            keyspace.left_out += 1;
        }
    }
}

impl KeyspaceDraft {
    pub(super) fn new(head: KeyspaceHead) -> Self {
        Self {
            head,
            texts: Vec::new(),
            types: Arc::default(),
            tables: BTreeMap::new(),
            functions: Functions::default(),
            left_out: 0,
        }
    }
}
