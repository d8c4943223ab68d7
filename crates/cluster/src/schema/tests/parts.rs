//! Refreshes of a part: what they ask for, what they change, and what stays.

use std::collections::BTreeSet;
use std::sync::Arc;

use cqlwire_codec::SchemaTarget;
use cqlwire_testkit::node::ScriptedNode;

use super::shown;
use super::tables::{SystemTables, V5_0, refresh, whole};
use crate::schema::{Schema, SchemaRefresh, SchemaScope, SchemaSettings};

const TABLES: &str = "system_schema.tables";
const COLUMNS: &str = "system_schema.columns";

fn change(target: SchemaTarget) -> SchemaRefresh {
    SchemaRefresh::of("everything", &target)
}

fn of_table(name: &str) -> SchemaRefresh {
    change(SchemaTarget::Table(name.to_owned()))
}

async fn refreshed(node: &ScriptedNode, known: &Schema, what: &SchemaRefresh) -> Schema {
    refresh(node, what, known, &SchemaSettings::default()).await.unwrap()
}

/// The keyspaces and, of the one that is looked at, the tables that are not those of before.
fn changed(before: &Schema, after: &Schema) -> Vec<String> {
    let keyspaces = after.keyspaces().filter(|keyspace| {
        before.keyspace(keyspace.name()).is_none_or(|before| !Arc::ptr_eq(before, keyspace))
    });
    let mut changed: Vec<String> = keyspaces.map(|keyspace| keyspace.name().to_owned()).collect();
    let keyspace = after.keyspace("everything").into_iter();
    let tables = keyspace.flat_map(|keyspace| keyspace.tables().chain(keyspace.views()));
    let tables = tables.filter(|table| {
        before.table("everything", table.name()).is_none_or(|before| !Arc::ptr_eq(before, table))
    });
    changed.extend(tables.map(|table| table.name().to_owned()));
    changed
}

fn column(tables: &mut SystemTables, table: &str, name: &str, ty: &str) {
    tables.push(COLUMNS, &["everything", table, name, "none", "00", "regular", "ffffffff", ty]);
}

#[tokio::test]
async fn what_is_read_again_and_is_the_same_is_shared() {
    let node = SystemTables::parse(V5_0).serve(&[]).await;
    let schema = whole(&node).await;
    let whole_again = SchemaRefresh::Whole;
    let targets = ["keyspace", "type"].map(|target| match target {
        "keyspace" => change(SchemaTarget::Keyspace),
        _ => change(SchemaTarget::Type("zip".into())),
    });
    let functions = change(SchemaTarget::Function("sum_up".into(), Vec::new()));
    for what in [whole_again, of_table("ordered"), functions].iter().chain(&targets) {
        let again = refreshed(&node, &schema, what).await;
        assert_eq!(changed(&schema, &again), [""; 0], "{what:?}");
        assert_eq!(again.keyspaces().count(), schema.keyspaces().count());
    }
}

#[tokio::test]
async fn a_change_of_a_table_changes_nothing_else() {
    let mut tables = SystemTables::parse(V5_0);
    let node = tables.serve(&[]).await;
    let schema = whole(&node).await;
    column(&mut tables, "counters", "more", "counter");
    column(&mut tables, "natives", "not_asked_for", "int");
    tables.prime(&node, &[]);
    let asked = node.count_statement("SELECT * FROM system_schema.columns");
    let after = refreshed(&node, &schema, &of_table("counters")).await;
    assert_eq!(node.count_statement("SELECT * FROM system_schema.columns"), asked);
    assert_eq!(changed(&schema, &after), ["everything", "counters"]);
    let counters = after.table("everything", "counters").unwrap();
    assert_eq!(shown(counters.columns()), "k text, hits counter, more counter");
    // The snapshot of before is as it was.
    assert_eq!(schema.table("everything", "counters").unwrap().columns().len(), 2);
    assert!(after.memory_bytes() > schema.memory_bytes());
}

#[tokio::test]
async fn a_view_is_read_again_with_its_table() {
    let mut tables = SystemTables::parse(V5_0);
    let node = tables.serve(&[]).await;
    let schema = whole(&node).await;
    column(&mut tables, "ordered", "more", "int");
    column(&mut tables, "by_seq", "more", "int");
    tables.prime(&node, &[]);
    let after = refreshed(&node, &schema, &of_table("ordered")).await;
    assert_eq!(changed(&schema, &after), ["everything", "ordered", "by_seq"]);
}

#[tokio::test]
async fn what_is_dropped_goes_and_what_is_new_comes() {
    let mut tables = SystemTables::parse(V5_0);
    let node = tables.serve(&[]).await;
    let schema = whole(&node).await;
    tables.remove("system_schema.views", &["everything", "by_seq"]);
    tables.remove(COLUMNS, &["everything", "by_seq"]);
    tables.prime(&node, &["everything.by_seq"]);
    let schema = refreshed(&node, &schema, &of_table("by_seq")).await;
    assert!(schema.table("everything", "by_seq").is_none());
    tables.remove("system_schema.keyspaces", &["everything"]);
    tables.prime(&node, &["everything"]);
    let without = refreshed(&node, &schema, &change(SchemaTarget::Keyspace)).await;
    assert!(without.keyspace("everything").is_none());
    assert_eq!(without.keyspaces().count() + 1, schema.keyspaces().count());
    let mut tables = SystemTables::parse(V5_0);
    tables.remove(TABLES, &["everything", "natives"]);
    tables.prime(&node, &["everything.natives"]);
    // Of a table in a keyspace that is not known, all of the keyspace is read.
    let again = refreshed(&node, &without, &of_table("counters")).await;
    assert!(again.table("everything", "natives").is_none());
    assert!(again.table("everything", "complex").is_some());
    SystemTables::parse(V5_0).prime(&node, &[]);
    let again = refreshed(&node, &again, &of_table("natives")).await;
    assert_eq!(again.table("everything", "natives").unwrap().columns().len(), 20);
}

#[tokio::test]
async fn a_change_of_a_type_reaches_all_that_is_made_of_it() {
    let mut tables = SystemTables::parse(V5_0);
    let node = tables.serve(&[]).await;
    let schema = whole(&node).await;
    tables.remove("system_schema.types", &["everything", "zip"]);
    let fields = [super::tables::list(&["code"]), super::tables::list(&["bigint"])];
    tables.push("system_schema.types", &["everything", "zip", &fields[0], &fields[1]]);
    tables.prime(&node, &[]);
    let after = refreshed(&node, &schema, &change(SchemaTarget::Type("zip".into()))).await;
    assert_eq!(changed(&schema, &after), ["everything", "complex", "ordered"]);
    // Not a single counter of those that are the same.
    let [before, after] = [&schema, &after].map(|schema| schema.keyspace("everything").unwrap());
    assert_ne!(before.user_type("above"), after.user_type("above"));
}

#[tokio::test]
async fn of_other_keyspaces_only_the_replication_is_read() {
    let node = SystemTables::parse(V5_0).serve(&["nowhere"]).await;
    let scopes = [
        SchemaScope::Replication,
        SchemaScope::Keyspaces(["everything", "system_views", "nowhere"].map(Into::into).into()),
    ];
    let expected = [vec![], vec!["everything", "system_views"]];
    for (scope, expected) in scopes.into_iter().zip(expected) {
        let settings = SchemaSettings { scope, ..SchemaSettings::default() };
        let whole = SchemaRefresh::Whole;
        let schema = refresh(&node, &whole, &Schema::default(), &settings).await.unwrap();
        let read: Vec<&str> = schema
            .keyspaces()
            .filter(|keyspace| keyspace.is_read())
            .map(|keyspace| keyspace.name())
            .collect();
        assert_eq!(read, expected);
        let strategies: BTreeSet<_> = schema
            .keyspaces()
            .filter(|keyspace| !keyspace.is_virtual())
            .map(|keyspace| keyspace.replication()["class"].clone())
            .collect();
        assert_eq!(strategies.len(), 3);
        assert_eq!(node.count_statement("SELECT * FROM system_schema.columns"), 0);
        let asked = node.received().len();
        let again = refresh(&node, &of_table("ordered"), &schema, &settings).await.unwrap();
        assert_eq!(changed(&schema, &again), [""; 0]);
        // Beside the handshake.
        let is_asked = node.received().len() > asked + 3;
        assert_eq!(is_asked, schema.keyspace("everything").unwrap().is_read());
    }
}
