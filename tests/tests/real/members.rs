//! A node that joins and one that leaves, under load: asked once it has joined, and dialled no more
//! once it has left.

#![allow(clippy::print_stdout, reason = "figures, for whoever runs it to see them")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqlwire::{Consistency, ExecutionProfile, PreparedStatement, Session};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;
use tokio::net::TcpListener;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{PATIENCE, builder, close};

const KEYS: i32 = 500;
const A_SECOND: u32 = 200;

/// What became of the requests of a load.
#[derive(Debug, Default)]
struct Seen {
    done: AtomicU64,
    failed: Mutex<Vec<String>>,
    /// The one that is watched, and how often it answered.
    watched: Mutex<Option<SocketAddr>>,
    by_watched: AtomicU64,
}

impl Seen {
    fn watch(&self, address: SocketAddr) {
        *self.watched.lock().unwrap() = Some(address);
    }

    async fn request(self: Arc<Self>, session: Session, statement: PreparedStatement, key: i32) {
        let mut pages = session.execute(&statement, (key,)).idempotent(true).pages();
        match pages.try_next().await {
            Ok(page) => {
                self.done.fetch_add(1, Relaxed);
                let by = page.and_then(|page| page.coordinator());
                if by.is_some() && by == *self.watched.lock().unwrap() {
                    self.by_watched.fetch_add(1, Relaxed);
                }
            }
            Err(error) => self.failed.lock().unwrap().push(error.to_string()),
        }
    }

    /// So many requests more are done.
    async fn more(&self, requests: u64) {
        let from = self.done.load(Relaxed);
        let far = || self.done.load(Relaxed) >= from + requests;
        eventually(PATIENCE, "requests go on", far).await;
    }
}

/// Reads and writes in turn, so many a second, until it is aborted.
async fn load(session: Session, statements: [PreparedStatement; 2], seen: Arc<Seen>) {
    let mut ticks = interval(Duration::from_secs(1) / A_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut under_way = JoinSet::new();
    for (key, statement) in (0..KEYS).cycle().zip(statements.iter().cycle()) {
        ticks.tick().await;
        under_way.spawn(Arc::clone(&seen).request(session.clone(), statement.clone(), key));
        while under_way.try_join_next().is_some() {}
    }
}

/// How often a server is dialled that is there no more, by a listener in its place.
async fn count_dials(left: SocketAddr) -> (Arc<AtomicU64>, AbortHandle) {
    let listener = TcpListener::bind(left).await.unwrap();
    let dials = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&dials);
    let task = tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counting.fetch_add(1, Relaxed);
        }
    });
    (dials, task.abort_handle())
}

#[tokio::test]
async fn g12_4_a_fourth_that_joins_is_asked_and_dialled_no_more_once_it_has_left() {
    let mut cluster = Cluster::builder().nodes(3).start().await;
    let profile = ExecutionProfile::default().consistency(Consistency::LocalQuorum);
    let session = builder(&cluster).profile(profile).ready_when(3).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 6).await;
    let create = "CREATE KEYSPACE members WITH replication = \
        {'class': 'NetworkTopologyStrategy', 'dc1': 3}";
    session.query(create, ()).await.unwrap();
    session.query("CREATE TABLE members.t (k int PRIMARY KEY, v int)", ()).await.unwrap();
    let insert = session.prepare("INSERT INTO members.t (k, v) VALUES (?, 1)").await.unwrap();
    let select = session.prepare("SELECT v FROM members.t WHERE k = ?").await.unwrap();
    let seen = Arc::<Seen>::default();
    let loading = tokio::spawn(load(session.clone(), [select, insert], Arc::clone(&seen)));
    seen.more(1_000).await;

    let begun = Instant::now();
    let fourth = cluster.add_node().await;
    let joined = Instant::now();
    seen.watch(fourth.address());
    let asked = || seen.by_watched.load(Relaxed) > 100;
    eventually(PATIENCE, "the fourth has its share", asked).await;
    println!("joined after {:?}, 100 requests after {:?}", joined - begun, joined.elapsed());

    let begun = Instant::now();
    cluster.decommission(fourth.number()).await;
    let left = Instant::now();
    let (dials, listening) = count_dials(fourth.address()).await;
    let is_gone = || session.topology().hosts().len() == 3;
    eventually(PATIENCE, "the others are left", is_gone).await;
    let (early, noticed) = (dials.load(Relaxed), left.elapsed());
    // Five seconds, in which a host that is down would be dialled several times.
    seen.more(u64::from(5 * A_SECOND)).await;
    let late = dials.load(Relaxed) - early;
    println!(
        "left after {:?}, known after {noticed:?}, dialled {early} times before",
        left - begun
    );
    listening.abort();
    loading.abort();
    assert!(loading.await.unwrap_err().is_cancelled());
    assert_eq!(late, 0, "it is dialled though it is known to have left");
    assert_eq!(*seen.failed.lock().unwrap(), [""; 0], "of {}", seen.done.load(Relaxed));
    close(session).await;
}
