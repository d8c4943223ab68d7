//! Records the system tables of a real Cassandra that has a keyspace with everything in it, as the
//! tests of the schema read them: `cargo run -p cqlwire-cluster --example record_schema > file`.
//!
//! Each table is its name, its columns with their types, and its rows, one a line: cells with tabs
//! between them, text as it is, anything else in hexadecimal, `~` for null.
#![allow(clippy::unwrap_used, reason = "a program of a developer: a panic is its error")]

use std::error::Error;
use std::io::{Write, stdout};
use std::time::Duration;

use cqlwire_codec::{ColumnType, Opcode, Row, RowIter, Rows};
use cqlwire_net::{AskError, Connection, Deadline, ServerAddress, Settings};
use cqlwire_testkit::cassandra::Cluster;

/// Makes the keyspace.
const STATEMENTS: &str = include_str!("record_schema.cql");

/// The tables, and of which keyspaces their rows are kept; all, if of none.
const TABLES: [(&str, &[&str]); 11] = [
    ("system_schema.keyspaces", &[]),
    ("system_schema.types", &[]),
    ("system_schema.tables", KEPT),
    ("system_schema.columns", KEPT),
    ("system_schema.indexes", &[]),
    ("system_schema.views", &[]),
    ("system_schema.functions", &[]),
    ("system_schema.aggregates", &[]),
    ("system_virtual_schema.keyspaces", &[]),
    ("system_virtual_schema.tables", KEPT),
    ("system_virtual_schema.columns", KEPT),
];

const KEPT: &[&str] = &["everything", "OtherPlace", "system_schema", "system_virtual_schema"];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut cluster = Cluster::builder();
    for allowed in ["materialized_views_enabled", "user_defined_functions_enabled"] {
        cluster = cluster.setting(allowed, "true");
    }
    let cluster = cluster.start().await;
    let address = ServerAddress::from(*cluster.contact_points().first().unwrap());
    let deadline = || Deadline::after(Duration::from_secs(60));
    let connection = Connection::open_at(&address, &Settings::default(), deadline()).await?;
    for statement in STATEMENTS.split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
        match connection.ask(statement, deadline()).await {
            Err(AskError::Unexpected(Opcode::Result)) => {}
            outcome => return Err(format!("{statement}: {outcome:?}").into()),
        }
    }
    for (table, keyspaces) in TABLES {
        let rows = connection.ask(&format!("SELECT * FROM {table}"), deadline()).await?;
        write_table(table, &rows, keyspaces)?;
    }
    Ok(())
}

fn write_table(table: &str, rows: &Rows, keyspaces: &[&str]) -> Result<(), Box<dyn Error>> {
    let columns = rows.metadata.columns.as_deref().unwrap_or_default();
    let described = columns.iter().map(|column| format!("{} {}", column.name, column.column_type));
    let mut out = stdout().lock();
    writeln!(out, "@{table}\n{}", described.collect::<Vec<_>>().join("\t"))?;
    for row in RowIter::<Row<'_>>::new(columns, rows.row_count, &rows.content)? {
        let row = row?;
        if keyspaces.is_empty() || keyspaces.contains(&row.get::<&str>("keyspace_name")?) {
            let cells = (0..columns.len()).map(|position| show(&row, position));
            writeln!(out, "{}", cells.collect::<Result<Vec<_>, _>>()?.join("\t"))?;
        }
    }
    Ok(())
}

fn show(row: &Row<'_>, position: usize) -> Result<String, Box<dyn Error>> {
    let cell = row.raw(position)?;
    Ok(match cell.bytes {
        None => "~".to_owned(),
        Some(bytes) if cell.column.column_type == ColumnType::Text => {
            str::from_utf8(bytes)?.escape_debug().to_string().replace("\\'", "'")
        }
        Some(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}
