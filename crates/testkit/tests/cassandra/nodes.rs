//! Clusters of a test's own, and what is done to their nodes.

use std::fs;
use std::net::{SocketAddr, TcpStream};

use cqlwire_testkit::cassandra::{Cluster, shared};

use crate::raw::{AUTHENTICATE, OPTIONS, READY, STARTUP, SUPPORTED, ask};

#[tokio::test]
async fn one_node_is_paused_restarted_and_killed() {
    let cluster = Cluster::builder().name("test-one-node").start().await;
    let [address] = *cluster.contact_points() else { panic!("{cluster:?}") };
    let node = cluster.node(1);
    assert_eq!(node.address(), address);
    assert_eq!(ask(address, None, &OPTIONS).unwrap(), SUPPORTED);
    assert_eq!(ask(address, None, STARTUP).unwrap(), READY);

    node.pause();
    assert!(!node.answers().await);
    TcpStream::connect(address).expect("the socket of a paused server is open");
    node.resume();
    assert!(node.answers().await);

    node.restart().await;
    assert_eq!(ask(address, None, &OPTIONS).unwrap(), SUPPORTED);
    let log = fs::read_to_string(node.log()).unwrap();
    assert_eq!(log.matches("Starting listening for CQL clients").count(), 2);
    assert_eq!(log.matches("Stop listening for CQL clients").count(), 1);

    node.pause();
    node.kill();
    TcpStream::connect(address).expect_err("a killed server has no socket");
}

#[tokio::test]
async fn nothing_outlives_a_test_that_panics() {
    let test = tokio::spawn(async {
        let cluster = Cluster::builder().name("test-panic").start().await;
        std::panic::panic_any(cluster.contact_points()[0]);
    });
    let address = *test.await.unwrap_err().into_panic().downcast::<SocketAddr>().unwrap();
    TcpStream::connect(address).expect_err("the server is gone before the panic is seen");
}

#[tokio::test]
async fn three_nodes_know_each_other_and_go_one_by_one() {
    let cluster = Cluster::builder().nodes(3).tls().start().await;
    let addresses: Vec<String> =
        cluster.contact_points().iter().map(|address| address.ip().to_string()).collect();
    assert_eq!(addresses, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
    let anonymous = cluster.certificates().unwrap().client_config(false).unwrap();
    for address in cluster.contact_points() {
        assert_eq!(ask(*address, Some(anonymous.clone()), STARTUP).unwrap(), READY);
        ask(*address, None, &OPTIONS).expect_err("plain text on a port of TLS");
    }
    cluster.node(2).kill();
    cluster.node(3).pause();
    assert!(cluster.node(1).answers().await);
    assert!(!cluster.node(2).answers().await);
    assert!(!cluster.node(3).answers().await);
    cluster.node(2).start().await;
    cluster.node(3).resume();
    assert!(cluster.node(3).answers().await);
}

#[tokio::test]
async fn password_and_client_certificate_are_both_asked_for() {
    let cluster = Cluster::builder().password().client_certificates().start().await;
    let address = cluster.contact_points()[0];
    let certificates = cluster.certificates().unwrap();
    let named = certificates.client_config(true).unwrap();
    assert_eq!(ask(address, Some(named), STARTUP).unwrap(), AUTHENTICATE);
    let anonymous = certificates.client_config(false).unwrap();
    ask(address, Some(anonymous), &OPTIONS).expect_err("a client without a certificate");
    assert!(cluster.node(1).answers().await);
}

#[tokio::test]
async fn one_node_is_shared_by_all_and_stopped_by_none() {
    let (cluster, same) = tokio::join!(shared(), shared());
    assert!(std::ptr::eq(cluster, same));
    let address = cluster.contact_points()[0];
    assert_eq!(ask(address, None, STARTUP).unwrap(), READY);
    let refused = tokio::spawn(async { cluster.node(1).kill() }).await;
    refused.expect_err("it is not the test's own");
    assert_eq!(ask(address, None, &OPTIONS).unwrap(), SUPPORTED);
}

#[test]
fn a_failed_start_shows_the_end_of_the_log() {
    let builder = Cluster::builder().name("test-failed").setting("no_such_setting", "1");
    let failed = builder.start_blocking().unwrap_err().to_string();
    assert!(failed.starts_with("node 1 ended, exit status: "), "{failed}");
    assert!(failed.contains("[no_such_setting]"), "{failed}");
}
