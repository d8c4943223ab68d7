//! System tables as data, and a node that has them.
//!
//! A file of `data/` has each table as its name, its columns with their types, and its rows, one a
//! line: cells with tabs between them, text as it is, anything else in hexadecimal, `~` for null.
//! That of 5.0.9 was recorded by `examples/record_schema.rs`; that of 3.11 is written by hand, in
//! the columns that it has.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use cqlwire_codec::{ColumnSpec, ColumnType};
use cqlwire_net::{Connection, Deadline, Settings};
use cqlwire_testkit::node::{Prime, Row, ScriptedNode};

use crate::schema::{Schema, SchemaError, SchemaRefresh, SchemaSettings, read};

pub(super) const V5_0: &str = include_str!("data/cassandra-5.0.9.txt");
pub(super) const V3_11: &str = include_str!("data/cassandra-3.11.txt");

/// What a server says of a table that it does not have.
const INVALID: i32 = 0x2200;

/// Every system table that is asked for.
const NAMES: [&str; 12] = [
    "system_schema.keyspaces",
    "system_schema.scylla_keyspaces",
    "system_schema.types",
    "system_schema.tables",
    "system_schema.views",
    "system_schema.columns",
    "system_schema.indexes",
    "system_schema.functions",
    "system_schema.aggregates",
    "system_virtual_schema.keyspaces",
    "system_virtual_schema.tables",
    "system_virtual_schema.columns",
];

/// Tables by name, each with its columns and rows.
#[derive(Clone, Debug, Default)]
pub(super) struct SystemTables(pub(super) BTreeMap<String, SystemTable>);

#[derive(Clone, Debug, Default)]
pub(super) struct SystemTable {
    pub(super) columns: Vec<ColumnSpec>,
    pub(super) rows: Vec<Row>,
}

impl SystemTables {
    pub(super) fn parse(data: &str) -> Self {
        let mut tables = Self::default();
        for part in data.split('@').filter(|part| !part.is_empty()) {
            let mut lines = part.lines();
            let name = lines.next().unwrap();
            tables.add(name, lines.next().unwrap());
            lines.for_each(|line| tables.push(name, &line.split('\t').collect::<Vec<_>>()));
        }
        tables
    }

    /// A table without rows; the columns with their types, tabs between them.
    pub(super) fn add(&mut self, name: &str, columns: &str) {
        let column = |text: &str| {
            let (column, ty) = text.split_once(' ').unwrap();
            ColumnSpec {
                keyspace: "system_schema".into(),
                table: name.into(),
                name: column.to_owned(),
                column_type: ColumnType::from_cql(ty, &|_, _| None).unwrap().value,
            }
        };
        let columns = columns.split('\t').map(column).collect();
        self.0.insert(name.to_owned(), SystemTable { columns, rows: Vec::new() });
    }

    /// One more row, its cells as text.
    pub(super) fn push(&mut self, name: &str, cells: &[&str]) {
        let table = self.0.get_mut(name).unwrap();
        assert_eq!(cells.len(), table.columns.len(), "{name}: {cells:?}");
        let row = table.columns.iter().zip(cells).map(|(column, text)| cell(column, text));
        table.rows.push(row.collect());
    }

    /// Drops the rows that have these first cells.
    pub(super) fn remove(&mut self, name: &str, key: &[&str]) {
        self.0.get_mut(name).unwrap().rows.retain(|row| !begins(row, key));
    }

    /// A node that has them, for every statement about one of these keyspaces or tables.
    pub(super) async fn serve(&self, more: &[&str]) -> ScriptedNode {
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        self.prime(&node, more);
        node
    }

    pub(super) fn prime(&self, node: &ScriptedNode, more: &[&str]) {
        node.clear_primes();
        for name in NAMES {
            for key in self.keys(more) {
                let third = match name {
                    _ if name.ends_with(".views") => "view_name",
                    _ => "table_name",
                };
                let filter = match &*key {
                    [] => String::new(),
                    [keyspace] => format!(" WHERE keyspace_name = '{keyspace}'"),
                    [keyspace, table, ..] => {
                        format!(" WHERE keyspace_name = '{keyspace}' AND {third} = '{table}'")
                    }
                };
                node.prime(self.response(name, &format!("SELECT * FROM {name}{filter}"), &key));
            }
        }
    }

    /// A node that has them, for statements about all that there is.
    pub(super) async fn serve_whole(&self) -> ScriptedNode {
        let node = ScriptedNode::builder().start_tcp().await.unwrap();
        for name in NAMES {
            node.prime(self.response(name, &format!("SELECT * FROM {name}"), &[]));
        }
        node
    }

    fn response(&self, name: &str, statement: &str, key: &[&str]) -> Prime {
        let prime = Prime::statement(statement);
        let Some(table) = self.0.get(name) else {
            return prime.error(INVALID, format!("table {name} does not exist"));
        };
        let rows = table.rows.iter().filter(|row| begins(row, key)).cloned().collect();
        prime.rows(table.columns.clone(), rows)
    }

    /// What rows may be asked by: nothing, a keyspace, a table.
    fn keys<'a>(&'a self, more: &[&'a str]) -> BTreeSet<Vec<&'a str>> {
        let mut keys = BTreeSet::from([Vec::new()]);
        for (name, depth) in [("keyspaces", 1), ("tables", 2), ("views", 2)] {
            let table = self.0.get(&format!("system_schema.{name}"));
            for row in table.iter().flat_map(|table| &table.rows) {
                keys.insert(row.iter().take(depth).flatten().map(text).collect());
            }
        }
        let virtual_ones = self.0.get("system_virtual_schema.keyspaces");
        for row in virtual_ones.iter().flat_map(|table| &table.rows) {
            keys.insert(row.iter().take(1).flatten().map(text).collect());
        }
        keys.extend(more.iter().map(|key| key.split('.').collect()));
        keys
    }
}

fn text(cell: &Bytes) -> &str {
    str::from_utf8(cell).unwrap()
}

fn begins(row: &Row, key: &[&str]) -> bool {
    row.iter().zip(key).all(|(cell, key)| cell.as_deref() == Some(key.as_bytes()))
}

fn cell(column: &ColumnSpec, text: &str) -> Option<Bytes> {
    if text == "~" {
        return None;
    }
    if column.column_type == ColumnType::Text {
        return Some(text.replace("\\\"", "\"").into_bytes().into());
    }
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    let digits: Vec<u8> = text.bytes().map(digit).collect();
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// A list or a set of texts, as a cell in hexadecimal.
pub(super) fn list(texts: &[&str]) -> String {
    let text = |text: &&str| {
        let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{:08x}{bytes}", text.len())
    };
    format!("{:08x}{}", texts.len(), texts.iter().map(text).collect::<String>())
}

/// A map of texts, as a cell in hexadecimal.
pub(super) fn map(entries: &[(&str, &str)]) -> String {
    let texts: Vec<&str> = entries.iter().flat_map(|(key, value)| [*key, *value]).collect();
    format!("{:08x}{}", entries.len(), &list(&texts)[8..])
}

pub(super) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

pub(super) async fn connect(node: &ScriptedNode) -> Connection {
    Connection::open_at(&node.address().into(), &Settings::default(), soon()).await.unwrap()
}

/// All of a node's schema.
pub(super) async fn whole(node: &ScriptedNode) -> Schema {
    refresh(node, &SchemaRefresh::Whole, &Schema::default(), &SchemaSettings::default())
        .await
        .unwrap()
}

pub(super) async fn refresh(
    node: &ScriptedNode,
    what: &SchemaRefresh,
    known: &Schema,
    settings: &SchemaSettings,
) -> Result<Schema, SchemaError> {
    read(&connect(node).await, what, known, settings, soon()).await
}
