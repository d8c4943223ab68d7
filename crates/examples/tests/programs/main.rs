//! The programs, as processes: against a real Cassandra, which their tests share, and where a server has
//! to be slow or silent, against a scripted node.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "here a panic is a failed test")]

mod migrate;
mod orders;
mod program;
mod worker;

use std::time::Duration;

use cqlwire::Session;
use cqlwire_testkit::cassandra;

const PATIENCE: Duration = Duration::from_secs(120);

/// A keyspace made anew, with all tables, and its URL.
async fn keyspace(name: &str) -> (Session, String) {
    let (session, servers) = servers().await;
    session.query(&format!("DROP KEYSPACE IF EXISTS {name}"), ()).await.unwrap();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    migrate::done(&servers, name, migrations, &["init", "--replication", migrate::ONE_HOST]).await;
    migrate::done(&servers, name, migrations, &["up"]).await;
    (session.with_keyspace(name).await.unwrap(), format!("{servers}/{name}"))
}

/// A session with the servers that tests share, and their URL.
async fn servers() -> (Session, String) {
    let points = cassandra::shared().await.contact_points();
    let points: Vec<String> = points.iter().map(ToString::to_string).collect();
    let url = format!("cql://{}", points.join(","));
    (Session::builder().url(&url).connect().await.unwrap(), url)
}
