//! Schemas of scripted nodes that have the system tables of real ones.

mod large;
mod limits;
mod parts;
mod refresh;
mod tables;
mod versions;

use cqlwire_testkit::node::Prime;

use self::tables::{SystemTables, V5_0, connect, soon, whole};
use super::{ClusteringOrder, Column, ColumnKind, Describe, DescribeError, TableKind, describe};

/// Columns as one text: name, type and, for clustering columns, order.
fn shown(columns: &[Column]) -> String {
    let one = |column: &Column| {
        let order = match column.kind {
            ColumnKind::Clustering(ClusteringOrder::Descending) => " desc",
            ColumnKind::Clustering(ClusteringOrder::Ascending) => " asc",
            _ => "",
        };
        format!("{} {}{order}", column.name, column.column_type)
    };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn everything_of_a_real_server_is_in_the_snapshot() {
    let node = SystemTables::parse(V5_0).serve(&[]).await;
    let schema = whole(&node).await;
    let names: Vec<&str> = schema.keyspaces().map(|keyspace| keyspace.name()).collect();
    let of_server = ["system", "system_auth", "system_distributed", "system_schema"];
    let virtual_ones = ["system_traces", "system_views", "system_virtual_schema"];
    assert_eq!(names, [&["OtherPlace", "everything"], &of_server[..], &virtual_ones].concat());
    let other = schema.keyspace("OtherPlace").unwrap();
    assert!(!other.durable_writes() && other.is_read() && !other.has_tablets());
    assert_eq!(other.replication()["replication_factor"], "1");
    let keyspace = schema.keyspace("everything").unwrap();
    assert_eq!(keyspace.replication()["dc1"], "1");
    let tables: Vec<&str> = keyspace.tables().map(|table| table.name()).collect();
    assert_eq!(tables, ["MixedCase", "complex", "counters", "natives", "ordered"]);
    let types: Vec<String> = keyspace.user_types().map(|ty| ty.name.clone()).collect();
    assert_eq!(types, ["My \"Type\"", "above", "address", "zip"]);
    assert_eq!(schema.keyspace("system_views").unwrap().replication().len(), 0);
    let tables = schema.table("system_virtual_schema", "tables").unwrap();
    assert_eq!(*tables.kind(), TableKind::Virtual);
    assert_eq!(shown(tables.partition_key()), "keyspace_name text");
    assert_eq!(shown(tables.clustering()), "table_name text asc");
    assert!(schema.memory_bytes() > 20_000 && schema.tables_left_out() == 0);
}

#[tokio::test]
async fn columns_are_in_their_order_and_of_their_types() {
    let node = SystemTables::parse(V5_0).serve(&[]).await;
    let schema = whole(&node).await;
    let ordered = schema.table("everything", "ordered").unwrap();
    assert_eq!(shown(ordered.partition_key()), "region text, Day date");
    assert_eq!(shown(ordered.clustering()), "at timestamp desc, seq int asc, event timeuuid desc");
    assert_eq!(shown(ordered.statics()), "note text, owner everything.address");
    assert_eq!(shown(ordered.regulars()), "body blob, tags set<text>");
    assert_eq!(
        (ordered.comment(), ordered.default_time_to_live()),
        ("all kinds of columns", 86_400)
    );
    assert!(ordered.id().is_some());
    let view = schema.table("everything", "by_seq").unwrap();
    let TableKind::View(of) = view.kind() else { panic!("{view:?}") };
    assert_eq!((&*of.base_table, of.has_all_columns), ("ordered", false));
    assert!(of.where_clause.starts_with("region IS NOT NULL AND \"Day\" IS NOT NULL"));
    assert_eq!(shown(view.partition_key()), "seq int");
    let clustering = "region text desc, Day date asc, at timestamp asc, event timeuuid asc";
    assert_eq!(shown(view.clustering()), clustering);
    let keyspace = schema.keyspace("everything").unwrap();
    assert_eq!(keyspace.views_of("ordered").count(), 1);
    let mine = r#"everything."My ""Type""""#;
    let complex = schema.table("everything", "complex").unwrap();
    let types = [
        "a list<int>".to_owned(),
        format!("b map<text, list<{mine}>>"),
        "c map<inet, set<uuid>>".to_owned(),
        "d tuple<int, text, everything.above>".to_owned(),
        "e everything.above".to_owned(),
        "f vector<float, 3>".to_owned(),
        "g 'org.apache.cassandra.db.marshal.DynamicCompositeType(s=>\
         org.apache.cassandra.db.marshal.UTF8Type)'"
            .to_owned(),
        "h vector<list<int>, 2>".to_owned(),
        "i duration".to_owned(),
    ];
    assert_eq!(shown(complex.regulars()), types.join(", "));
    let fields = &keyspace.user_type("above").unwrap().fields;
    assert_eq!(fields[0].1.to_string(), mine);
    let address = &keyspace.user_type("address").unwrap().fields;
    assert_eq!(address[2].1.to_string(), "map<text, everything.zip>");
}

#[tokio::test]
async fn indexes_functions_and_aggregates_are_there() {
    let node = SystemTables::parse(V5_0).serve(&[]).await;
    let schema = whole(&node).await;
    let natives = schema.table("everything", "natives").unwrap();
    let indexes = natives.indexes().iter().map(|index| (&*index.name, index.target().unwrap()));
    assert_eq!(indexes.collect::<Vec<_>>(), [("by_body", "c_text"), ("by_note", "c_int")]);
    assert_eq!(natives.indexes()[1].options["class_name"], "StorageAttachedIndex");
    let keyspace = schema.keyspace("everything").unwrap();
    let functions = keyspace.functions().iter().map(|function| {
        let arguments = function.arguments.iter().map(|(name, ty)| format!("{name} {ty}"));
        let arguments = arguments.collect::<Vec<_>>().join(", ");
        format!("{}({arguments}) {}", function.name, function.return_type)
    });
    let expected = [
        "street(a everything.address) text",
        "sum_up(state bigint, val int) bigint",
        "sum_up(state int, val int) int",
    ];
    assert_eq!(functions.collect::<Vec<_>>(), expected);
    let total = &keyspace.aggregates()[0];
    assert_eq!((&*total.name, &*total.state_function), ("total", "sum_up"));
    assert_eq!(total.initial_condition.as_deref(), Some("0"));
    assert_eq!(total.final_function, None);
}

#[tokio::test]
async fn descriptions_are_the_servers_own() {
    let node = SystemTables::default().serve(&[]).await;
    let mut tables = SystemTables::default();
    tables.add("described", "keyspace_name text\ttype text\tname text\tcreate_statement text");
    tables.push("described", &["a", "keyspace", "a", "CREATE KEYSPACE a;"]);
    tables.push("described", &["a", "type", "t", "CREATE TYPE a.t (i int);"]);
    let described = tables.0.remove("described").unwrap();
    let statement = "DESCRIBE KEYSPACE \"say \"\"a\"\"\"";
    let rows = Prime::statement(statement).rows(described.columns, described.rows);
    node.prime(rows.in_pages([1, 0, 1]));
    let syntax = "line 1:0 no viable alternative at input 'DESCRIBE'";
    node.prime(Prime::statement("DESCRIBE \"a\".\"t\"").error(0x2000, syntax));
    node.prime(Prime::statement("DESCRIBE TYPE \"a\".\"t\"").error(0x2200, "'t' not found"));
    let connection = connect(&node).await;
    let cql = describe(&connection, Describe::Keyspace("say \"a\""), soon()).await.unwrap();
    assert_eq!(cql, "CREATE KEYSPACE a;\n\nCREATE TYPE a.t (i int);");
    let older = describe(&connection, Describe::Table("a", "t"), soon()).await.unwrap_err();
    assert!(matches!(older, DescribeError::NotKnown(_)));
    assert!(older.to_string().contains("since 4.0"), "{older}");
    let none = describe(&connection, Describe::Type("a", "t"), soon()).await.unwrap_err();
    assert!(matches!(none, DescribeError::Ask(_)), "{none}");
}
