//! The system tables: what a driver reads about the cluster when it connects, and about its schema.
//!
//! `local` and `peers` are in `hosts`, `system_schema` in `schema` and `schema_rows`; `select` reads the statement,
//! `cells` makes cells; `markers` describes statements about the tables of tests.

mod cells;
mod hosts;
mod markers;
mod member;
mod schema;
mod schema_rows;
mod select;

use bytes::Bytes;
use cqlwire_codec::wire::Reader;
use cqlwire_codec::{ColumnSpec, ColumnType, ProtocolVersion};

use crate::schema::Schema;

use super::error;
use super::received::Received;
use super::reply::{Reply, Row};
use super::rows::{Table, columns_of};
use select::{Select, Term};

pub(super) use markers::markers;
pub use member::Member;
pub(super) use member::Peers;
pub(crate) use member::uuid_of;

/// What is known about the cluster when a statement about it comes.
#[derive(Debug)]
pub(super) struct Cluster<'a> {
    pub(super) local: &'a Member,
    pub(super) peers: &'a Peers,
    pub(super) schema: &'a Schema,
    pub(super) newest: ProtocolVersion,
}

/// A column of a system table and its cell in one row.
type Cells = Vec<(&'static str, ColumnType, Option<Bytes>)>;

/// A system table.
#[derive(Debug)]
struct SystemTable {
    keyspace: &'static str,
    name: &'static str,
    columns: Vec<(&'static str, ColumnType)>,
    rows: Vec<Row>,
}

impl SystemTable {
    /// A table of these rows; an example says which columns it has, if there are none.
    fn of(
        keyspace: &'static str,
        name: &'static str,
        example: Cells,
        rows: impl Iterator<Item = Cells>,
    ) -> Self {
        let columns = example.into_iter().map(|(name, column_type, _)| (name, column_type));
        let row = |cells: Cells| cells.into_iter().map(|(.., cell)| cell).collect();
        Self { keyspace, name, columns: columns.collect(), rows: rows.map(row).collect() }
    }

    fn index_of(&self, column: &str) -> Result<usize, Reply> {
        let found = self.columns.iter().position(|(name, _)| *name == column);
        found.ok_or_else(|| {
            let table = format_args!("{}.{}", self.keyspace, self.name);
            let text = format!("Undefined column name {column} in table {table}");
            Reply::error(error::INVALID, text)
        })
    }

    fn type_of(&self, index: usize) -> &ColumnType {
        self.columns.get(index).map_or(&ColumnType::Blob, |(_, column_type)| column_type)
    }

    /// Leaves the rows of which this column has one of these values.
    fn filter(&mut self, column: &str, values: &[Option<Bytes>]) -> Result<(), Reply> {
        let index = self.index_of(column)?;
        self.rows.retain(|row| row.get(index).is_some_and(|cell| values.contains(cell)));
        Ok(())
    }

    /// The selected columns, in the order of the selection.
    fn project(self, selected: &[String]) -> Result<Table, Reply> {
        let wanted: Vec<usize> = if selected.is_empty() {
            (0..self.columns.len()).collect()
        } else {
            selected.iter().map(|name| self.index_of(name)).collect::<Result<_, _>>()?
        };
        let chosen = wanted.iter().filter_map(|index| self.columns.get(*index)).cloned();
        let columns = columns_of(self.keyspace, self.name, chosen);
        let cell = |row: &Row, index: &usize| row.get(*index).cloned().flatten();
        let project = |row: &Row| wanted.iter().map(|index| cell(row, index)).collect();
        Ok(Table::fixed(columns, self.rows.iter().map(project).collect()))
    }
}

impl Cluster<'_> {
    /// The table that a SELECT from a system keyspace is about, with the columns that it names and
    /// the rows that its values leave; `None` if it is about anything else, an error if the node
    /// has no such table or column.
    pub(super) fn select(
        &self,
        statement: &str,
        received: &Received,
    ) -> Option<Result<Table, Reply>> {
        let select = select::parse(statement)?;
        let table = self.table(&select)?;
        Some(table.and_then(|mut table| {
            for (column, terms) in &select.conditions {
                let column_type = table.type_of(table.index_of(column)?).clone();
                let values = terms.iter().flat_map(|term| values_of(term, &column_type, received));
                table.filter(column, &values.collect::<Vec<_>>())?;
            }
            table.project(&select.columns)
        }))
    }

    /// What a PREPARE of it tells: the columns of its rows, and its bind markers.
    pub(super) fn describe(
        &self,
        statement: &str,
    ) -> Option<Result<(Table, Vec<ColumnSpec>), Reply>> {
        let select = select::parse(statement)?;
        let table = self.table(&select)?;
        Some(table.and_then(|table| {
            let mut markers = Vec::new();
            for (column, terms) in &select.conditions {
                let index = table.index_of(column)?;
                let column_type = table.type_of(index).clone();
                for term in terms {
                    match term {
                        Term::Literal(_) => {}
                        Term::Marker(_) => markers.push((column.as_str(), column_type.clone())),
                        Term::Markers(_) => {
                            let list = ColumnType::List(Box::new(column_type.clone()));
                            markers.push((column.as_str(), list));
                        }
                    }
                }
            }
            let markers = columns_of(table.keyspace, table.name, markers);
            Ok((table.project(&select.columns)?, markers))
        }))
    }

    fn table(&self, select: &Select) -> Option<Result<SystemTable, Reply>> {
        let table = match select.keyspace.as_str() {
            "system" => self.hosts_table(&select.table),
            "system_schema" => self.schema_table(&select.table),
            "system_virtual_schema" => self.virtual_schema_table(&select.table),
            _ => return None,
        };
        Some(table.ok_or_else(|| {
            let text = format!("table {} does not exist", select.table);
            Reply::error(error::INVALID, text)
        }))
    }
}

/// The values that a term stands for.
fn values_of(term: &Term, column_type: &ColumnType, received: &Received) -> Vec<Option<Bytes>> {
    let bound = |index: usize| received.values.get(index).cloned().flatten();
    match term {
        Term::Literal(text) => vec![cells::literal(column_type, text)],
        Term::Marker(index) => vec![bound(*index)],
        Term::Markers(index) => bound(*index).map(|list| items(&list)).unwrap_or_default(),
    }
}

fn items(list: &Bytes) -> Vec<Option<Bytes>> {
    let mut reader = Reader::new(list);
    let count = reader.int("items of a list").unwrap_or_default();
    let mut item = || reader.bytes("item of a list").ok().flatten().map(Bytes::copy_from_slice);
    (0..count).map_while(|_| item().map(Some)).collect()
}
