//! Hosts of other data centers.

use std::time::Duration;

use cqlwire_codec::Consistency;
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Prime;
use tokio::time::sleep;

use super::scripted::{HOUR, LOCAL, control_node, settings_by_first};
use super::seconds;
use crate::{Cluster, Distance, Routing};

fn two_data_centers() -> ScriptedCluster {
    ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2"])
        .data_center("dc2", ["rack1", "rack2", "rack3"])
        .in_memory()
}

/// How often each node was connected to.
fn accepted(scripted: &ScriptedCluster) -> Vec<usize> {
    (0..5).map(|number| scripted.node(number).accepted().len()).collect()
}

#[tokio::test(start_paused = true)]
async fn g13_4_no_host_of_another_data_center_is_connected_to_unless_the_settings_allow_it() {
    let scripted = two_data_centers();
    let cluster = Cluster::connect(settings_by_first(&scripted), seconds(5)).await.unwrap();
    for _ in 0..20 {
        sleep(Duration::from_secs(60)).await;
        let at = control_node(&scripted, 5).expect("there is a control connection");
        scripted.node(at).prime(Prime::statement(LOCAL).nth(1).reset());
        assert!(cluster.refresh(None, seconds(60)).await);
        scripted.node(at).clear_primes();
    }
    assert_eq!(accepted(&scripted)[2..], [0, 0, 0]);
    assert_eq!(cluster.health().local_hosts, 2);
    (0..2).for_each(|number| scripted.kill(number));
    sleep(HOUR).await;
    assert!(!cluster.health().is_ready());
    assert_eq!(accepted(&scripted)[2..], [0, 0, 0], "nor when nobody else is there");
}

#[tokio::test(start_paused = true)]
async fn g13_4_remote_hosts_have_their_own_number_of_connections_and_their_turn_at_the_end() {
    let scripted = two_data_centers();
    let mut settings = settings_by_first(&scripted);
    settings.remote.hosts_per_data_center = 2;
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    eventually(HOUR, "all are connected", || cluster.usage().connections == 6).await;
    let topology = cluster.topology();
    let of = |distance| topology.hosts().iter().filter(move |host| host.distance() == distance);
    assert_eq!(of(Distance::Local).count(), 2);
    assert_eq!(of(Distance::Remote).count(), 2);
    assert_eq!(of(Distance::Ignored).count(), 1);
    assert!(of(Distance::Remote).all(|host| host.pool().usage().connections == 1));
    assert!(of(Distance::Ignored).all(|host| host.pool().usage().connections == 0));
    let order = |consistency| {
        let routing = Routing::new(consistency);
        let mut plan = cluster.plan(None);
        let mut order = Vec::new();
        while let Some(turn) = cluster.next_host(&mut plan, None, &routing, None).unwrap() {
            order.push(turn.host.distance());
        }
        order
    };
    let (local, remote) = (Distance::Local, Distance::Remote);
    assert_eq!(order(Consistency::One), [local, local, remote, remote]);
    assert_eq!(order(Consistency::LocalQuorum), [local, local]);
}
