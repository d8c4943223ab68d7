//! Rows that are not as they should be, and too many of them.

use cqlwire_codec::ColumnType;
use cqlwire_testkit::node::Prime;

use super::shown;
use super::tables::{SystemTables, V5_0, connect, list, map, refresh, soon, whole};
use crate::schema::{Schema, SchemaError, SchemaRefresh, SchemaSettings, read};

const COLUMNS: &str = "system_schema.columns";
const TYPES: &str = "system_schema.types";

/// A keyspace `ks`, with nothing in it.
fn empty() -> SystemTables {
    let mut tables = SystemTables::parse(V5_0);
    for (name, table) in &mut tables.0 {
        table.rows.clear();
        if name == "system_schema.keyspaces" {
            // Names and replication are all that is wanted.
            table.columns.remove(1);
        }
    }
    let replication = map(&[("class", "SimpleStrategy"), ("replication_factor", "1")]);
    tables.push("system_schema.keyspaces", &["ks", &replication]);
    tables.add("system_schema.tables", "keyspace_name text\ttable_name text\tcomment text");
    tables
}

fn table(tables: &mut SystemTables, name: &str, columns: &[(&str, &str)]) {
    tables.push("system_schema.tables", &["ks", name, ""]);
    for (column, ty) in columns {
        let kind = if *column == "k" { "partition_key" } else { "regular" };
        tables.push(COLUMNS, &["ks", name, column, "none", "00", kind, "00000000", ty]);
    }
}

fn user_type(tables: &mut SystemTables, name: &str, fields: &[(&str, &str)]) {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let types: Vec<&str> = fields.iter().map(|(_, ty)| *ty).collect();
    tables.push(TYPES, &["ks", name, &list(&names), &list(&types)]);
}

#[tokio::test]
async fn g11_1_rows_that_cannot_be_read_cost_nothing_but_themselves() {
    let mut tables = empty();
    table(&mut tables, "good", &[("k", "int"), ("v", "text")]);
    table(&mut tables, "odd", &[("k", "int"), ("v", "no type<"), ("w", "unknown")]);
    table(&mut tables, "keyless", &[("v", "int")]);
    let columns = [
        ["ks", "good", "~", "none", "00", "regular", "00000000", "int"],
        ["ks", "good", "x", "none", "00", "regular", "00", "int"],
        ["ks", "good", "y", "none", "00", "regular", "00000000", "~"],
        ["ks", "nowhere", "k", "none", "00", "partition_key", "00000000", "int"],
        ["nowhere", "t", "k", "none", "00", "partition_key", "00000000", "int"],
    ];
    columns.iter().for_each(|cells| tables.push(COLUMNS, cells));
    tables.push(TYPES, &["ks", "broken", "7fffffff", "00"]);
    tables.push("system_schema.keyspaces", &["~", "00000000"]);
    tables.push("system_schema.keyspaces", &["bad", "ffffff"]);
    let schema = whole(&tables.serve(&[]).await).await;
    assert_eq!(schema.keyspaces().count(), 1);
    let names: Vec<_> = schema.keyspace("ks").unwrap().tables().map(|table| table.name()).collect();
    assert_eq!(names, ["good", "odd"]);
    assert_eq!(shown(schema.table("ks", "good").unwrap().columns()), "k int, v text");
    let odd = schema.table("ks", "odd").unwrap();
    assert_eq!(shown(odd.columns()), "k int, v 'no type<', w 'unknown'");
    assert_eq!(schema.keyspace("ks").unwrap().user_types().count(), 0);
}

#[tokio::test]
async fn g11_1_user_types_made_of_themselves_or_too_large_are_opaque() {
    let mut tables = empty();
    user_type(&mut tables, "circle", &[("a", "frozen<circle>"), ("b", "int")]);
    user_type(&mut tables, "left", &[("r", "frozen<right>")]);
    user_type(&mut tables, "right", &[("l", "frozen<left>")]);
    // The last one is made of 2^500 types, and comes first.
    for level in (0..500).rev() {
        let inner = if level == 0 { "int".to_owned() } else { format!("t{:03}", level - 1) };
        user_type(&mut tables, &format!("t{level:03}"), &[("a", &inner), ("b", &inner)]);
    }
    table(&mut tables, "t", &[("k", "int"), ("v", "t010"), ("w", "t499"), ("x", "left")]);
    let schema = whole(&tables.serve(&[]).await).await;
    let keyspace = schema.keyspace("ks").unwrap();
    assert_eq!(keyspace.user_types().count(), 503);
    let fields = &keyspace.user_type("circle").unwrap().fields;
    assert_eq!(fields[0].1, ColumnType::Custom("frozen<circle>".into()));
    assert_eq!(fields[1].1, ColumnType::Int);
    let opaque = |name: &str| {
        let fields = &keyspace.user_type(name).unwrap().fields;
        fields.iter().any(|(_, ty)| matches!(ty, ColumnType::Custom(_)))
    };
    assert!(opaque("left") ^ opaque("right"));
    let first = (0..500).find(|level| opaque(&format!("t{level:03}")));
    assert_eq!(first, Some(15));
    // All of it can be walked, and dropped.
    let walked = schema.table("ks", "t").unwrap().columns().iter();
    assert!(
        walked.map(|column| format!("{:?}", column.column_type).len()).sum::<usize>() < 9 << 20
    );
}

#[tokio::test]
async fn g11_1_a_schema_takes_no_more_memory_than_it_may() {
    let mut tables = empty();
    for number in 0..100 {
        table(&mut tables, &format!("t{number:02}"), &[("k", "int"), ("v", "text"), ("w", "int")]);
    }
    let node = tables.serve(&[]).await;
    let all = whole(&node).await.memory_bytes();
    let mut counts = Vec::new();
    for max_bytes in [4 * all, all, 1_000, 0] {
        let settings = SchemaSettings { max_bytes, page_rows: 7, ..SchemaSettings::default() };
        let what = SchemaRefresh::Whole;
        let schema = refresh(&node, &what, &Schema::default(), &settings).await.unwrap();
        assert!(schema.memory_bytes() <= max_bytes, "{} of {max_bytes}", schema.memory_bytes());
        let tables = schema.keyspaces().flat_map(|keyspace| keyspace.tables());
        // Those that are there are whole.
        counts.push(tables.inspect(|table| assert_eq!(table.columns().len(), 3)).count());
        assert_eq!(schema.tables_left_out() > 0, (1..=all).contains(&max_bytes));
    }
    assert_eq!(counts[0], 100);
    assert!((1..100).contains(&counts[1]), "{counts:?}");
    assert_eq!(counts[3], 0);
}

#[tokio::test]
async fn g11_1_a_table_for_which_there_is_no_room_is_not_there_in_part() {
    let mut tables = empty();
    table(&mut tables, "a_narrow", &[("k", "int"), ("v", "text")]);
    let names: Vec<String> = (0..100).map(|number| format!("column_{number}")).collect();
    let wide = names.iter().map(|name| (name.as_str(), "text"));
    table(&mut tables, "b_wide", &[("k", "int")].into_iter().chain(wide).collect::<Vec<_>>());
    let node = tables.serve(&[]).await;
    let settings = SchemaSettings { max_bytes: 6_000, ..SchemaSettings::default() };
    let what = SchemaRefresh::Whole;
    let schema = refresh(&node, &what, &Schema::default(), &settings).await.unwrap();
    let names = schema.keyspace("ks").unwrap().tables().map(|table| table.name());
    assert_eq!(names.collect::<Vec<_>>(), ["a_narrow"]);
    assert_eq!(schema.tables_left_out(), 1);
}

#[tokio::test]
async fn a_table_comes_in_pages_some_of_them_empty() {
    let mut tables = empty();
    for number in 0..10 {
        table(&mut tables, &format!("t{number}"), &[("k", "int"), ("v", "text")]);
    }
    let node = tables.serve(&[]).await;
    let columns = tables.0[COLUMNS].clone();
    let all = Prime::statement("SELECT * FROM system_schema.columns");
    node.prime(all.rows(columns.columns, columns.rows).in_pages([3, 0, 1, 0, 16, 0]));
    let schema = whole(&node).await;
    let tables = schema.keyspace("ks").unwrap().tables();
    assert_eq!(tables.map(|table| table.columns().len()).collect::<Vec<_>>(), [2; 10]);
}

#[tokio::test]
async fn what_fails_fails_the_refresh_and_names_the_table() {
    let node = empty().serve(&[]).await;
    let (known, settings) = (Schema::default(), SchemaSettings::default());
    let whole = SchemaRefresh::Whole;
    node.prime(Prime::statement("SELECT * FROM system_schema.views").error(0x1001, "busy"));
    let error = refresh(&node, &whole, &known, &settings).await.unwrap_err();
    assert!(error.to_string().starts_with("system_schema.views: "), "{error}");
    empty().prime(&node, &[]);
    // That there is no such table is no reason where there has to be one.
    node.prime(Prime::statement("SELECT * FROM system_schema.columns").error(0x2200, "no table"));
    let error = refresh(&node, &whole, &known, &settings).await.unwrap_err();
    assert!(matches!(error, SchemaError::Ask { table: COLUMNS, .. }), "{error}");
    let mut tables = empty();
    tables.0.get_mut(COLUMNS).unwrap().columns[3].name = "other".into();
    tables.0.get_mut(COLUMNS).unwrap().columns[5].name = "other".into();
    tables.prime(&node, &[]);
    let error = refresh(&node, &whole, &known, &settings).await.unwrap_err();
    assert!(matches!(error, SchemaError::Value { table: COLUMNS, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_server_that_falls_silent_fails_the_refresh_by_its_deadline() {
    let node = empty().serve(&[]).await;
    node.prime(Prime::statement("SELECT * FROM system_schema.types").silence());
    let connection = connect(&node).await;
    let deadline = soon();
    let (known, settings) = (Schema::default(), SchemaSettings::default());
    let error = read(&connection, &SchemaRefresh::Whole, &known, &settings, deadline).await;
    assert!(error.unwrap_err().is_timeout());
}
