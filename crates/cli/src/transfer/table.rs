//! The table that is read or written: found by its name as CQL has it, with its columns.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cqlwire::cluster::{Column, ColumnKind, Table};
use cqlwire::codec::ColumnType;
use cqlwire::{ErrorKind, Session};

use crate::exit::Failure;
use crate::name::{self, quoted};

/// How long the schema may take that does not know the table yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// A table of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) keyspace: String,
    pub(crate) table: Arc<Table>,
    /// The columns whose values are kept element by element: collections and user types that are not
    /// frozen. They have no write time of their own.
    in_parts: BTreeSet<String>,
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
        let in_parts = in_parts(session, &keyspace, &table).await?;
        Ok(Self { keyspace, table, in_parts })
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

    /// Is its value kept element by element?
    pub(crate) fn is_in_parts(&self, column: &Column) -> bool {
        self.in_parts.contains(&*column.name)
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

/// What is frozen is said by the text of a type alone. Servers that have no such texts (before 3.0) may
/// have any collection in parts.
async fn in_parts(
    session: &Session,
    keyspace: &str,
    table: &Table,
) -> Result<BTreeSet<String>, Failure> {
    let may_be = |column: &&Column| {
        let is_made_of_others = matches!(
            column.column_type,
            ColumnType::List(_)
                | ColumnType::Set(_)
                | ColumnType::Map(..)
                | ColumnType::UserType(_)
        );
        is_made_of_others && !is_key(column)
    };
    let columns = table.columns().iter().filter(may_be).map(|column| column.name.to_string());
    let mut in_parts: BTreeSet<String> = columns.collect();
    if in_parts.is_empty() {
        return Ok(in_parts);
    }
    let select = "SELECT column_name, type FROM system_schema.columns \
                  WHERE keyspace_name = ? AND table_name = ?";
    let types = match session.query(select, (keyspace, table.name())).await {
        Ok(types) => types,
        Err(error) if matches!(error.kind(), ErrorKind::Server { .. }) => return Ok(in_parts),
        Err(error) => return Err(error.into()),
    };
    for row in types.rows::<(String, String)>()? {
        let (column, text) = row.map_err(Failure::refused)?;
        if text.starts_with("frozen<") {
            in_parts.remove(&column);
        }
    }
    Ok(in_parts)
}
