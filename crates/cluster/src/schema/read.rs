//! Asks a server for the system tables, and makes a snapshot of what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cqlwire_net::{Connection, Deadline, SessionLog};

use super::contents::Contents;
use super::draft::{Draft, KeyspaceDraft};
use super::pages::{of_keyspace, of_table};
use super::reader::Reader;
use super::refresh::KeyspaceRefresh;
use super::slices::Slices;
use super::system_tables;
use super::{Keyspace, Schema, SchemaError, SchemaRefresh, SchemaScope, SchemaSettings};

/// Reads what the refresh names. What it does not name, and what is the same as before, the new
/// snapshot shares with the one that was known.
///
/// All of it takes place within the deadline, in slices between which other tasks have their turn.
///
/// # Errors
///
/// [`SchemaError`]: then the schema that was known is all that is known, and the refresh is still to
/// be done. Rows that cannot be read are none; they are left out, with a WARN a table.
///
/// # Cancel safety
///
/// Dropped, the question that is in flight is withdrawn, or its response thrown away.
pub(crate) async fn read(
    connection: &Connection,
    refresh: &SchemaRefresh,
    known: &Schema,
    settings: &SchemaSettings,
    deadline: Deadline,
) -> Result<Schema, SchemaError> {
    let (slices, draft) = (Slices::new(), Draft::default());
    let mut reader = Reader { connection, known, settings, deadline, slices, draft };
    let schema = match refresh {
        SchemaRefresh::Whole => reader.whole().await,
        SchemaRefresh::Keyspaces(parts) => reader.parts(parts).await,
    }?;
    log_shortcomings(connection.log(), &reader.draft, &schema, settings.max_bytes);
    Ok(schema)
}

/// Says what is not in the schema that should be: once, as long as it stays so.
fn log_shortcomings(log: &SessionLog, draft: &Draft, schema: &Schema, limit: usize) {
    let session = log.id();
    if let Some(error) = &draft.opaque.first {
        let types = draft.opaque.count;
        if log.is_news("opaque types", types) {
            tracing::warn!(%session, types, %error, "types of the schema are not understood: taken for opaque");
        }
    }
    let (keyspaces, tables) = (draft.keyspaces_left_out, schema.tables_left_out());
    if draft.room.0 == 0 && log.is_news("schema left out", (keyspaces, tables)) {
        tracing::warn!(
            %session,
            keyspaces,
            tables,
            limit,
            "the schema takes more memory than it may (schema, max_bytes): so many are left out"
        );
    }
}

impl Reader<'_> {
    async fn whole(&mut self) -> Result<Schema, SchemaError> {
        self.draft = Draft::with_room(self.settings.max_bytes);
        self.ask(system_tables::KEYSPACES, "").await?;
        self.ask(system_tables::TABLETS, "").await?;
        match &self.settings.scope {
            SchemaScope::Everything => {
                self.ask(system_tables::VIRTUAL_KEYSPACES, "").await?;
                self.contents("").await?;
                self.virtual_contents("").await?;
            }
            SchemaScope::Keyspaces(names) => {
                for name in names {
                    self.one_of_scope(name).await?;
                }
            }
            SchemaScope::Replication => {}
        }
        let mut keyspaces = BTreeMap::new();
        while let Some((name, draft)) = self.draft.keyspaces.pop_first() {
            keyspaces.insert(name, self.finish(draft).await);
        }
        Ok(Schema { keyspaces })
    }

    /// A keyspace that the settings name; there may be no such.
    async fn one_of_scope(&mut self, name: &str) -> Result<(), SchemaError> {
        let filter = of_keyspace(name);
        if self.draft.keyspaces.contains_key(name) {
            return self.contents(&filter).await;
        }
        self.ask(system_tables::VIRTUAL_KEYSPACES, &filter).await?;
        if self.draft.keyspaces.contains_key(name) {
            self.virtual_contents(&filter).await?;
        }
        Ok(())
    }

    async fn parts(
        &mut self,
        parts: &BTreeMap<String, KeyspaceRefresh>,
    ) -> Result<Schema, SchemaError> {
        let others = self.known.keyspaces().filter(|known| !parts.contains_key(known.name()));
        let taken: usize = others.map(|known| known.memory_bytes()).sum();
        self.draft = Draft::with_room(self.settings.max_bytes.saturating_sub(taken));
        let mut keyspaces = self.known.keyspaces.clone();
        for (name, part) in parts {
            let known = self.known.keyspace(name);
            if known.is_some_and(|known| known.is_virtual()) {
                continue;
            }
            let contents = known.and_then(|known| Some((known, known.contents.as_ref()?)));
            let keyspace = match (part, contents) {
                (KeyspaceRefresh::Parts { tables, functions }, Some((known, contents))) => {
                    Some(self.some_of(known, contents, tables, *functions).await?)
                }
                (KeyspaceRefresh::Parts { .. }, None) if known.is_some() && !self.wants(name) => {
                    continue;
                }
                _ => self.keyspace(name).await?,
            };
            match keyspace {
                Some(keyspace) => keyspaces.insert(keyspace.head.name.clone(), keyspace),
                None => keyspaces.remove(name.as_str()),
            };
        }
        Ok(Schema { keyspaces })
    }

    /// All of one keyspace, if it exists.
    async fn keyspace(&mut self, name: &str) -> Result<Option<Arc<Keyspace>>, SchemaError> {
        let filter = of_keyspace(name);
        self.ask(system_tables::KEYSPACES, &filter).await?;
        let is_there = self.draft.keyspaces.contains_key(name);
        if is_there {
            self.ask(system_tables::TABLETS, &filter).await?;
        }
        if is_there && self.wants(name) {
            self.contents(&filter).await?;
        }
        let Some((_, draft)) = self.draft.keyspaces.remove_entry(name) else { return Ok(None) };
        Ok(Some(self.finish(draft).await))
    }

    /// Some tables of a keyspace that is known, and its functions if they are wanted.
    async fn some_of(
        &mut self,
        known: &Arc<Keyspace>,
        contents: &Contents,
        tables: &BTreeSet<String>,
        functions: bool,
    ) -> Result<Arc<Keyspace>, SchemaError> {
        self.draft.room.take(known.memory_bytes);
        let mut draft = KeyspaceDraft::new(known.head.clone());
        draft.types = contents.types.clone();
        self.draft.keyspaces.insert(known.head.name.clone(), draft);
        // A view of all columns gets those that its table gets.
        let views = tables.iter().flat_map(|table| known.views_of(table)).map(|view| view.name());
        let names: BTreeSet<&str> = tables.iter().map(String::as_str).chain(views).collect();
        for name in &names {
            self.ask(system_tables::TABLES, &of_table(known.name(), "table_name", name)).await?;
            self.ask(system_tables::VIEWS, &of_table(known.name(), "view_name", name)).await?;
            self.ask(system_tables::COLUMNS, &of_table(known.name(), "table_name", name)).await?;
            self.ask(system_tables::INDEXES, &of_table(known.name(), "table_name", name)).await?;
        }
        if functions {
            self.functions(&of_keyspace(known.name())).await?;
        }
        let draft = self.draft.keyspaces.remove(known.name());
        let Some(draft) = draft else { return Ok(known.clone()) };
        let mut read = self.finish_contents(draft).await;
        let mut contents = contents.clone();
        names.iter().for_each(|name| drop(contents.tables.remove(*name)));
        contents.tables.append(&mut read.tables);
        contents.left_out = contents.left_out.max(read.left_out);
        if functions {
            contents.functions = read.functions;
        }
        Ok(Keyspace::new(known.head.clone(), Some(contents), Some(known)))
    }
}
