//! A node that stops where it is, its sockets open: asked no more within a second, and again once it
//! goes on.

#![allow(clippy::print_stdout, reason = "figures, for whoever runs it to see them")]

use std::net::SocketAddr;
use std::time::Duration;

use cqlwire::{Consistency, Error, PreparedStatement, Session};
use cqlwire_testkit::cassandra::Cluster;
use cqlwire_testkit::eventually;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{PATIENCE, builder, close};

const KEYS: i32 = 1_000;
const A_SECOND: u32 = 500;

/// One read: when it was to begin, how long it took from then, and who answered.
struct Read {
    due: Instant,
    took: Duration,
    answered: Result<Option<SocketAddr>, Error>,
}

async fn read(session: Session, select: PreparedStatement, key: i32, due: Instant) -> Read {
    let mut pages = session.execute(&select, (key,)).pages();
    let answered = pages.try_next().await.map(|page| page.and_then(|page| page.coordinator()));
    Read { due, took: due.elapsed(), answered }
}

/// Reads so many times a second, whatever becomes of those before, until `until` ends; gives them
/// in the order in which they were due.
async fn load(session: &Session, select: &PreparedStatement, until: impl Future) -> Vec<Read> {
    let mut ticks = interval(Duration::from_secs(1) / A_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut until, mut under_way) = (std::pin::pin!(until), JoinSet::new());
    for key in (0..KEYS).cycle() {
        tokio::select! {
            due = ticks.tick() => under_way.spawn(read(session.clone(), select.clone(), key, due)),
            _ = &mut until => break,
        };
    }
    let mut reads = under_way.join_all().await;
    reads.sort_by_key(|read| read.due);
    reads
}

/// The figures of the reads that were due in this time.
fn report(
    name: &str,
    reads: &[Read],
    from: Instant,
    until: Instant,
    node: SocketAddr,
) -> (usize, usize) {
    let due: Vec<_> = reads.iter().filter(|read| (from..until).contains(&read.due)).collect();
    let failed = due.iter().filter(|read| read.answered.is_err()).count();
    let by_node =
        due.iter().filter(|read| matches!(read.answered, Ok(Some(by)) if by == node)).count();
    let mut took: Vec<_> = due.iter().map(|read| read.took).collect();
    took.sort();
    let percentile = |per_mille: usize| took[(took.len() - 1) * per_mille / 1_000];
    println!(
        "{name}: {} reads, {failed} failed, {by_node} answered by the node; p50 {:?}, p99 {:?}, longest {:?}",
        took.len(),
        percentile(500),
        percentile(990),
        percentile(1_000)
    );
    (failed, by_node)
}

#[tokio::test]
async fn g13_3_a_node_that_is_paused_gets_no_read_from_one_second_on_and_its_share_once_it_goes_on()
{
    let cluster = Cluster::builder().nodes(3).start().await;
    let session = builder(&cluster).ready_when(3).connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 6).await;
    let create = "CREATE KEYSPACE quiet WITH replication = \
        {'class': 'SimpleStrategy', 'replication_factor': 3}";
    session.query(create, ()).await.unwrap();
    session.query("CREATE TABLE quiet.t (k int PRIMARY KEY, v text)", ()).await.unwrap();
    let insert = session.prepare("INSERT INTO quiet.t (k, v) VALUES (?, ?)").await.unwrap();
    for key in 0..KEYS {
        let insert = session.execute(&insert, (key, "v")).consistency(Consistency::All);
        insert.idempotent(true).await.unwrap();
    }
    let select = session.prepare("SELECT v FROM quiet.t WHERE k = ?").await.unwrap();
    load(&session, &select, tokio::time::sleep(Duration::from_secs(10))).await;

    let node = cluster.node(3);
    let seconds = Duration::from_secs;
    let begun = Instant::now();
    let (paused_at, resumed_at) = (begun + seconds(10), begun + seconds(20));
    let pausing = async {
        tokio::time::sleep_until(paused_at).await;
        node.pause();
        tokio::time::sleep_until(resumed_at).await;
        node.resume();
        tokio::time::sleep_until(resumed_at + seconds(12)).await;
    };
    let reads = load(&session, &select, pausing).await;
    let (at, noticed_at) = (node.address(), paused_at + seconds(1));
    let (failed, before) = report("before", &reads, begun, paused_at, at);
    assert_eq!(failed, 0);
    assert!(before > 0, "it had its share");
    report("first second", &reads, paused_at, noticed_at, at);
    let paused = report("paused", &reads, noticed_at, resumed_at - seconds(1), at);
    assert_eq!(paused, (0, 0), "what failed, and what the node answered, from one second on");
    report("goes on", &reads, resumed_at, resumed_at + seconds(2), at);
    let (failed, after) =
        report("after", &reads, resumed_at + seconds(2), resumed_at + seconds(12), at);
    assert_eq!(failed, 0);
    assert!(after > before / 2, "{after} of {before}: it has its share again");
    close(session).await;
}
