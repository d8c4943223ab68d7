//! A cluster of scripted nodes in memory, under paused time, and how it is connected to.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_net::{ByteStream, Dialer, Dialing, Endpoint, ServerAddress};
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::probe::alone;
use cqlwire_testkit::schema::{Keyspace, Table};
use tokio::time::{Instant, sleep};

use super::seconds;
use crate::{Cluster, Host, Settings};

/// How the server that is asked describes itself to the control connection.
pub(super) const LOCAL: &str = "SELECT cluster_name, partitioner, host_id, data_center, rack, \
     release_version, tokens, schema_version FROM system.local WHERE key = 'local'";

/// How long virtual time may pass until something is true.
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// Connects to the nodes of a scripted cluster, by their addresses and by the names that it has.
#[derive(Debug)]
pub(super) struct ScriptedDialer(pub(super) ScriptedCluster);

impl Dialer for ScriptedDialer {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async move {
            let stream = match address.socket() {
                Some(socket) => self.0.dial(socket).await?,
                None => self.0.dial_name(&address.host()).await?,
            };
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }
}

/// Settings that lead to this cluster by way of these contact points.
pub(super) fn settings_of(cluster: &ScriptedCluster, contact_points: &[Endpoint]) -> Settings {
    let mut settings = Settings { contact_points: contact_points.to_vec(), ..Settings::default() };
    settings.pool.connection.dialer = Some(Arc::new(ScriptedDialer(cluster.clone())));
    settings
}

/// Three hosts in a rack each, and a keyspace with a table.
pub(super) fn three() -> ScriptedCluster {
    ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2", "rack3"])
        .keyspace(Keyspace::network("app", [("dc1", "3")]).table(table("t")))
        .in_memory()
}

pub(super) fn table(name: &str) -> Table {
    Table::new(name).partition_key("k", "int").column("v", "int")
}

/// Settings that lead to the cluster by the first of its nodes. The hosts are listed when an event
/// says so, and hardly ever otherwise.
pub(super) fn settings_by_first(scripted: &ScriptedCluster) -> Settings {
    let mut settings = settings_of(scripted, &[scripted.address(0).into()]);
    settings.refresh_interval = 30 * HOUR;
    settings
}

/// Connected by the first node, to all of so many hosts.
pub(super) async fn connected(scripted: &ScriptedCluster, hosts: usize) -> Cluster {
    let cluster = Cluster::connect(settings_by_first(scripted), seconds(5)).await.unwrap();
    all_up(&cluster, hosts).await;
    eventually(HOUR, "the schema is read", || cluster.schema().keyspace("system").is_some()).await;
    sleep(Duration::from_secs(20)).await;
    cluster
}

/// Waits until there are exactly so many hosts, all of them with both their connections.
pub(super) async fn all_up(cluster: &Cluster, hosts: usize) {
    let up = || {
        let topology = cluster.topology();
        let mut all = topology.hosts().iter();
        topology.hosts().len() == hosts && all.all(|host| host.pool().usage().connections == 2)
    };
    eventually(HOUR, "all hosts are connected", up).await;
}

/// The host that this node is.
pub(super) fn host(cluster: &Cluster, scripted: &ScriptedCluster, number: usize) -> Arc<Host> {
    let topology = cluster.topology();
    let found = topology.find(uuid::Uuid::from_bytes(scripted.member(number).host_id));
    Arc::clone(topology.host(found.expect("the host is known")))
}

/// The number of the node that the control connection leads to, of the first so many.
pub(super) fn control_node(scripted: &ScriptedCluster, nodes: usize) -> Option<usize> {
    (0..nodes).find(|number| {
        let accepted = scripted.node(*number).accepted();
        accepted.iter().any(|connection| connection.open && !connection.events.is_empty())
    })
}

/// How often the first so many nodes were asked to describe themselves.
pub(super) fn listings(scripted: &ScriptedCluster, nodes: usize) -> usize {
    (0..nodes).map(|number| scripted.node(number).count_statement(LOCAL)).sum()
}

/// Is it so within this time?
pub(super) async fn happens(within: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !condition() {
        if begun.elapsed() >= within {
            return false;
        }
        // As of `eventually`: an hour is not looked at 3,600,000 times.
        let pause = Duration::from_millis(1).max(begun.elapsed() / 64);
        sleep(pause.min(within.saturating_sub(begun.elapsed()))).await;
    }
    true
}

#[tokio::test(start_paused = true)]
async fn a_scripted_cluster_is_known_by_a_name_and_watched_for_a_day() {
    let _alone = alone().await;
    let scripted =
        ScriptedCluster::builder().data_center("dc1", ["rack1", "rack2", "rack3"]).in_memory();
    scripted.set_name("db.example", [scripted.address(2)]);
    let contact_points = ["db.example".parse().unwrap()];
    let settings = settings_of(&scripted, &contact_points);
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    assert_eq!(cluster.topology().hosts().len(), 3);
    eventually(HOUR, "all are connected", || cluster.usage().connections == 6).await;
    scripted.kill(1);
    let gone = scripted.address(1);
    scripted.remove(1);
    eventually(HOUR, "it is seen", || cluster.topology().hosts().len() == 2).await;
    let dials = scripted.dials(gone);
    sleep(24 * HOUR).await;
    assert_eq!(scripted.dials(gone), dials, "nobody knocks at its door any more");
    let fourth = scripted.join("dc1", "rack2");
    let node = scripted.node(fourth);
    eventually(HOUR, "the new one is connected", || node.connections() == 2).await;
}
