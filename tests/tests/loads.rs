//! What loading many rows takes of the heap, by the counting allocator.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use cqlwire::{EncodeValues, LoadProgress, Session};
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::probe::heap;
use cqlwire_testkit::schema::{Keyspace, Table};

#[global_allocator]
static HEAP: heap::Counting = &heap::COUNTING;

const ALONE: &str = "INSERT INTO app.alone (k, v) VALUES (?, ?)";
const TOGETHER: &str = "INSERT INTO app.together (k, c, v) VALUES (?, ?, ?)";
const ROWS: u32 = 20_000;

cqlwire_testkit::one_thread![
    a_row_that_goes_alone_allocates_what_an_execution_does,
    rows_that_go_together_allocate_nothing_each,
];

async fn connected() -> (ScriptedCluster, Session) {
    let alone = Table::new("alone").partition_key("k", "int").column("v", "text");
    let together = Table::new("together").partition_key("k", "int").clustering("c", "int");
    let app = Keyspace::simple("app", 1).table(alone).table(together.column("v", "text"));
    let builder = ScriptedCluster::builder().data_center("near", ["rack1"]).keyspace(app);
    let cluster = builder.on_sockets().unwrap();
    let builder = Session::builder().contact_points([cluster.address(0).to_string()]);
    let session = builder.connections_per_host(1).connect().await.unwrap();
    let knows = || session.schema().table("app", "together").is_some();
    eventually(Duration::from_secs(10), "the schema is known", knows).await;
    (cluster, session)
}

/// Loads these rows. Gives how often the load allocated while it was polled, after its first tenth:
/// the node is in this process, but has its turn at other times.
async fn load<V: EncodeValues>(
    session: &Session,
    text: &str,
    row: impl Fn(i32) -> V + Send,
) -> (LoadProgress, u64) {
    let rows = (0..ROWS.cast_signed()).map(row);
    let mut load = session.insert_all(text, rows).concurrency(64);
    let (mut allocations, warm) = (0, u64::from(ROWS / 10));
    let progress = poll_fn(|context| {
        let (before, done) = (heap::now().allocations, load.progress().done());
        let polled = Pin::new(&mut load).poll(context);
        if done > warm {
            allocations += heap::now().allocations - before;
        }
        match polled {
            Poll::Ready(loaded) => Poll::Ready(loaded.unwrap()),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    (progress, allocations)
}

#[tokio::main(flavor = "current_thread")]
async fn a_row_that_goes_alone_allocates_what_an_execution_does() {
    let (_cluster, session) = connected().await;
    let (progress, allocations) = load(&session, ALONE, |k| (k, "a value of some length")).await;
    assert_eq!(progress.requests, u64::from(ROWS));
    let each = allocations as f64 / f64::from(ROWS);
    assert!(each <= 1.1, "{each} a row");
}

#[tokio::main(flavor = "current_thread")]
async fn rows_that_go_together_allocate_nothing_each() {
    let (_cluster, session) = connected().await;
    let row = |n| (n / 100, n % 100, "a value of some length");
    let (progress, allocations) = load(&session, TOGETHER, row).await;
    assert!(progress.requests < u64::from(ROWS / 20), "{progress}");
    let each = allocations as f64 / f64::from(ROWS);
    assert!(each <= 0.1, "{each} a row");
}
