//! Planning: from the token of a request to the host that it goes to, of a cluster that is connected.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{Cluster, Routing, Settings};
use cqlwire_codec::{Consistency, Token};
use cqlwire_net::{ByteStream, Deadline, Dialer, Dialing, ServerAddress};
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::schema::Keyspace;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::{Result, ensure, ring};

const KEYSPACE: &str = "app";
const TOKENS: usize = 256;

/// Connecting to a thousand hosts takes its time under callgrind.
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug)]
struct InMemory(ScriptedCluster);

impl Dialer for InMemory {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async move {
            let socket = address.socket().ok_or_else(|| std::io::Error::other("no socket"))?;
            Ok(Box::new(self.0.dial(socket).await?) as Box<dyn ByteStream>)
        })
    }
}

/// So many plans, of each the first host: as the default policy chooses it of three replicas, of so
/// many hosts of 256 tokens.
pub(super) fn first_hosts(hosts: usize, count: u32) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let cluster = connect(hosts).await?;
        let tokens: Vec<_> = ring::numbers().map(Token).take(1_000).collect();
        for _ in 0..count / 1_000 {
            for token in &tokens {
                let routing = Routing::new(Consistency::LocalOne).at(Some(KEYSPACE), Some(*token));
                let mut plan = cluster.plan(None);
                black_box(cluster.next_host(&mut plan, None, black_box(&routing), None)?);
            }
        }
        cluster.close(Deadline::after(PATIENCE)).await;
        Ok(())
    })
}

async fn connect(hosts: usize) -> Result<Cluster> {
    let racks = ["rack1", "rack2", "rack3"].into_iter().cycle().take(hosts);
    let scripted = ScriptedCluster::builder()
        .data_center("dc1", racks)
        .tokens_a_node(TOKENS)
        .keyspace(Keyspace::network(KEYSPACE, [("dc1", "3")]))
        .in_memory();
    let mut settings = Settings::default();
    settings.contact_points = vec![scripted.address(0).into()];
    settings.connections_per_local_host = 1;
    settings.query_timeout = PATIENCE;
    settings.pool.connect_timeout = PATIENCE;
    settings.pool.connection.dialer = Some(Arc::new(InMemory(scripted)));
    let deadline = Deadline::after(PATIENCE);
    let cluster = Cluster::connect(settings, deadline).await?;
    while !is_ready(&cluster, hosts) {
        ensure(!deadline.remaining().is_zero(), "all hosts are connected in time")?;
        sleep(Duration::from_millis(10)).await;
    }
    Ok(cluster)
}

/// Has every host its connection, and is it known which of them are replicas?
fn is_ready(cluster: &Cluster, hosts: usize) -> bool {
    let topology = cluster.topology();
    let connected = topology.hosts().iter().all(|host| host.pool().usage().connections == 1);
    topology.hosts().len() == hosts && connected && topology.replica_table(KEYSPACE).is_some()
}
