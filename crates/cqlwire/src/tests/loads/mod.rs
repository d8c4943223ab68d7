//! Loading many rows into a scripted cluster, under paused time.

mod changes;
mod ends;
mod failures;
mod flow;
mod grouping;
mod mistakes;
mod sums;

use std::collections::BTreeMap;
use std::sync::Arc;

use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, Received};
use cqlwire_testkit::schema::{Keyspace, Table};

use super::PATIENCE;
use super::scripted;
use crate::codec::Opcode;
use crate::{Session, SessionBuilder};

/// Each row has a key of two columns: the sensor is its partition.
const WRITE: &str = "INSERT INTO app.readings (sensor, at, v) VALUES (?, ?, ?)";
/// Each row is a partition.
const PLAIN: &str = "INSERT INTO app.plain (k, v) VALUES (?, ?)";

type Reading = (i32, i64, &'static str);

/// Three hosts, each partition on two of them.
fn cluster() -> ScriptedCluster {
    let readings = Table::new("readings").partition_key("sensor", "int").clustering("at", "bigint");
    let by_decimal = Table::new("by_decimal").partition_key("k", "int").clustering("c", "decimal");
    let statics = Table::new("statics").partition_key("k", "int").clustering("c", "int");
    let counts = Table::new("counts").partition_key("k", "int").clustering("c", "int");
    let plain = Table::new("plain").partition_key("k", "int").column("v", "text");
    let tables = [
        readings.column("v", "text"),
        by_decimal.column("v", "int"),
        statics.static_column("s", "int").column("v", "int"),
        counts.column("n", "counter"),
        plain,
    ];
    let app = Keyspace::network("app", [("near", "2")]);
    let app = tables.into_iter().fold(app, Keyspace::table);
    let racks = ["rack1", "rack2", "rack3"];
    ScriptedCluster::builder().data_center("near", racks).keyspace(app).in_memory()
}

fn builder_of(cluster: &ScriptedCluster) -> SessionBuilder {
    scripted::builder_of(cluster, "near").connections_per_host(1)
}

/// A session that knows the schema.
async fn connected(cluster: &ScriptedCluster) -> Session {
    let session = builder_of(cluster).connect().await.unwrap();
    knows_schema(&session).await;
    session
}

async fn knows_schema(session: &Session) {
    let knows = || session.schema().table("app", "readings").is_some();
    eventually(PATIENCE, "the schema is known", knows).await;
}

fn prime_all(cluster: &ScriptedCluster, prime: &Prime) {
    cluster.nodes().iter().for_each(|node| node.prime(prime.clone()));
}

/// The requests that the nodes have accepted which write by this statement.
fn requests(cluster: &ScriptedCluster, text: &str) -> Vec<Received> {
    let writes = |one: &Received| {
        matches!(one.opcode, Opcode::Execute | Opcode::Batch)
            && one.statements.first().is_some_and(|statement| statement == text)
    };
    cluster.nodes().iter().flat_map(|node| node.received()).filter(writes).collect()
}

fn int(value: Option<&bytes::Bytes>) -> i64 {
    let bytes = value.unwrap();
    bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

/// The keys of the readings that each request wrote.
fn written(cluster: &ScriptedCluster) -> Vec<Vec<(i64, i64)>> {
    let keys = |request: Received| {
        let rows = request.values.chunks(3);
        rows.map(|row| (int(row[0].as_ref()), int(row[1].as_ref()))).collect()
    };
    requests(cluster, WRITE).into_iter().map(keys).collect()
}

/// How often each key was written.
fn times_written(cluster: &ScriptedCluster) -> BTreeMap<(i64, i64), usize> {
    let mut times = BTreeMap::new();
    for key in written(cluster).into_iter().flatten() {
        *times.entry(key).or_default() += 1;
    }
    times
}

fn readings(sensors: i32, each: i64) -> Vec<Reading> {
    (0..sensors).flat_map(|sensor| (0..each).map(move |at| (sensor, at, "celsius"))).collect()
}
