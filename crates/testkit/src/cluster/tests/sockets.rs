//! The same cluster on sockets.

use std::time::Duration;

use tokio::net::TcpStream;

use super::*;
use crate::eventually;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn nodes_listen_at_their_addresses_and_come_back_there() {
    let cluster = ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack1", "rack1"])
        .on_sockets()
        .unwrap();
    let address = cluster.address(1);
    assert_eq!(address.ip(), IpAddr::from([127, 0, 0, 2]));
    for number in 0..3 {
        let stream = TcpStream::connect(cluster.address(number)).await.unwrap();
        let mut client = Client::ready(stream, ProtocolVersion::V5, None).await;
        let peers = client.query(1, "SELECT native_address, native_port FROM system.peers_v2");
        let peers = page_of(&peers.await).rows;
        assert_eq!(peers.len(), 2);
        assert!(peers.iter().all(|row| super::address(row).port() == address.port()));
    }
    for round in 0..10 {
        cluster.restart(1);
        let stream = TcpStream::connect(address).await.unwrap();
        drop(Client::ready(stream, ProtocolVersion::V5, None).await);
        eventually(PATIENCE, "it was counted", || cluster.dials(address) == round + 2).await;
    }
    cluster.kill(1);
    let error = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    let fourth = cluster.join("dc1", "rack1");
    assert!(TcpStream::connect(cluster.address(fourth)).await.is_ok());
}
