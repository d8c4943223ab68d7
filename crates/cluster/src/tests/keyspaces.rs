//! Connections in a keyspace of their own, where requests cannot name it.

use std::time::Duration;

use cqlwire_codec::ProtocolVersion;
use cqlwire_pool::Unconnected;
use cqlwire_testkit::cluster::ScriptedCluster;
use cqlwire_testkit::node::Prime;
use tokio::time::{Instant, sleep};

use super::scripted::{all_up, connected, happens, host};
use super::seconds;
use crate::Settings;

const SOON: Duration = Duration::from_secs(3);

fn of_v4() -> ScriptedCluster {
    ScriptedCluster::builder()
        .versions([ProtocolVersion::V4])
        .data_center("dc1", ["rack1", "rack2", "rack3"])
        .in_memory()
}

#[tokio::test(start_paused = true)]
async fn g12_4_a_host_that_leaves_drains_in_every_keyspace_and_is_dialled_no_more() {
    let scripted = of_v4();
    let cluster = connected(&scripted, 3).await;
    let keyspace = cluster.keyspace("shop".into());
    keyspace.ready(seconds(5)).await.unwrap();
    assert!(happens(SOON, || cluster.usage().connections == 12).await);
    let gone = host(&cluster, &scripted, 2);
    let kept = keyspace.own().find(gone.id()).unwrap();
    scripted.leave(2);
    all_up(&cluster, 2).await;
    assert!(happens(SOON, || cluster.usage().connections == 8).await);
    // Whoever still has the pool, or the host.
    assert!(matches!(kept.pick().unwrap_err().reason, Unconnected::Closed));
    let dials = scripted.dials(scripted.address(2));
    assert!(matches!(keyspace.pick(&gone).unwrap_err().reason, Unconnected::Closed));
    // As one who chose it a moment before it went.
    let refused = keyspace.own().start(&gone, cluster.shared().starter());
    assert!(matches!(refused.unwrap_err().reason, Unconnected::NotWanted));
    sleep(Duration::from_secs(3_600)).await;
    assert_eq!(scripted.dials(scripted.address(2)), dials);
}

#[tokio::test(start_paused = true)]
async fn keyspaces_that_nobody_has_any_more_are_forgotten() {
    let scripted = of_v4();
    let cluster = connected(&scripted, 3).await;
    let kept = cluster.keyspace("shop".into());
    kept.ready(seconds(5)).await.unwrap();
    for number in 0..200 {
        let keyspace = cluster.keyspace(format!("of tenant {number}").into());
        keyspace.ready(seconds(5)).await.unwrap();
    }
    assert!(cluster.shared().keyspaces.len() < 20);
    assert!(happens(SOON, || cluster.usage().connections == 12).await);
}

/// So that not all of what comes next is for one host; but a host that is silent holds up nobody.
#[tokio::test(start_paused = true)]
async fn once_one_host_is_ready_the_others_are_waited_for_as_long_as_an_attempt_is() {
    const USE: &str = "USE \"shop\"";
    let scripted = of_v4();
    let cluster = connected(&scripted, 3).await;
    let delay = Settings::default().pool.connection.attempt_delay;
    scripted.node(1).prime(Prime::statement(USE).after(delay / 2));
    scripted.node(2).prime(Prime::statement(USE).silence());
    let keyspace = cluster.keyspace("shop".into());
    let began = Instant::now();
    keyspace.ready(seconds(5)).await.unwrap();
    let took = began.elapsed();
    assert!((delay..delay + Duration::from_millis(10)).contains(&took), "{took:?}");
    let is_ready = |number| keyspace.own().offer(&host(&cluster, &scripted, number)).is_some();
    assert_eq!([0, 1, 2].map(is_ready), [true, true, false]);
}

/// What requests cannot say is said by connections; where they can, there are none.
#[tokio::test(start_paused = true)]
async fn a_keyspace_has_connections_only_where_requests_cannot_name_it() {
    for (versions, connections) in [([ProtocolVersion::V3], 12), ([ProtocolVersion::V5], 6)] {
        let scripted = ScriptedCluster::builder()
            .versions(versions)
            .data_center("dc1", ["rack1", "rack2", "rack3"])
            .in_memory();
        let cluster = connected(&scripted, 3).await;
        let keyspace = cluster.keyspace("shop".into());
        keyspace.ready(seconds(5)).await.unwrap();
        assert!(happens(SOON, || cluster.usage().connections == connections).await);
        for number in 0..3 {
            let host = host(&cluster, &scripted, number);
            let offer = keyspace.own().offer(&host).unwrap();
            assert_eq!(offer.connection().version(), versions[0]);
            let accepted = scripted.node(number).accepted();
            let is_there = |name: Option<&str>| name == Some("shop");
            let there = accepted.iter().filter(|one| is_there(one.keyspace.as_deref())).count();
            assert_eq!(there, connections / 3 - 2);
        }
    }
}
