//! A large schema, and everybody else meanwhile.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cqlwire_testkit::node::ScriptedNode;

use super::tables::{SystemTables, V5_0, connect, soon};
use crate::schema::{Schema, SchemaRefresh, SchemaSettings, read};

const TABLES: usize = 500;
const COLUMNS: usize = 10;

/// So many tables of so many columns each.
fn many(count: usize) -> SystemTables {
    let mut tables = SystemTables::parse(V5_0);
    let template = tables.0["system_schema.tables"].rows[0].clone();
    let columns = tables.0["system_schema.columns"].rows[0].clone();
    tables.0.values_mut().for_each(|table| table.rows.clear());
    let replication = super::tables::map(&[("class", "SimpleStrategy")]);
    tables.push("system_schema.keyspaces", &["ks", "01", &replication]);
    let text = |text: String| Some(bytes::Bytes::from(text.into_bytes()));
    for number in 0..count {
        let mut row = template.clone();
        row[0] = text("ks".into());
        row[1] = text(format!("table_of_tenant_{number:05}"));
        let name = row[1].clone();
        tables.0.get_mut("system_schema.tables").unwrap().rows.push(row);
        for column in 0..COLUMNS {
            let mut row = columns.clone();
            row[0] = text("ks".into());
            row[1].clone_from(&name);
            row[2] = text(format!("column_number_{column}"));
            row[5] = text(if column == 0 { "partition_key" } else { "regular" }.into());
            row[7] = text(["text", "frozen<list<int>>", "timestamp"][column % 3].into());
            tables.0.get_mut("system_schema.columns").unwrap().rows.push(row);
        }
    }
    tables
}

/// How long each turn took that this had until it was done, the longest last.
async fn turns<T>(work: impl Future<Output = T>) -> (T, Vec<Duration>) {
    let mut work = pin!(work);
    let mut turns = Vec::new();
    let done = poll_fn(|cx| {
        let begun = Instant::now();
        let poll = work.as_mut().poll(cx);
        turns.push(begun.elapsed());
        poll
    });
    let done = done.await;
    turns.sort_unstable();
    (done, turns)
}

/// Reads it whole, each system table in one page, and says how that went.
async fn read_in_turns(node: &ScriptedNode, known: &Schema) -> (Schema, usize) {
    let connection = connect(node).await;
    let settings = SchemaSettings { page_rows: u16::MAX, ..SchemaSettings::default() };
    let begun = Instant::now();
    let read = read(&connection, &SchemaRefresh::Whole, known, &settings, soon());
    let (schema, turns) = turns(read).await;
    let (all, work) = (begun.elapsed(), turns.iter().sum::<Duration>());
    let longest = &turns[turns.len().saturating_sub(3)..];
    let schema = schema.unwrap();
    let bytes = schema.memory_bytes();
    println!(
        "{work:?} of {all:?} in {} turns, the longest {longest:?}: {bytes} bytes",
        turns.len()
    );
    (schema, turns.len())
}

#[tokio::test]
async fn a_large_schema_is_read_in_slices() {
    let count = std::env::var("CQLWIRE_TABLES").map_or(TABLES, |count| count.parse().unwrap());
    let node = many(0).serve_whole().await;
    let (_, alone) = read_in_turns(&node, &Schema::default()).await;
    let node = many(count).serve_whole().await;
    let (schema, turns) = read_in_turns(&node, &Schema::default()).await;
    let keyspace = schema.keyspace("ks").unwrap();
    assert_eq!(keyspace.tables().count(), count);
    // Some hundred rows a turn, and as many tables.
    let rows = count * (COLUMNS + 1);
    assert!(turns >= alone + rows / 300, "{turns} turns for {rows} rows, {alone} for none");
    let (again, _) = read_in_turns(&node, &schema).await;
    assert!(Arc::ptr_eq(keyspace, again.keyspace("ks").unwrap()));
    drop(schema);
    let begun = Instant::now();
    drop(again);
    println!("dropped in {:?}", begun.elapsed());
}
