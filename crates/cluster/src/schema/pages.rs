//! One system table after another, one page after another.

use std::sync::Arc;

use cqlwire_codec::{ErrorCode, PagingState, Row, RowCursor, Rows, ValueError};
use cqlwire_net::AskError;

use super::SchemaError;
use super::reader::Reader;
use super::system_tables::{self, SystemTable};
use super::user_types::TypeResolver;

/// Rows that cannot be read: how many, and why the first.
#[derive(Debug, Default)]
struct Unreadable {
    rows: usize,
    first: Option<ValueError>,
}

impl Reader<'_> {
    /// What is in keyspaces, in the order in which one thing depends on another.
    pub(super) async fn contents(&mut self, filter: &str) -> Result<(), SchemaError> {
        self.ask(system_tables::TYPES, filter).await?;
        self.resolve_types().await;
        self.ask(system_tables::TABLES, filter).await?;
        self.ask(system_tables::VIEWS, filter).await?;
        self.ask(system_tables::COLUMNS, filter).await?;
        self.ask(system_tables::INDEXES, filter).await?;
        self.functions(filter).await
    }

    pub(super) async fn virtual_contents(&mut self, filter: &str) -> Result<(), SchemaError> {
        self.ask(system_tables::VIRTUAL_TABLES, filter).await?;
        self.ask(system_tables::VIRTUAL_COLUMNS, filter).await
    }

    pub(super) async fn functions(&mut self, filter: &str) -> Result<(), SchemaError> {
        self.ask(system_tables::FUNCTIONS, filter).await?;
        self.ask(system_tables::AGGREGATES, filter).await
    }

    /// Reads the rows of a table into the draft.
    pub(super) async fn ask(
        &mut self,
        table: SystemTable,
        filter: &str,
    ) -> Result<(), SchemaError> {
        // Every version of every server has columns of its own. Those that are not wanted cost less
        // than a server that does not have one of those that are.
        let statement = format!("SELECT * FROM {}{filter}", table.name);
        let mut unreadable = Unreadable::default();
        let mut state = None;
        loop {
            let page = self.page(&statement, state.as_ref()).await;
            let page = match page {
                Err(reason) if table.is_optional && is_missing(&reason) => return Ok(()),
                page => page.map_err(|reason| SchemaError::Ask { table: table.name, reason })?,
            };
            let read = self.rows(table, &page, &mut unreadable).await;
            read.map_err(|reason| SchemaError::Value { table: table.name, reason })?;
            state = page.metadata.paging_state;
            if state.is_none() {
                break;
            }
        }
        if let Unreadable { rows, first: Some(error) } = unreadable {
            let (log, table) = (self.connection.log(), table.name);
            if log.is_news("unreadable rows", (table, rows)) {
                let session = log.id();
                tracing::warn!(%session, table, rows, %error, "rows cannot be read: left out");
            }
        }
        Ok(())
    }

    async fn page(&self, statement: &str, state: Option<&PagingState>) -> Result<Rows, AskError> {
        let rows = i32::from(self.settings.page_rows.max(1));
        self.connection.ask_page(statement, rows, state, self.deadline).await
    }

    async fn rows(
        &mut self,
        table: SystemTable,
        page: &Rows,
        unreadable: &mut Unreadable,
    ) -> Result<(), ValueError> {
        // Nothing is skipped in these results: the columns are those of the page itself.
        let columns = page.metadata.columns.as_deref().unwrap_or_default();
        let plan = (table.plan)(columns)?;
        let mut cursor = RowCursor::new(page.row_count);
        loop {
            let start = cursor.offset();
            let Some(row) = cursor.next(columns, &page.content) else { return Ok(()) };
            let row: Row<'_> = row?;
            if let Err(error) = (table.add)(&plan, &row, &mut self.draft) {
                unreadable.rows += 1;
                unreadable.first.get_or_insert(error);
            }
            self.slices.spend(cursor.offset() - start).await;
        }
    }

    async fn resolve_types(&mut self) {
        for (name, keyspace) in &mut self.draft.keyspaces {
            let texts = std::mem::take(&mut keyspace.texts);
            if texts.is_empty() {
                continue;
            }
            let known = self.known.keyspace(name).and_then(|known| known.contents.as_ref());
            let before = known.map(|contents| contents.types.clone());
            let mut types = TypeResolver::new(Arc::clone(name), texts, before);
            while let Some(bytes) = types.step(&mut self.draft.opaque) {
                self.slices.spend(bytes).await;
            }
            keyspace.types = types.finish();
        }
    }
}

/// Is there no such table on this server?
fn is_missing(reason: &AskError) -> bool {
    let AskError::Server(error) = reason else { return false };
    matches!(error.code, ErrorCode::Invalid | ErrorCode::Unauthorized)
}

/// The rows of one keyspace.
pub(super) fn of_keyspace(keyspace: &str) -> String {
    format!(" WHERE keyspace_name = {}", literal(keyspace))
}

/// The rows of one table, which the system table calls so.
pub(super) fn of_table(keyspace: &str, column: &str, table: &str) -> String {
    format!("{} AND {column} = {}", of_keyspace(keyspace), literal(table))
}

/// A text of CQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
