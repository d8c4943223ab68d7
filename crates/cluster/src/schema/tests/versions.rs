//! Servers that have other system tables, and other tables in them.

use super::shown;
use super::tables::{SystemTables, V3_11, V5_0, whole};

#[tokio::test]
async fn a_3_11_without_virtual_keyspaces_is_read() {
    let node = SystemTables::parse(V3_11).serve(&[]).await;
    let schema = whole(&node).await;
    assert_eq!(schema.keyspaces().count(), 2);
    let plain = schema.table("old", "plain").unwrap();
    assert_eq!(shown(plain.columns()), "k int, seq int desc, s duration, at old.point");
}

#[tokio::test]
async fn columns_that_a_server_has_invented_are_in_no_table() {
    let node = SystemTables::parse(V3_11).serve(&[]).await;
    let schema = whole(&node).await;
    let of = |name| shown(schema.table("old", name).unwrap().columns());
    assert_eq!(of("compact_static"), "k text, name text, size int");
    assert_eq!(of("compact_dense"), "k text, at timestamp asc");
    assert_eq!(of("compact_wide"), "k int, a int asc, b int desc, body blob");
    let table = schema.table("old", "compact_static").unwrap();
    assert_eq!(table.regulars().len(), 2);
    assert_eq!(table.indexes()[0].target(), Some("size"));
}

#[tokio::test]
async fn tablets_are_seen_and_what_a_server_does_not_have_is_empty() {
    let mut tables = SystemTables::parse(V3_11);
    for name in ["types", "views", "indexes", "functions", "aggregates"] {
        tables.0.remove(&format!("system_schema.{name}"));
    }
    let tablets = "system_schema.scylla_keyspaces";
    tables.add(tablets, "keyspace_name text\tinitial_tablets int\tstorage_type text");
    tables.push(tablets, &["old", "00000000", "~"]);
    tables.push(tablets, &["system", "~", "~"]);
    let schema = whole(&tables.serve(&[]).await).await;
    let tablets = |name| schema.keyspace(name).unwrap().has_tablets();
    assert_eq!((tablets("old"), tablets("system")), (true, false));
    // Its type is not known, as long as it lasts.
    let plain = schema.table("old", "plain").unwrap();
    assert_eq!(shown(plain.regulars()), "at 'frozen<point>'");
    assert_eq!(schema.keyspace("old").unwrap().user_types().count(), 0);
}

#[tokio::test]
async fn columns_come_in_any_order_and_among_others() {
    let expected = whole(&SystemTables::parse(V5_0).serve(&[]).await).await;
    let mut tables = SystemTables::parse(V5_0);
    for table in tables.0.values_mut() {
        // The key stays in front, where the node of the test looks for it.
        let key = table.columns.len().min(2);
        table.columns[key..].reverse();
        let mut more = table.columns[0].clone();
        more.name = "newer".to_owned();
        table.columns.push(more);
        for row in &mut table.rows {
            row[key..].reverse();
            row.push(None);
        }
    }
    let keyspaces = tables.0.get_mut("system_virtual_schema.keyspaces").unwrap();
    assert_eq!(keyspaces.columns.len(), 2);
    let schema = whole(&tables.serve(&[]).await).await;
    let all = schema.keyspaces().map(|keyspace| (**keyspace).clone());
    for (keyspace, expected) in all.zip(expected.keyspaces()) {
        assert_eq!(keyspace.name(), expected.name());
        let both = [&keyspace, expected]
            .map(|keyspace| keyspace.tables().map(|table| (**table).clone()).collect::<Vec<_>>());
        assert_eq!(both[0], both[1]);
        assert_eq!(keyspace.functions(), expected.functions());
    }
}
