//! A node that comes back and knows no prepared statement any more, while requests go on.

#![allow(clippy::print_stdout, reason = "figures, for whoever runs it to see them")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cqlwire::{Consistency, ExecutionProfile, PreparedStatement, Session};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;
use tokio::task::JoinSet;

use crate::{PATIENCE, builder, close};

const STATEMENTS: i32 = 40;
const TASKS: i32 = 16;

/// Writes rows and reads them back, by one statement after the other, until it is to stop.
async fn go_on(
    session: Session,
    statements: Vec<(PreparedStatement, PreparedStatement)>,
    task: i32,
    stop: &'static AtomicBool,
    done: &'static AtomicU64,
) {
    for (turn, (insert, select)) in (0..).zip(statements.iter().cycle()) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let key = turn * TASKS + task;
        session.execute(insert, (key, turn)).idempotent(true).await.unwrap();
        let found = session.execute(select, (key,)).await.unwrap();
        assert_eq!(found.one_row::<(i32, i32)>().unwrap(), (key, turn));
        done.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn g15_4_a_node_that_comes_back_and_has_forgotten_all_fails_no_request() {
    static STOP: AtomicBool = AtomicBool::new(false);
    static DONE: AtomicU64 = AtomicU64::new(0);
    let cluster = Cluster::builder().nodes(3).start().await;
    let profile = ExecutionProfile::default().consistency(Consistency::Quorum).timeout(PATIENCE);
    let session = builder(&cluster).profile(profile).ready_when(3).connect().await.unwrap();
    // Servers that have just started may not have told each other of all of them yet.
    let all = || session.resources().connections == 6;
    eventually(PATIENCE, "all are connected", all).await;
    let create = "CREATE KEYSPACE forgetful WITH replication = \
        {'class': 'SimpleStrategy', 'replication_factor': 3}";
    session.query(create, ()).await.unwrap();
    session.query("CREATE TABLE forgetful.t (k int PRIMARY KEY, v int)", ()).await.unwrap();
    let mut statements = Vec::new();
    for number in 0..STATEMENTS {
        let insert = format!("INSERT INTO forgetful.t (k, v) VALUES (?, ?) /* {number} */");
        let select = format!("SELECT k, v FROM forgetful.t WHERE k = ? /* {number} */");
        let pair = (session.prepare(&insert).await, session.prepare(&select).await);
        statements.push((pair.0.unwrap(), pair.1.unwrap()));
    }
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        tasks.spawn(go_on(session.clone(), statements.clone(), task, &STOP, &DONE));
    }
    let moved_on = async |rounds: u64| {
        let from = DONE.load(Ordering::Relaxed);
        let far = || DONE.load(Ordering::Relaxed) > from + rounds;
        eventually(PATIENCE, "requests go on", far).await;
    };
    moved_on(2_000).await;

    let node = cluster.node(2);
    node.stop().await;
    moved_on(500).await;
    node.forget_prepared();
    let taught = session.metrics().prepared.taught;
    node.start().await;
    eventually(PATIENCE, "it is connected again", all).await;
    moved_on(2_000).await;
    let metrics = session.metrics();
    let taught = metrics.prepared.taught - taught;
    println!("{} rounds, {taught} statements taught again", DONE.load(Ordering::Relaxed));
    let known = u64::try_from(2 * STATEMENTS).unwrap();
    // One may be asked for once more by a response that was late.
    assert!((known..=2 * known).contains(&taught), "each about once: {taught}\n{metrics}");
    STOP.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    drop(statements);
    close(session).await;
}
