//! Sessions with scripted nodes: on sockets, or in memory under paused time.

#[cfg(feature = "astra")]
mod astra;
#[cfg(feature = "astra")]
mod astra_hostile;
mod basics;
mod batches;
#[cfg(feature = "blocking")]
mod blocking;
mod bound_values;
mod cancellation;
mod certificates;
mod close;
mod conditions;
mod deadlines;
mod drafts;
mod errors;
mod explain;
#[cfg(all(feature = "opentelemetry", feature = "prometheus"))]
mod exports;
mod extremes;
mod handles;
mod hooks;
mod host_limits;
mod keyspace_pools;
mod keyspaces;
mod limits;
mod loads;
mod login_secrets;
mod logs;
mod memory;
mod metrics;
mod mixed;
mod observers;
#[cfg(feature = "prometheus")]
mod open_metrics;
mod outcomes;
mod pages;
mod parked;
mod percentile;
mod positions;
mod prepared_cache;
mod preparing;
mod profiles;
mod query_values;
mod quiet;
mod reports;
mod retries;
mod retry_chaos;
mod routing;
mod scans;
#[cfg(feature = "prometheus")]
mod scrapes;
mod scripted;
mod secrets;
mod seeds;
mod sent_along;
#[cfg(unix)]
mod sockets;
mod spans;
mod speculation;
mod statements;
mod stream_totals;
mod streams;
#[cfg(feature = "derive")]
mod structs;
mod timestamps;
mod traces;
mod transactions;

use std::time::Duration;

use cqlwire_testkit::node::{Prime, Row, ScriptedNode, cell, columns};

use crate::codec::ColumnType;
use crate::{Session, SessionBuilder};

const PATIENCE: Duration = Duration::from_secs(10);

const SELECT: &str = "SELECT id, name FROM users WHERE city = ?";
const INSERT: &str = "INSERT INTO users (id) VALUES (1)";

/// How often to do something: less often by default, more often under `CQLWIRE_SOAK`.
fn rounds(quick: usize, soak: usize) -> usize {
    if std::env::var_os("CQLWIRE_SOAK").is_some() { soak } else { quick }
}

fn builder(node: &ScriptedNode) -> SessionBuilder {
    Session::builder().contact_points([node.address().to_string()])
}

async fn connected(node: &ScriptedNode) -> Session {
    builder(node).connect().await.unwrap()
}

fn users(count: i64) -> Vec<Row> {
    (0..count).map(|id| vec![cell(id.to_be_bytes()), cell(format!("user {id}"))]).collect()
}

/// `SELECT` is answered with so many users.
fn answer_users(count: i64) -> Prime {
    let shape = columns([("id", ColumnType::BigInt), ("name", ColumnType::Text)]);
    let markers = columns([("city", ColumnType::Text)]);
    Prime::statement(SELECT).rows(shape, users(count)).binds(markers, &[0])
}

fn prime_users(node: &ScriptedNode, count: i64) {
    node.prime(answer_users(count));
}
