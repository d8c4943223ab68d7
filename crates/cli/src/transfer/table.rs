//! The table that is read or written: found by its name as CQL has it, with its columns.

use std::sync::Arc;
use std::time::Duration;

use cqlwire::Session;
use cqlwire::cluster::{Column, ColumnKind, Table};
use cqlwire::codec::ColumnType;

use super::definition::Definition;
use crate::exit::Failure;
use crate::name::{self, quoted};

/// How long the schema may take that does not know the table yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// A table of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) keyspace: String,
    pub(crate) table: Arc<Table>,
    /// As it was when it was found.
    definition: Definition,
}

impl Target {
    /// Finds it. Who reads the name is the server, so that it is as in any statement.
    pub(crate) async fn find(session: &Session, name: &str) -> Result<Self, Failure> {
        let prepared = session.prepare(&format!("SELECT * FROM {name}")).await?;
        let columns = prepared.columns().unwrap_or_default();
        let Some(first) = columns.first() else {
            return Err(Failure::usage(format_args!("`{name}` is no table with columns")));
        };
        let find = || session.schema().table(&first.keyspace, &first.table).cloned();
        let mut found = find();
        if found.is_none() {
            // It may be newer than what the session has read.
            session.refresh(PATIENCE).await;
            found = find();
        }
        let table = found.ok_or_else(|| {
            Failure::usage(format_args!("the schema of the session has no table {name}"))
        })?;
        let keyspace = first.keyspace.to_string();
        let definition = Definition::read(session, &keyspace, table.name(), None).await?;
        Ok(Self { keyspace, table, definition })
    }

    /// As CQL names it.
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", quoted(&self.keyspace), quoted(self.table.name()))
    }

    pub(crate) fn columns(&self) -> &[Column] {
        self.table.columns()
    }

    /// The column that is meant: by its name, or by one that CQL reads as it.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        let of_cql = || self.table.column(&name::one(name)?);
        self.table.column(name).or_else(of_cql)
    }

    /// Is its value kept element by element? So are collections and user types that are not frozen: they
    /// have no write time of their own.
    pub(crate) fn is_in_parts(&self, column: &Column) -> bool {
        let is_made_of_others = matches!(
            column.column_type,
            ColumnType::List(_)
                | ColumnType::Set(_)
                | ColumnType::Map(..)
                | ColumnType::UserType(_)
        );
        is_made_of_others && !is_key(column) && !self.definition.is_frozen(&column.name)
    }

    /// Is it still as it was when it was found, as far as the host of this address knows? Where nobody can
    /// tell, it is not.
    pub(crate) async fn is_as_it_was(&self, session: &Session, host: &str) -> bool {
        let topology = session.topology();
        let hosts = topology.hosts().iter();
        let mut hosts = hosts.filter(|known| known.address().to_string() == host);
        let host = hosts.next().map(|host| host.id());
        let now = Definition::read(session, &self.keyspace, self.table.name(), host).await;
        now.is_ok_and(|now| self.definition.still_holds(&now))
    }

    /// Are its values counters?
    pub(crate) fn counts(&self) -> bool {
        self.columns().iter().any(|column| column.column_type == ColumnType::Counter)
    }

    /// The names of all columns, for messages.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.columns().iter().map(|column| &*column.name).collect();
        names.join(", ")
    }
}

/// Is it of the primary key?
pub(crate) const fn is_key(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::PartitionKey | ColumnKind::Clustering(_))
}
