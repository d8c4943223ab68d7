//! What the system tables say about the schema.

use cqlwire_codec::wire::Reader;

use super::*;
use crate::node::tests::client::{error_of, execute, prepare, result_kind};

#[tokio::test(start_paused = true)]
async fn all_nodes_say_the_same_about_the_schema_whatever_changes() {
    let cluster = cluster();
    let version = "SELECT schema_version FROM system.local";
    let mut before = rows(&mut client(&cluster, 0).await, version).await;
    cluster.put_table("app", Table::new("t").partition_key("k", "int"));
    cluster.put_keyspace(Keyspace::simple("other", 2));
    for number in 0..4 {
        let mut client = client(&cluster, number).await;
        let names = "SELECT keyspace_name FROM system_schema.keyspaces";
        let expected = ["system", "system_schema", "app", "other"];
        assert_eq!(column(&mut client, names).await, expected);
        let names = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'app'";
        assert_eq!(column(&mut client, names).await, ["t", "users"]);
        let after = rows(&mut client, version).await;
        assert!(after != before);
        let peers = rows(&mut client, "SELECT schema_version FROM system.peers").await;
        assert!(peers.iter().all(|row| *row == after[0]));
    }
    // One that lags is told apart, by itself and by others, until it has caught up.
    cluster.lag_schema(1, true);
    cluster.drop_table("app", "t");
    let mut watching = client(&cluster, 0).await;
    before = rows(&mut watching, version).await;
    let second = "SELECT schema_version FROM system.peers WHERE peer = '10.0.0.2'";
    assert!(rows(&mut watching, second).await != before);
    assert!(rows(&mut client(&cluster, 1).await, version).await != before);
    cluster.lag_schema(1, false);
    assert_eq!(rows(&mut watching, second).await, before);
}

#[tokio::test(start_paused = true)]
async fn columns_are_told_with_their_part_in_the_key() {
    let cluster = cluster();
    let table = Table::new("Readings")
        .partition_key("a", "int")
        .partition_key("b", "text")
        .clustering_descending("c", "timestamp")
        .static_column("s", "int")
        .column("v", "frozen<map<text, int>>");
    cluster.put_table("app", table);
    let mut client = client(&cluster, 0).await;
    let of = |what: &str| {
        format!(
            "SELECT {what} FROM system_schema.columns \
             WHERE keyspace_name = 'app' AND table_name = 'Readings'"
        )
    };
    let kinds = ["partition_key", "partition_key", "clustering", "static", "regular"];
    assert_eq!(column(&mut client, &of("kind")).await, kinds);
    let orders = ["none", "none", "desc", "none", "none"];
    assert_eq!(column(&mut client, &of("clustering_order")).await, orders);
    let positions: Vec<_> = rows(&mut client, &of("position")).await;
    let number = |n: i32| vec![Some(Bytes::copy_from_slice(&n.to_be_bytes()))];
    assert_eq!(positions, [0, 1, 0, -1, -1].map(number));
    assert_eq!(column(&mut client, &of("type")).await[4], "frozen<map<text, int>>");
}

#[tokio::test(start_paused = true)]
async fn tables_that_are_empty_or_not_there_are_told_apart() {
    let cluster = cluster();
    let old = ScriptedCluster::builder().release("3.11.19").data_center("dc1", ["rack1"]);
    let old = old.in_memory();
    let (mut new, mut old) = (client(&cluster, 0).await, client(&old, 0).await);
    for table in ["keyspaces", "tables", "columns"] {
        let text = format!("SELECT * FROM system_virtual_schema.{table}");
        assert_eq!(rows(&mut new, &text).await.len(), 0);
        assert_eq!(error_of(&old.query(1, &text).await).0, 0x2200);
    }
    for table in
        ["types", "functions", "aggregates", "indexes", "views", "triggers", "dropped_columns"]
    {
        let text = format!("SELECT * FROM system_schema.{table}");
        assert_eq!(rows(&mut new, &text).await.len(), 0);
    }
    let text = "SELECT * FROM system_schema.weather";
    assert_eq!(error_of(&new.query(1, text).await).0, 0x2200);
}

#[tokio::test(start_paused = true)]
async fn questions_may_be_prepared() {
    let cluster = cluster();
    let mut client = client(&cluster, 0).await;
    let text = "SELECT column_name FROM system_schema.columns \
         WHERE keyspace_name = ? AND table_name IN ?";
    let answer = client.ask(Opcode::Prepare, 1, &prepare(ProtocolVersion::V5, text)).await;
    assert_eq!(result_kind(&answer), 4);
    let mut reader = Reader::new(&answer.body[4..]);
    let id = reader.short_bytes("id").unwrap().to_vec();
    let metadata_id = reader.short_bytes("metadata id").unwrap().to_vec();
    let names = b"\0\0\0\x02\0\0\0\x05users\0\0\0\x01x";
    let body = execute(ProtocolVersion::V5, &id, &metadata_id, &[b"app", names], false);
    let page = page_of(&client.ask(Opcode::Execute, 1, &body).await);
    assert_eq!(page.rows, ["id", "name"].map(|name| vec![crate::node::cell(name)]));
}
