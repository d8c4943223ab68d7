//! What the node tells about itself: one data center, its part of the ring, and the tables of the
//! benchmark.

use std::net::{IpAddr, SocketAddr};

use bytes::{Bytes, BytesMut};
use cqlwire_codec::ColumnType::{Boolean, Inet, Int, List, Map, Set, Text, Uuid};
use cqlwire_codec::wire::write;
use cqlwire_codec::{ColumnType, EncodeError};

use super::catalog::{Column, Table};

/// The partitioner that all drivers know.
const PARTITIONER: &str = "org.apache.cassandra.dht.Murmur3Partitioner";

/// A uuid of version 4, which ends with the number of the node.
const HOST_ID: [u8; 16] = *b"canned\x40 \xA0 node 0";

/// The keyspace of the benchmark, as its replication is kept.
const REPLICATION: [(&str, &str); 2] =
    [("class", "org.apache.cassandra.locator.SimpleStrategy"), ("replication_factor", "1")];

/// Its columns: table, name, kind, position, type.
const COLUMNS: [(&str, &str, &str, i32, &str); 8] = [
    ("users", "id", "partition_key", 0, "bigint"),
    ("users", "name", "regular", -1, "text"),
    ("users", "payload", "regular", -1, "blob"),
    ("events", "part", "partition_key", 0, "int"),
    ("events", "id", "clustering", 0, "bigint"),
    ("events", "name", "regular", -1, "text"),
    ("events", "score", "regular", -1, "double"),
    ("events", "photo", "regular", -1, "blob"),
];

/// Everything that drivers ask about when they connect.
pub(super) fn tables(addresses: &[SocketAddr], own: usize) -> Result<Vec<Table>, EncodeError> {
    let text_list = List(Box::new(Text));
    let types = [
        ("keyspace_name", Text),
        ("type_name", Text),
        ("field_names", text_list.clone()),
        ("field_types", text_list),
    ];
    let views = [("keyspace_name", Text), ("view_name", Text), ("base_table_name", Text)];
    Ok(vec![
        local(addresses, own)?,
        peers("peers", addresses, own)?,
        peers("peers_v2", addresses, own)?,
        keyspaces()?,
        table_names(),
        columns(),
        Table::empty("system_schema", "types", &types),
        Table::empty("system_schema", "views", &views),
    ])
}

fn host_id(number: usize) -> Bytes {
    let mut id = HOST_ID;
    if let Some(last) = id.last_mut() {
        *last = last.wrapping_add(number.to_le_bytes()[0]);
    }
    Bytes::copy_from_slice(&id)
}

/// The one token of a node: they are spread evenly.
fn token(number: usize, nodes: usize) -> String {
    let spread = u64::MAX / u64::try_from(nodes).unwrap_or(1).max(1);
    let token = spread.wrapping_mul(u64::try_from(number).unwrap_or_default());
    token.cast_signed().wrapping_add(i64::MAX / 2).to_string()
}

fn local(addresses: &[SocketAddr], own: usize) -> Result<Table, EncodeError> {
    let address = addresses[own];
    let (ip, port) = (inet(address.ip()), int(i32::from(address.port())));
    let columns = [
        ("key", Text, text("local")),
        ("bootstrapped", Text, text("COMPLETED")),
        ("broadcast_address", Inet, ip.clone()),
        ("broadcast_port", Int, int(7000)),
        ("cluster_name", Text, text("canned")),
        ("cql_version", Text, text("3.4.7")),
        ("data_center", Text, text("datacenter1")),
        ("host_id", Uuid, Some(host_id(own))),
        ("listen_address", Inet, ip.clone()),
        ("native_protocol_version", Text, text("5")),
        ("partitioner", Text, text(PARTITIONER)),
        ("rack", Text, text("rack1")),
        ("release_version", Text, text("5.0.0")),
        ("rpc_address", Inet, ip),
        ("rpc_port", Int, port),
        ("schema_version", Uuid, Some(Bytes::from_static(&[0x5C; 16]))),
        ("tokens", Set(Box::new(Text)), Some(list(&[&token(own, addresses.len())])?)),
    ];
    let column = |(name, column_type, cell)| Column { name, column_type, cells: vec![cell] };
    let columns = columns.into_iter().map(column).collect();
    Ok(Table { keyspace: "system", name: "local", columns })
}

fn peers(name: &'static str, addresses: &[SocketAddr], own: usize) -> Result<Table, EncodeError> {
    let columns = [
        ("peer", Inet),
        ("data_center", Text),
        ("host_id", Uuid),
        ("native_address", Inet),
        ("native_port", Int),
        ("rack", Text),
        ("release_version", Text),
        ("rpc_address", Inet),
        ("schema_version", Uuid),
        ("tokens", Set(Box::new(Text))),
    ];
    let mut table = Table::empty("system", name, &columns);
    for (number, peer) in addresses.iter().enumerate().filter(|(number, _)| *number != own) {
        let ip = inet(peer.ip());
        table.push([
            ip.clone(),
            text("datacenter1"),
            Some(host_id(number)),
            ip.clone(),
            int(i32::from(peer.port())),
            text("rack1"),
            text("5.0.0"),
            ip,
            Some(Bytes::from_static(&[0x5C; 16])),
            Some(list(&[&token(number, addresses.len())])?),
        ]);
    }
    Ok(table)
}

fn keyspaces() -> Result<Table, EncodeError> {
    let replication = Map(Box::new(Text), Box::new(Text));
    let as_json = "tojson(replication) as replication";
    let columns = [
        ("keyspace_name", Text),
        ("replication", replication),
        (as_json, Text),
        ("durable_writes", Boolean),
    ];
    let mut table = Table::empty("system_schema", "keyspaces", &columns);
    let [(class, strategy), (factor, replicas)] = REPLICATION;
    let json = format!(r#"{{"{class}": "{strategy}", "{factor}": "{replicas}"}}"#);
    let always = Some(Bytes::from_static(&[1]));
    table.push([text("bench"), Some(map(&REPLICATION)?), text(&json), always]);
    Ok(table)
}

fn table_names() -> Table {
    let columns = [("keyspace_name", Text), ("table_name", Text)];
    let mut table = Table::empty("system_schema", "tables", &columns);
    table.push([text("bench"), text("users")]);
    table.push([text("bench"), text("events")]);
    table
}

fn columns() -> Table {
    let columns: [(_, ColumnType); 6] = [
        ("keyspace_name", Text),
        ("table_name", Text),
        ("column_name", Text),
        ("kind", Text),
        ("position", Int),
        ("type", Text),
    ];
    let mut table = Table::empty("system_schema", "columns", &columns);
    for (of, name, kind, position, column_type) in COLUMNS {
        table.push([
            text("bench"),
            text(of),
            text(name),
            text(kind),
            int(position),
            text(column_type),
        ]);
    }
    table
}

fn text(text: &str) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(text.as_bytes()))
}

fn int(int: i32) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(&int.to_be_bytes()))
}

fn inet(address: IpAddr) -> Option<Bytes> {
    Some(match address {
        IpAddr::V4(address) => Bytes::copy_from_slice(&address.octets()),
        IpAddr::V6(address) => Bytes::copy_from_slice(&address.octets()),
    })
}

fn list(items: &[&str]) -> Result<Bytes, EncodeError> {
    let mut out = BytesMut::new();
    write::int_length(&mut out, "items of a list", items.len())?;
    for item in items {
        write::bytes(&mut out, "item of a list", Some(item.as_bytes()))?;
    }
    Ok(out.freeze())
}

fn map(entries: &[(&str, &str)]) -> Result<Bytes, EncodeError> {
    let mut out = BytesMut::new();
    write::int_length(&mut out, "entries of a map", entries.len())?;
    for (key, value) in entries {
        write::bytes(&mut out, "key of a map", Some(key.as_bytes()))?;
        write::bytes(&mut out, "value of a map", Some(value.as_bytes()))?;
    }
    Ok(out.freeze())
}
