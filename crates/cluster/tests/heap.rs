//! What planning takes of the heap, by the counting allocator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{Cluster, Plan, Routing, Settings};
use cqlwire_codec::{Consistency, Token};
use cqlwire_net::{ByteStream, Deadline, Dialer, Dialing, ServerAddress};
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Member, ScriptedNode};
use cqlwire_testkit::probe::heap;
use cqlwire_testkit::schema::Keyspace;

#[global_allocator]
static HEAP: heap::Counting = &heap::COUNTING;

cqlwire_testkit::one_thread![
    g13_2_planning_for_three_hosts_allocates_nothing,
    g13_2_planning_for_a_thousand_hosts_allocates_nothing,
];

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Scripted(ScriptedCluster);

impl Dialer for Scripted {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async move {
            let stream = self.0.dial(address.socket().unwrap()).await?;
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        })
    }
}

/// One server behind all addresses, but for the one where nobody is.
struct One {
    node: ScriptedNode,
    nobody: SocketAddr,
}

impl std::fmt::Debug for One {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("One")
    }
}

impl Dialer for One {
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a> {
        Box::pin(async move {
            if address.socket() == Some(self.nobody) {
                return Err(std::io::ErrorKind::ConnectionRefused.into());
            }
            Ok(Box::new(self.node.connect()) as Box<dyn ByteStream>)
        })
    }
}

fn settings(contact_point: SocketAddr, dialer: Arc<dyn Dialer>) -> Settings {
    let mut settings = Settings::default();
    settings.contact_points = vec![contact_point.into()];
    settings.connections_per_local_host = 1;
    settings.pool.connection.dialer = Some(dialer);
    settings
}

/// The first host of so many plans of each kind; at the end as many allocations as at the start.
fn plan(cluster: &Cluster) {
    let kinds = [
        Routing::new(Consistency::LocalQuorum),
        Routing::new(Consistency::One),
        Routing::new(Consistency::LocalSerial).conditional(true),
    ];
    let look = |plan: &mut Plan, request: &Routing<'_>| {
        assert!(cluster.next_host(plan, None, request, None).unwrap().is_some());
    };
    let before = heap::now().allocations;
    for number in 0..3_000_i64 {
        for kind in kinds {
            let token = Token(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed()));
            look(&mut cluster.plan(None), &kind);
            look(&mut cluster.plan(None), &kind.at(Some("app"), Some(token)));
            look(&mut cluster.plan(None), &kind.at(Some("unknown"), Some(token)));
        }
    }
    assert_eq!(heap::now().allocations - before, 0);
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn g13_2_planning_for_three_hosts_allocates_nothing() {
    let scripted = ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2", "rack3"])
        .keyspace(Keyspace::network("app", [("dc1", "2")]))
        .in_memory();
    let dialer = Arc::new(Scripted(scripted.clone()));
    let mut settings = settings(scripted.address(0), dialer);
    settings.local_rack = Some("rack2".to_owned());
    let cluster = Cluster::connect(settings, Deadline::after(PATIENCE)).await.unwrap();
    eventually(PATIENCE, "all are connected", || cluster.health().local_hosts_up == 3).await;
    let known = || cluster.topology().replicas("app", Token(0)).count() == 2;
    eventually(PATIENCE, "the replicas are known", known).await;
    plan(&cluster);
    scripted.kill(1);
    eventually(PATIENCE, "one is down", || cluster.health().local_hosts_up == 2).await;
    plan(&cluster);
    scripted.start(1);
    eventually(PATIENCE, "it is warming up", || cluster.health().local_hosts_up == 3).await;
    plan(&cluster);
    (0..3).for_each(|node| scripted.kill(node));
    eventually(PATIENCE, "all are down", || cluster.health().local_hosts_up == 0).await;
    plan(&cluster);
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn g13_2_planning_for_a_thousand_hosts_allocates_nothing() {
    let address = |number: u32| SocketAddr::from((Ipv4Addr::from(0x0A00_0000 + number), 9042));
    let node = ScriptedNode::builder().member(Member::new(address(1))).in_memory();
    node.set_peers((2..=1_000).map(|number| Member::new(address(number))));
    let dialer = Arc::new(One { node, nobody: address(500) });
    let mut settings = settings(address(1), dialer);
    settings.prove_hosts = false;
    let cluster = Cluster::connect(settings, Deadline::after(PATIENCE)).await.unwrap();
    assert_eq!(cluster.topology().hosts().len(), 1_000);
    eventually(PATIENCE, "all but one are connected", || cluster.health().local_hosts_up == 999)
        .await;
    plan(&cluster);
}
