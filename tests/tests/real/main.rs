//! Sessions with real Cassandra, which the testkit starts.
//!
//! Tests that leave the server as it is share one node; those that stop, kill or secure nodes have
//! their own.
#![allow(clippy::panic, clippy::unwrap_used, reason = "here a panic is a failed test")]

mod bad_input;
mod batches;
mod blocking;
mod changing;
mod conditions;
mod forgetful;
mod keyspaces;
mod large;
mod loads;
mod loss;
mod markers;
mod members;
mod ordered;
mod outside;
mod paging;
mod protocol;
mod quiet;
mod replicas;
mod scans;
mod schema;
mod security;
mod seen;
mod structs;
mod three_nodes;
mod time_uuids;
mod timestamps;
mod traces;
mod transactions;
mod values;

use std::time::Duration;

use cqlwire::{Consistency, ExecutionProfile, ProtocolVersion, Session, SessionBuilder};
use cqlwire_testkit::cassandra::{self, Cluster};

const PATIENCE: Duration = Duration::from_secs(60);

fn builder(cluster: &Cluster) -> SessionBuilder {
    let profile = ExecutionProfile::default().consistency(Consistency::One);
    let profile = profile.timeout(Duration::from_secs(30));
    let points = cluster.contact_points().iter().map(ToString::to_string).collect::<Vec<_>>();
    let builder = Session::builder().contact_points(points).profile(profile);
    builder.protocol_versions(ProtocolVersion::V3, newest())
}

/// The newest version that is spoken where a test does not say: `make test-matrix` has others, too.
fn newest() -> ProtocolVersion {
    match std::env::var("CQLWIRE_NEWEST_PROTOCOL").as_deref() {
        Ok("v3") => ProtocolVersion::V3,
        Ok("v4") => ProtocolVersion::V4,
        Ok("v5") | Err(_) => ProtocolVersion::V5,
        Ok(other) => panic!("CQLWIRE_NEWEST_PROTOCOL is {other:?}: v3, v4 or v5"),
    }
}

/// Says for `make test-matrix` that a test can tell nothing, or not all, of this server, and why.
#[expect(clippy::print_stdout, reason = "the table is made of it")]
fn left_out(why: &str) {
    println!("left out: {why}");
}

/// A session with the node that tests share.
async fn shared() -> Session {
    builder(cassandra::shared().await).connect().await.unwrap()
}

/// Makes a keyspace of this name anew, and a table in it.
async fn create(session: &Session, keyspace: &str, table: &str) {
    let replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
    let statements = [
        format!("DROP KEYSPACE IF EXISTS {keyspace}"),
        format!("CREATE KEYSPACE {keyspace} WITH replication = {replication}"),
        format!("CREATE TABLE {keyspace}.{table}"),
    ];
    for statement in statements {
        session.query(&statement, ()).await.unwrap();
    }
}

/// The version of the server that the session is connected to.
async fn release(session: &Session) -> String {
    let found = session.query("SELECT release_version FROM system.local", ()).await.unwrap();
    found.one_row::<(String,)>().unwrap().0
}

/// Does the server have vectors? Those before 5.0 have none.
async fn has_vectors(session: &Session) -> bool {
    let has_some = !release(session).await.starts_with(['3', '4']);
    if !has_some {
        left_out("before 5.0 there are no vectors");
    }
    has_some
}

/// Closes the session, and asserts that nothing is left of it.
async fn close(session: Session) {
    session.close(Duration::from_secs(10)).await;
    assert!(session.resources().is_zero(), "{}", session.resources());
}
