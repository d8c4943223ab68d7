//! A host that stops: noticed within a second, asked no more, and back by itself.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Held, Prime};
use cqlwire_testkit::schema::{Keyspace, Table};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::PATIENCE;
use super::scripted::Dials;
use crate::codec::Opcode;
use crate::net::Dialer;
use crate::{Error, PreparedStatement, Session};

const READ: &str = "SELECT v FROM app.t WHERE k = ?";

/// Reads of a table that three hosts have, one each millisecond.
struct Load {
    cluster: ScriptedCluster,
    session: Session,
    read: PreparedStatement,
    under_way: JoinSet<Result<(), Error>>,
}

impl Load {
    async fn begin() -> Self {
        let table = Table::new("t").partition_key("k", "int").column("v", "text");
        let cluster = ScriptedCluster::builder()
            .data_center("near", ["rack1", "rack2", "rack3"])
            .keyspace(Keyspace::network("app", [("near", "3")]).table(table))
            .in_memory();
        let dialer: Arc<dyn Dialer> = Arc::new(Dials(cluster.clone()));
        let builder = Session::builder()
            .contact_points([cluster.address(0).to_string()])
            .ready_when(3)
            .connection(|settings| settings.dialer = Some(dialer));
        let session = builder.connect().await.unwrap();
        eventually(PATIENCE, "all are connected", || session.resources().connections == 6).await;
        let read = session.prepare(READ).await.unwrap();
        // So that a host that has come up a moment ago has all of its share.
        sleep(Duration::from_secs(60)).await;
        Self { cluster, session, read, under_way: JoinSet::new() }
    }

    /// How many requests of users each host has received.
    fn received(&self) -> [u64; 3] {
        [0, 1, 2].map(|number| self.cluster.node(number).count(Opcode::Execute))
    }

    /// Reads for so long, and gives how many went to each host.
    async fn run(&mut self, millis: u32) -> [u64; 3] {
        let before = self.received();
        for _ in 0..millis {
            let (session, read) = (self.session.clone(), self.read.clone());
            self.under_way.spawn(async move {
                let key = fastrand::i32(..);
                session.execute(&read, (key,)).await.map(drop)
            });
            sleep(Duration::from_millis(1)).await;
        }
        let after = self.received();
        [0, 1, 2].map(|host: usize| after[host] - before[host])
    }

    /// Waits for those that were begun, and gives how many of them failed.
    async fn failed(&mut self) -> usize {
        let mut failed = 0;
        while let Some(done) = self.under_way.join_next().await {
            failed += usize::from(done.unwrap().is_err());
        }
        failed
    }
}

fn is_shared_out(received: [u64; 3]) -> bool {
    let all: u64 = received.iter().sum();
    received.iter().all(|one| (all / 4..=all / 2).contains(one))
}

#[tokio::test(start_paused = true)]
async fn g13_3_a_host_that_stops_gets_no_request_from_one_second_on_and_its_share_once_it_goes_on()
{
    let mut load = Load::begin().await;
    let before = load.run(1_000).await;
    assert!(is_shared_out(before), "{before:?}");
    load.cluster.node(2).stop();
    load.run(1_000).await;
    let owed = load.session.resources().in_flight + load.session.resources().orphaned;
    // The others are slow, so that they owe more before long; they are better all the same.
    let held = [0, 1].map(|number| load.cluster.node(number).hold(Prime::opcode(Opcode::Execute)));
    let without = load.run(2_000).await;
    held.iter().for_each(Held::release);
    assert_eq!(without.iter().sum::<u64>(), 2_000);
    assert_eq!(without[2], 0, "{without:?}");
    load.cluster.node(2).resume();
    sleep(Duration::from_millis(1)).await;
    let after = load.run(1_000).await;
    assert!(is_shared_out(after), "{after:?}");
    // What was on its way to it when it stopped had time enough.
    assert_eq!(load.failed().await, 0);
    assert!(owed < 500, "{owed}");
}

#[tokio::test(start_paused = true)]
async fn g13_3_requests_go_somewhere_though_all_hosts_are_quiet() {
    let mut load = Load::begin().await;
    // Once the statement is known to each of them.
    load.run(100).await;
    let before = load.received();
    for number in 0..3 {
        load.cluster.node(number).stop();
    }
    load.run(2_000).await;
    for number in 0..3 {
        load.cluster.node(number).resume();
    }
    sleep(Duration::from_millis(1)).await;
    let after = load.received();
    let received = [0, 1, 2].map(|host: usize| after[host] - before[host]);
    // All were sent, none was refused; until others were known to be quiet, too, some went there as well.
    let all = received.iter().sum::<u64>();
    assert!((2_000..=2_000 * 3 / 2).contains(&all), "{received:?}");
    assert!(is_shared_out(received), "{received:?}");
    assert_eq!(load.failed().await, 0);
}
