//! Sessions over TLS: certificates that are replaced under load, and whom each host has to be.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Member;
use cqlwire_testkit::tls::{Authority, Identity, TlsNode, acceptor};

use super::*;
use crate::net::ServerAddress;
use crate::{FixedAddresses, SessionBuilder, Tls, TlsFiles};

const READ: &str = "SELECT release_version FROM system.local";

/// A node of a cluster behind TLS, with an id of its own.
async fn node(number: u16, identity: &Identity, clients: Option<&Authority>) -> TlsNode {
    let named = SocketAddr::from(([10, 0, 0, 1], number));
    let node = ScriptedNode::builder().member(Member::new(named)).in_memory();
    TlsNode::listen(node, acceptor(identity, clients)).await.unwrap()
}

fn builder(tls: Tls, contact_point: impl ToString) -> SessionBuilder {
    Session::builder().contact_points([contact_point.to_string()]).tls(tls)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_both_sides_are_replaced_and_no_request_fails() {
    let old = (Authority::new("servers"), Authority::new("clients"));
    let new = (Authority::new("new servers"), Authority::new("new clients"));
    let node = node(1, &old.0.sign("127.0.0.1"), Some(&old.1)).await;
    let directory = tempfile::tempdir().unwrap();
    let [ca, chain, key] =
        ["ca.pem", "client.pem", "client.key"].map(|name| directory.path().join(name));
    let write = |authorities: &[&Authority], client: &Identity| {
        let authorities: String = authorities.iter().map(|authority| authority.pem()).collect();
        for (path, text) in [(&ca, &authorities), (&chain, &client.chain), (&key, &client.key)] {
            fs::write(path, text).unwrap();
        }
    };
    write(&[&old.0], &old.1.sign("shop"));
    let tls = Tls::from_files(TlsFiles::trusting(&ca).client_auth(&chain, &key)).unwrap();
    let session = builder(tls, node.address()).connect().await.unwrap();

    let (stop, loading) = (Arc::new(AtomicBool::new(false)), session.clone());
    let stops = Arc::clone(&stop);
    let load = tokio::spawn(async move {
        let mut done = 0;
        while !stops.load(Relaxed) {
            loading.query(READ, ()).idempotent(true).await.unwrap();
            done += 1;
        }
        done
    });
    // As it is done: clients trust both, servers change, connections come and go.
    write(&[&old.0, &new.0], &new.1.sign("shop"));
    let before = node.node().accepted().len();
    node.replace(acceptor(&new.0.sign("127.0.0.1"), Some(&new.1)));
    node.node().close_connections();
    eventually(PATIENCE, "connected anew", || node.node().accepted().len() >= before + 3).await;
    write(&[&new.0], &new.1.sign("shop"));
    node.node().close_connections();
    eventually(PATIENCE, "and again", || node.node().accepted().len() >= before + 6).await;
    stop.store(true, Relaxed);
    assert!(load.await.unwrap() > 0);
    session.query(READ, ()).await.unwrap();
    session.close(PATIENCE).await;
    assert!(session.resources().is_idle());
    node.node().take_violations();
}

/// How many local hosts are connected to, if the session is.
async fn hosts_up(builder: SessionBuilder) -> Result<usize, String> {
    let session = builder.ready_when(2).connect().await.map_err(|error| error.to_string())?;
    let up = session.health().local_hosts_up;
    session.close(PATIENCE).await;
    Ok(up)
}

#[tokio::test]
async fn a_host_that_others_tell_of_is_expected_by_its_address_or_by_the_name_that_is_set() {
    let authority = Authority::new("authority");
    let trusting = || Tls::trusting(authority.pem().as_bytes()).unwrap();
    // What each shows, whether the contact point is an address, and how the second is found.
    for (shows, is_name) in [("127.0.0.1", false), ("localhost", true), ("db.example", false)] {
        let identity = authority.sign(shows);
        let (one, two) = (node(1, &identity, None).await, node(2, &identity, None).await);
        one.node().set_peers([Member { address: two.address(), ..two.node().member() }]);
        let host = if is_name { "localhost" } else { "127.0.0.1" };
        let contact_point = format!("{host}:{}", one.address().port());
        let plain = hosts_up(builder(trusting(), &contact_point)).await;
        let named = trusting().server_name(shows).unwrap();
        let by_name = hosts_up(builder(named, &contact_point)).await;
        assert_eq!(by_name, Ok(2), "{shows}: all are expected to be it");
        if shows == "127.0.0.1" {
            assert_eq!(plain, Ok(2), "each is where it is");
            continue;
        }
        let text = plain.unwrap_err();
        let says = "certificate not valid for name \"127.0.0.1\"; certificate is only valid for";
        assert!(text.contains(says) && text.contains("`Tls::server_name`"), "{text}");
        let failed = if is_name { two.address() } else { one.address() };
        assert!(text.contains(&failed.to_string()), "{text}");
        if is_name {
            let endpoint = format!("localhost:{}", two.address().port()).parse().unwrap();
            let second = ServerAddress::found_as(two.address(), &endpoint);
            let translator = FixedAddresses::from_iter([(two.address(), second)]);
            let translated = builder(trusting(), &contact_point).address_translator(translator);
            assert_eq!(hosts_up(translated).await, Ok(2), "it has a name");
        }
    }
}
