//! Hosts that are no longer of the cluster.

use std::time::Duration;

use cqlwire_testkit::cluster::EventDelivery;
use cqlwire_testkit::node::Prime;
use tokio::time::sleep;
use uuid::Uuid;

use super::scripted::{HOUR, all_up, connected, happens, host, three};
use super::send;
use crate::ClusterChange;

const SOON: Duration = Duration::from_secs(3);

#[tokio::test(start_paused = true)]
async fn g12_4_a_host_that_leaves_drains_and_is_dialled_no_more() {
    for control in [false, true] {
        let scripted = three();
        let cluster = connected(&scripted, 3).await;
        let number = usize::from(!control);
        let kept = host(&cluster, &scripted, number);
        let address = scripted.address(number);
        if !control {
            let held = scripted.node(1).hold(Prime::statement("held"));
            let pending = send(&kept.pool().pick().unwrap(), "held");
            assert!(happens(SOON, || held.len() == 1).await);
            // Others say so while it is still there: as a server that takes its time.
            let mut members = scripted.members();
            members.retain(|member| member.address != address);
            scripted.node(0).set_peers(members);
            let change = cqlwire_codec::TopologyChange::RemovedNode;
            scripted.push(&cqlwire_codec::Event::TopologyChange { change, address });
            assert!(happens(SOON, || cluster.topology().hosts().len() == 2).await);
            assert!(kept.pool().pick().is_err());
            sleep(Duration::from_secs(2)).await;
            held.release();
            pending.await.unwrap();
            let node = scripted.node(1);
            assert!(happens(SOON, || node.connections() == 0).await, "drained");
        }
        let dials_before = scripted.dials(address);
        scripted.leave(number);
        assert!(happens(SOON, || cluster.topology().hosts().len() == 2).await);
        let dials = scripted.dials(address);
        assert!(dials <= dials_before + 12, "{dials_before} and {dials}");
        sleep(24 * HOUR).await;
        assert_eq!(scripted.dials(address), dials);
        assert!(cluster.topology().hosts().iter().all(|host| host.pool().pick().is_ok()));
    }
}

#[tokio::test(start_paused = true)]
async fn g12_4_a_dead_host_that_is_removed_or_replaced_is_dialled_no_more() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let mut changes = cluster.changes();
    scripted.kill(2);
    sleep(HOUR).await;
    let (old, dead) = (scripted.member(2).host_id, host(&cluster, &scripted, 2));
    let new = scripted.replace(2);
    let is_new = || cluster.topology().find(Uuid::from_bytes(old)).is_none();
    assert!(happens(Duration::from_secs(35), is_new).await, "replaced");
    all_up(&cluster, 3).await;
    assert!(host(&cluster, &scripted, new).pool().pick().is_ok());
    assert!(dead.pool().pick().is_err());
    let removed = dead.address().clone();
    let expected = ClusterChange::HostRemoved { host_id: dead.id(), address: removed };
    while changes.next().await != Some(expected.clone()) {}
    scripted.kill(new);
    sleep(HOUR).await;
    let address = scripted.address(new);
    scripted.remove(new);
    assert!(happens(SOON, || cluster.topology().hosts().len() == 2).await);
    let dials = scripted.dials(address);
    sleep(24 * HOUR).await;
    assert_eq!(scripted.dials(address), dials);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_is_seen() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    for number in [1, 0] {
        scripted.events(EventDelivery::Now).upgrade(number, "5.1.0");
        let upgraded = || host(&cluster, &scripted, number).release_version() == "5.1.0";
        assert!(happens(Duration::from_secs(10), upgraded).await, "{number}");
        all_up(&cluster, 3).await;
    }
}
