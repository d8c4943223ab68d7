//! The cluster, seen by clients that are nothing but the codec.

mod events;
mod hosts;
mod network;
mod schema;
mod sockets;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use cqlwire_codec::{Opcode, ProtocolVersion};
use tokio::io::DuplexStream;

use super::{EventDelivery, Reach, ScriptedCluster};
use crate::node::tests::client::{Client, page_of, register};
use crate::schema::{Keyspace, Table};

/// Three nodes in two racks of one data center, one node in another.
fn cluster() -> ScriptedCluster {
    ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2", "rack1"])
        .data_center("dc2", ["rack1"])
        .keyspace(keyspace())
        .in_memory()
}

fn keyspace() -> Keyspace {
    Keyspace::network("app", [("dc1", "3"), ("dc2", "1")])
        .table(Table::new("users").partition_key("id", "uuid").column("name", "text"))
}

/// A client of this node that is ready.
async fn client(cluster: &ScriptedCluster, number: usize) -> Client<DuplexStream> {
    let stream = cluster.dial(cluster.address(number)).await.unwrap();
    Client::ready(stream, ProtocolVersion::V5, None).await
}

/// The same, registered for all events.
async fn listener(cluster: &ScriptedCluster, number: usize) -> Client<DuplexStream> {
    let mut client = client(cluster, number).await;
    let kinds = register(&["TOPOLOGY_CHANGE", "STATUS_CHANGE", "SCHEMA_CHANGE"]);
    assert_eq!(client.ask(Opcode::Register, 1, &kinds).await.header.opcode, Opcode::Ready);
    client
}

async fn rows(client: &mut Client<DuplexStream>, statement: &str) -> Vec<Vec<Option<Bytes>>> {
    page_of(&client.query(1, statement).await).rows
}

/// The first column of the rows.
async fn column(client: &mut Client<DuplexStream>, statement: &str) -> Vec<String> {
    let text = |row: &Vec<Option<Bytes>>| {
        String::from_utf8(row[0].clone().unwrap_or_default().to_vec()).unwrap()
    };
    rows(client, statement).await.iter().map(text).collect()
}

/// The addresses that a node knows, its own included.
async fn ring(client: &mut Client<DuplexStream>) -> BTreeSet<SocketAddr> {
    let local = "SELECT rpc_address, rpc_port FROM system.local WHERE key = 'local'";
    let peers = "SELECT native_address, native_port FROM system.peers_v2";
    let mut all = rows(client, local).await;
    all.extend(rows(client, peers).await);
    all.iter().map(|row| address(row)).collect()
}

fn address(row: &[Option<Bytes>]) -> SocketAddr {
    let [Some(ip), Some(port)] = row else { panic!("an address and a port: {row:?}") };
    let ip: [u8; 4] = ip.as_ref().try_into().unwrap();
    let port = i32::from_be_bytes(port.as_ref().try_into().unwrap());
    (IpAddr::from(ip), u16::try_from(port).unwrap()).into()
}
