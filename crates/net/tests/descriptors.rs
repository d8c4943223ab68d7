//! Sockets come back, however their connections end. Alone in its process: descriptors are counted
//! for all of it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{Consistency, Opcode, Query, QueryParameters, RequestOptions, encode_request};
use cqlwire_net::{Connection, Deadline, Endpoint, Request, Settings};
use cqlwire_testkit::cancel::{Cancellable, Cut};
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::{Baseline, alone, descriptors};
use tokio::net::TcpListener;

fn seconds(n: u64) -> Deadline {
    Deadline::after(Duration::from_secs(n))
}

fn send(connection: &Connection, statement: &str) -> Request {
    let query = Query { statement, parameters: QueryParameters::new(Consistency::One, &()) };
    let options = RequestOptions::default();
    let envelope = encode_request(&query, connection.version(), &options, BytesMut::new());
    connection.send(envelope.unwrap(), seconds(60)).unwrap().request
}

/// Ends a connection in the way of this number; there are [`WAYS`].
async fn end(way: usize, node: &ScriptedNode, connection: Connection) {
    let pending = send(&connection, "silence");
    match way {
        0 => drop((pending, connection)),
        1 => {
            drop(connection);
            drop(pending);
        }
        2 => connection.close(Deadline::after(Duration::from_millis(20))).await,
        3 => {
            node.close_connections();
            pending.await.unwrap_err();
        }
        4 => {
            node.reset_connections();
            pending.await.unwrap_err();
        }
        5 => {
            node.half_close_connections();
            pending.await.unwrap_err();
        }
        _ => {
            node.send_bytes(&b"not of this protocol"[..]);
            pending.await.unwrap_err();
        }
    }
}

const WAYS: usize = 7;

#[tokio::test]
async fn g8_6_g10_4_every_socket_comes_back() {
    let alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    node.prime(Prime::statement("silence").silence());
    let (endpoint, settings): (Endpoint, _) = (node.address().into(), Settings::default());
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let refusing = nobody.local_addr().unwrap().into();
    drop(nobody);
    let baseline = Baseline::of_tasks_and_descriptors(&alone);

    for way in 0..WAYS {
        let connection = Connection::open(&endpoint, &settings, seconds(5)).await.unwrap();
        assert!(send(&connection, "SELECT now").await.is_ok());
        end(way, &node, connection).await;
        baseline.regained().await;
    }

    // Nor do attempts leave anything: refused, or dropped on the way.
    Connection::open(&refusing, &settings, seconds(5)).await.unwrap_err();
    for polls in 0..8 {
        for cut in [Cut::AfterPolls(polls), Cut::WhenWokenAfter(polls + 1)] {
            let opening = Connection::open(&endpoint, &settings, seconds(5));
            drop(Cancellable::at(opening, cut).await);
            baseline.regained().await;
        }
    }
    node.prime(Prime::opcode(Opcode::Startup).silence());
    let before = descriptors();
    let late = Deadline::after(Duration::from_millis(20));
    assert!(Connection::open(&endpoint, &settings, late).await.unwrap_err().is_timeout());
    baseline.regained().await;
    assert!(descriptors() <= before);
}
