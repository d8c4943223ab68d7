//! A day in the life of a cluster, with everything that may happen in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use cqlwire_codec::Consistency;
use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};
use cqlwire_testkit::schema::Keyspace;
use tokio::time::sleep;
use uuid::Uuid;

use super::scripted::{connected, happens, table, three};
use super::{seconds, send};
use crate::{Cluster, Routing};

/// How much is done to the cluster.
const STEPS: u32 = 80;

/// As long until what happened has been seen: a listing by the clock, the longest back-off, and
/// what an attempt may take.
const SETTLED: Duration = Duration::from_secs(60 + 45);

struct Day {
    scripted: ScriptedCluster,
    cluster: Cluster,
    random: fastrand::Rng,
    /// The nodes of the ring, and whether they are up.
    nodes: BTreeMap<usize, bool>,
    /// Addresses where nobody is any more.
    left: BTreeSet<SocketAddr>,
    addresses: u8,
}

impl Day {
    fn any(&mut self, up: bool) -> Option<usize> {
        let all: Vec<usize> =
            self.nodes.iter().filter(|(_, is_up)| **is_up == up).map(|(node, _)| *node).collect();
        (!all.is_empty()).then(|| all[self.random.usize(..all.len())])
    }

    fn deliver(&mut self) -> ScriptedCluster {
        let late = EventDelivery::Late(Duration::from_millis(self.random.u64(..5_000)));
        let ways = [EventDelivery::Now, EventDelivery::Twice, EventDelivery::Reversed, late];
        let ways = [&ways[..], &[EventDelivery::Lost]].concat();
        self.scripted.events(ways[self.random.usize(..ways.len())])
    }

    /// Something happens; what.
    fn step(&mut self) -> &'static str {
        let cluster = self.deliver();
        let (up, down) = (self.any(true), self.any(false));
        let spare = self.nodes.values().filter(|up| **up).count() > 1;
        match (self.random.u8(..10), up, down) {
            (0, ..) if self.nodes.len() < 6 => {
                self.nodes.insert(cluster.join("dc1", "rack1"), true);
                "join"
            }
            (1, Some(node), _) if spare && self.nodes.len() > 3 => {
                self.nodes.remove(&node);
                self.left.insert(cluster.address(node));
                cluster.leave(node);
                "leave"
            }
            (2, Some(node), _) if spare => {
                self.nodes.insert(node, false);
                cluster.kill(node);
                "kill"
            }
            (3, _, Some(node)) => {
                self.nodes.insert(node, true);
                cluster.start(node);
                "start"
            }
            (4, _, Some(node)) if self.nodes.len() > 3 => {
                self.nodes.remove(&node);
                self.left.insert(cluster.address(node));
                cluster.remove(node);
                "remove"
            }
            (5, Some(node), _) if spare => {
                self.addresses += 1;
                self.left.insert(cluster.address(node));
                cluster.change_address(node, ([10, 8, 0, self.addresses], 9042).into());
                "change of address"
            }
            (6, Some(node), _) => {
                cluster.restart(node);
                "restart"
            }
            (7, Some(node), _) => {
                cluster.move_to(node, [self.random.i64(..)]);
                "move"
            }
            // Nothing but its events says that a schema has changed: none of them gets lost.
            (8, ..) => {
                let cluster = self.scripted.events(EventDelivery::Twice);
                let factor = ["1", "2", "3"][self.random.usize(..3)];
                cluster.put_keyspace(Keyspace::network("shop", [("dc1", factor)]));
                "keyspace"
            }
            (9, ..) => {
                let cluster = self.scripted.events(EventDelivery::Twice);
                cluster.put_table("app", table(&format!("t{}", self.random.u8(..5))));
                "table"
            }
            _ => "nothing",
        }
    }

    /// Does the client see what there is?
    fn agrees(&self) -> bool {
        let (topology, schema) = (self.cluster.topology(), self.cluster.schema());
        let seen: BTreeMap<Uuid, String> =
            topology.hosts().iter().map(|host| (host.id(), host.address().to_string())).collect();
        let members = self.scripted.members();
        let there =
            members.iter().map(|one| (Uuid::from_bytes(one.host_id), one.address.to_string()));
        let up = self.nodes.iter().filter(|(_, up)| **up).all(|(node, _)| {
            let found = topology.find(Uuid::from_bytes(self.scripted.member(*node).host_id));
            found.is_some_and(|host| topology.host(host).state().is_up())
        });
        let model = self.scripted.schema();
        let mut tables = model
            .keyspaces
            .iter()
            .flat_map(|(name, keyspace)| keyspace.tables.keys().map(move |table| (name, table)));
        seen == there.collect()
            && up
            && tables.all(|(name, table)| schema.table(name, table).is_some())
    }

    /// What the client sees, and what there is.
    fn seen(&self) -> String {
        let topology = self.cluster.topology();
        let hosts = topology.hosts().iter();
        let seen: Vec<String> =
            hosts.map(|host| format!("{} {:?}", host.address(), host.state().down)).collect();
        let there = self.nodes.iter().map(|(node, up)| (self.scripted.address(*node), *up));
        let control = self.cluster.health().has_control_connection;
        format!("{seen:?} (control {control}), there are {:?}", there.collect::<Vec<_>>())
    }

    /// A request goes to a host that is there.
    async fn request(&self) -> bool {
        let mut plan = self.cluster.plan(None);
        let routing = Routing::new(Consistency::One);
        while let Some(turn) = self.cluster.next_host(&mut plan, None, &routing, None).unwrap() {
            if let Ok(connection) = turn.host.pool().pick()
                && send(&connection, "request").await.is_ok()
            {
                return true;
            }
        }
        false
    }
}

#[tokio::test(start_paused = true)]
async fn g12_1_a_day_of_everything_ends_in_what_there_is() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let scripted = three();
    let mut settings = super::scripted::settings_by_first(&scripted);
    settings.refresh_interval = Duration::from_secs(60);
    drop(connected(&scripted, 3).await);
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    let nodes = (0..3).map(|node| (node, true)).collect();
    let random = fastrand::Rng::with_seed(seed);
    let mut day = Day { scripted, cluster, random, nodes, left: BTreeSet::new(), addresses: 0 };
    let mut history = Vec::new();
    for step in 0..STEPS {
        history.push(day.step());
        let pause = day.random.u64(..60_000);
        sleep(Duration::from_millis(pause)).await;
        // Nobody could say where a host is that nobody was told of, once all others are gone.
        let is_news = matches!(history.last(), Some(&("join" | "change of address")));
        if step % 4 != 0 && !is_news {
            continue;
        }
        let agrees = happens(SETTLED, || day.agrees()).await;
        assert!(agrees, "seed {seed}: {} after {history:?}", day.seen());
        assert!(day.request().await, "seed {seed}: no host takes a request after {history:?}");
        let dials = |day: &Day| -> Vec<usize> {
            day.left.iter().map(|address| day.scripted.dials(*address)).collect()
        };
        // Attempts of the control connection may still be under way.
        sleep(Duration::from_secs(12)).await;
        let before = dials(&day);
        sleep(Duration::from_secs(300)).await;
        assert_eq!(before, dials(&day), "seed {seed}: nobody is there, after {history:?}");
        let (hosts, tasks) = (day.nodes.len(), day.cluster.tasks().len());
        assert!(tasks <= 2 + 4 * hosts, "seed {seed}: {tasks} tasks for {hosts} hosts");
    }
    day.cluster.close(seconds(5)).await;
    assert_eq!((day.cluster.tasks().len(), day.cluster.usage().connections), (0, 0));
}
