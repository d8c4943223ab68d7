//! A large schema, and everybody else meanwhile.

use std::time::{Duration, Instant};

use tokio::task::yield_now;

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

/// How long each turn of the others took, while this went on.
async fn turns(work: impl Future<Output = Schema>) -> (Schema, Vec<Duration>) {
    tokio::pin!(work);
    let mut longest = Vec::new();
    let schema = loop {
        let begun = Instant::now();
        let done = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(match work.as_mut().poll(cx) {
                std::task::Poll::Ready(schema) => Some(schema),
                std::task::Poll::Pending => None,
            })
        });
        let done = done.await;
        longest.push(begun.elapsed());
        match done {
            Some(schema) => break schema,
            None => yield_now().await,
        }
    };
    longest.sort_unstable();
    (schema, longest)
}

#[tokio::test]
async fn a_large_schema_is_read_in_slices() {
    let count = std::env::var("CQLWIRE_TABLES").map_or(TABLES, |count| count.parse().unwrap());
    // Beside this thread, which is all that is measured.
    let node = many(count).serve_whole().await;
    let connection = connect(&node).await;
    let mut known = Schema::default();
    for round in ["first", "again"] {
        let begun = Instant::now();
        let settings = SchemaSettings::default();
        let work = async {
            read(&connection, &SchemaRefresh::Whole, &known, &settings, soon()).await.unwrap()
        };
        let (schema, slices) = turns(work).await;
        let work: Duration = slices.iter().sum();
        println!(
            "{round}: {count} tables, {:?} with the node, {work:?} of work, longest slices {:?}, \
             {} bytes",
            begun.elapsed(),
            &slices[slices.len().saturating_sub(3)..],
            schema.memory_bytes()
        );
        assert_eq!(schema.keyspace("ks").unwrap().tables().count(), count);
        known = schema;
    }
    let begun = Instant::now();
    drop(known);
    println!("dropped in {:?}", begun.elapsed());
}
