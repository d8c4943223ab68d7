//! Whose clock the time of a write is: what is lost by it, and that the default loses none of it.

#![allow(clippy::print_stdout, reason = "figures, for whoever runs it to see them")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cqlwire::{
    ClientTimestamps, Consistency, HostIndex, LoadBalancing, PreparedStatement, ProtocolVersion,
    Routing, Session, TimestampGenerator, Topology, Tried,
};
use cqlwire_testkit::cassandra::{self, Cluster};
use cqlwire_testkit::eventually;
use uuid::Uuid;

use super::{PATIENCE, builder, close, create, shared};

const ROUNDS: i32 = 1_500;

/// The clock of this machine, a second ahead.
#[derive(Debug)]
struct Ahead;

impl TimestampGenerator for Ahead {
    fn next_micros(&self) -> Option<i64> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(1);
        Some(i64::try_from(now.as_micros()).unwrap())
    }
}

struct Writes {
    plain: PreparedStatement,
    conditional: PreparedStatement,
    read: PreparedStatement,
}

/// What a write follows.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Then {
    Plain,
    Conditional,
}

impl Writes {
    async fn new(session: &Session, keyspace: &str) -> Self {
        let prepare = async |text: &str| session.prepare(&text.replace("ks", keyspace)).await;
        let plain = prepare("UPDATE ks.t SET v = ? WHERE k = 1").await.unwrap();
        let conditional = prepare("UPDATE ks.t SET v = ? WHERE k = 1 IF v = ?").await.unwrap();
        let read = prepare("SELECT v FROM ks.t WHERE k = 1").await.unwrap();
        Self { plain, conditional, read }
    }

    async fn value(&self, session: &Session) -> i32 {
        let found = session.execute(&self.read, ()).consistency(Consistency::All).await.unwrap();
        found.one_row::<(i32,)>().unwrap().0
    }

    /// How many of those were lost that `next` wrote right after `first` did, which is said to be
    /// idempotent.
    async fn lost(&self, first: &Session, next: &Session, then: Then) -> i32 {
        let mut lost = 0;
        for value in (0..ROUNDS).map(|round| round * 2) {
            first.execute(&self.plain, (value,)).idempotent(true).await.unwrap();
            if then == Then::Conditional {
                let call = next.execute(&self.conditional, (value + 1, value));
                assert!(call.await.unwrap().was_applied().unwrap(), "{value}");
            } else {
                next.execute(&self.plain, (value + 1,)).await.unwrap();
            }
            lost += i32::from(self.value(next).await != value + 1);
        }
        lost
    }
}

/// As a server reads its clock in milliseconds, what it gives a time to would be older than a write
/// of the same millisecond that was there before: so it is with two sessions, and not with one.
#[tokio::test]
async fn g14_5_what_one_session_writes_after_another_write_is_not_lost() {
    let (session, other) = (shared().await, shared().await);
    create(&session, "clocks", "t (k int PRIMARY KEY, v int)").await;
    let writes = Writes::new(&session, "clocks").await;
    for then in [Then::Plain, Then::Conditional] {
        let lost = writes.lost(&session, &other, then).await;
        println!("{then:?}, by another session that knows nothing of it: {lost} of {ROUNDS} lost");
        assert_eq!(writes.lost(&session, &session, then).await, 0, "{then:?}");
    }
    // And so it is with clocks that are apart, for certain.
    for then in [Then::Plain, Then::Conditional] {
        let ahead = session.execute(&writes.plain, (10,)).timestamp_generator(Ahead);
        ahead.idempotent(true).await.unwrap();
        match then {
            Then::Plain => drop(other.execute(&writes.plain, (11,)).await.unwrap()),
            Then::Conditional => {
                let call = other.execute(&writes.conditional, (11, 10)).await.unwrap();
                assert!(call.was_applied().unwrap());
            }
        }
        assert_eq!(writes.value(&other).await, 10, "{then:?}: lost, as it is documented");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    close(session).await;
    close(other).await;
}

#[tokio::test]
async fn a_time_in_the_text_comes_before_that_of_the_request_on_every_version() {
    for version in [ProtocolVersion::V3, ProtocolVersion::V4, ProtocolVersion::V5] {
        let builder = builder(cassandra::shared().await);
        let session = builder.protocol_versions(version, version).connect().await.unwrap();
        create(&session, "written", "t (k int PRIMARY KEY, v int)").await;
        let in_text = "INSERT INTO written.t (k, v) VALUES (1, ?) USING TIMESTAMP 7";
        let plain = "INSERT INTO written.t (k, v) VALUES (2, ?)";
        let (in_text, plain) =
            (session.prepare(in_text).await.unwrap(), session.prepare(plain).await.unwrap());
        session.execute(&in_text, (1,)).idempotent(true).await.unwrap();
        session.execute(&plain, (1,)).timestamp_micros(8).await.unwrap();
        let mut batch = session.batch();
        batch.add("INSERT INTO written.t (k, v) VALUES (3, 1) USING TIMESTAMP 9", ()).unwrap();
        batch.add("INSERT INTO written.t (k, v) VALUES (4, 1)", ()).unwrap();
        batch.execute().timestamp_micros(10).await.unwrap();
        let all = session.query("SELECT k, writetime(v) FROM written.t", ()).await.unwrap();
        let mut times: Vec<(i32, i64)> =
            all.rows::<(i32, i64)>().unwrap().map(Result::unwrap).collect();
        times.sort_unstable();
        assert_eq!(times, [(1, 7), (2, 8), (3, 9), (4, 10)], "{version}");
        drop(all);
        close(session).await;
    }
}

/// This host first, and then the others.
#[derive(Debug, Default)]
struct First(AtomicUsize);

impl LoadBalancing for First {
    fn next(
        &self,
        _: &Routing<'_>,
        topology: &Topology,
        _: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        let hosts = topology.local_hosts();
        let (before, after) = hosts.split_at(self.0.load(Relaxed));
        after.iter().chain(before).copied().find(|host| !tried.contains(*host))
    }
}

/// A node that sleeps with a first attempt in its socket executes it when it wakes up: as new as then
/// by its own clock, as old as it is by that of the client.
#[tokio::test]
async fn g14_5_a_first_attempt_that_is_executed_late_replaces_nothing_that_was_written_since() {
    let cluster = Cluster::builder().nodes(2).start().await;
    let first = Arc::new(First::default());
    let builder = builder(&cluster).load_balancing(first.clone()).ready_when(2);
    let session = builder.connect().await.unwrap();
    eventually(PATIENCE, "all are connected", || session.resources().connections == 4).await;
    let sleeper = session.topology();
    let at = |index: HostIndex| sleeper.host(index).address().socket().unwrap();
    let number =
        sleeper.local_hosts().iter().position(|index| at(*index) == cluster.node(2).address());
    let create = "CREATE KEYSPACE late WITH replication = \
        {'class': 'SimpleStrategy', 'replication_factor': 2}";
    session.query(create, ()).await.unwrap();
    session.query("CREATE TABLE late.t (k int PRIMARY KEY, v int)", ()).await.unwrap();
    let writes = Writes::new(&session, "late").await;
    first.0.store(number.unwrap(), Relaxed);
    for (which, expected) in [(ClientTimestamps::Never, 1), (ClientTimestamps::AsNeeded, 2)] {
        let write = |value: i32| session.execute(&writes.plain, (value,)).client_timestamps(which);
        for _ in 0..4 {
            // It knows the statement.
            write(0).consistency(Consistency::All).await.unwrap();
        }
        cluster.node(2).pause();
        write(1).idempotent(true).attempt_timeout(Duration::from_millis(500)).await.unwrap();
        let retried = session.metrics();
        write(2).host(host_id(&session, cluster.node(1).address())).await.unwrap();
        cluster.node(2).resume();
        eventually(PATIENCE, "the first attempt is done", || {
            session.resources().is_idle() && session.resources().connections == 4
        })
        .await;
        let beside = retried.retries.retries + retried.speculation.for_silence;
        assert!(beside > 0, "{retried}");
        assert_eq!(writes.value(&session).await, expected, "{which:?}");
    }
    close(session).await;
}

fn host_id(session: &Session, address: std::net::SocketAddr) -> Uuid {
    let topology = session.topology();
    let mut hosts = topology.hosts().iter();
    hosts.find(|host| host.address().socket() == Some(address)).unwrap().id()
}
