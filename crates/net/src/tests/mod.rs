//! One connection against the scripted node, or against a server that is played by hand.
//!
//! Most run in memory under paused time; sockets are for what only sockets do.

mod accounting;
mod authenticators;
mod backpressure;
mod cancellation;
mod certificates;
mod closing;
mod connecting;
mod conversation;
mod deadlines;
mod dialers;
mod envelopes;
mod errors;
mod exchanges;
mod faults;
mod gathering;
mod handshake;
mod handshake_faults;
mod hostile_tls;
mod key_log;
mod limits;
mod liveness;
mod names;
#[cfg(unix)]
mod odd_files;
mod orphans;
mod passwords;
pub(crate) mod played;
mod recording;
mod reloading;
mod runtimes;
mod sockets;
#[cfg(feature = "system-roots")]
mod system_roots;
mod timed;
mod tls;
mod unreadable_keys;
mod wakers;
mod wakeups;

use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{
    Compression, Consistency, Envelope, ProtocolVersion, Query, QueryParameters, RequestEnvelope,
    RequestOptions, encode_request,
};
use cqlwire_testkit::node::ScriptedNode;

use crate::{Connection, Deadline, Request, Settings};

/// Every way of speaking that differs on the wire.
const WAYS: [(ProtocolVersion, Option<Compression>); 5] = [
    (ProtocolVersion::V3, None),
    (ProtocolVersion::V4, None),
    (ProtocolVersion::V4, Some(Compression::Lz4)),
    (ProtocolVersion::V5, None),
    (ProtocolVersion::V5, Some(Compression::Lz4)),
];

/// How often to do something: less often by default, more often under `CQLWIRE_SOAK`.
fn rounds(quick: usize, soak: usize) -> usize {
    if std::env::var_os("CQLWIRE_SOAK").is_some() { soak } else { quick }
}

pub(crate) fn seconds(n: u64) -> Deadline {
    Deadline::after(Duration::from_secs(n))
}

fn millis(n: u64) -> Deadline {
    Deadline::after(Duration::from_millis(n))
}

/// Settings of this version and no other.
fn only(version: ProtocolVersion) -> Settings {
    Settings { newest_version: version, oldest_version: version, ..Settings::default() }
}

async fn connected(node: &ScriptedNode, settings: &Settings) -> Connection {
    Connection::over(node.connect(), "node", settings, seconds(5)).await.unwrap()
}

/// A QUERY without values, as this connection speaks.
pub(crate) fn query(connection: &Connection, statement: &str) -> RequestEnvelope {
    let query = Query { statement, parameters: QueryParameters::new(Consistency::One, &()) };
    let options =
        RequestOptions { compression: connection.compression(), ..RequestOptions::default() };
    encode_request(&query, connection.version(), &options, BytesMut::new()).unwrap()
}

/// Sends a QUERY and does not wait for its answer.
pub(crate) fn send(connection: &Connection, statement: &str, deadline: Deadline) -> Request {
    connection.send(query(connection, statement), deadline).unwrap().request
}

async fn ask(connection: &Connection, statement: &str) -> Envelope {
    send(connection, statement, seconds(5)).await.unwrap()
}
