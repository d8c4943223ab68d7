//! What users bring with them, or do by hand.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use cqlwire_testkit::eventually;
use cqlwire_testkit::probe::alone;
use tokio::time::sleep;
use uuid::Uuid;

use super::scripted::{HOUR, all_up, connected, happens, host, settings_by_first, three};
use super::seconds;
use crate::{
    AddressTranslator, Cluster, ClusterChange, Distance, HostDescription, HostFilter, Translating,
};

const SOON: Duration = Duration::from_secs(3);

/// Translates nothing, fails, panics.
#[derive(Debug, Default)]
struct Moody(AtomicU8);

impl AddressTranslator for Moody {
    fn translate<'a>(&'a self, host: &'a HostDescription) -> Translating<'a> {
        match self.0.load(Ordering::Relaxed) {
            0 => Box::pin(std::future::ready(Ok(host.address.clone()))),
            1 => Box::pin(std::future::ready(Err(io::Error::other("no idea")))),
            2 => panic!("at once"),
            _ => Box::pin(async { panic!("a moment later") }),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_whose_address_cannot_be_translated_any_more_stays_where_it_is() {
    let scripted = three();
    let moody = Arc::new(Moody::default());
    let mut settings = settings_by_first(&scripted);
    settings.address_translator = Some(moody.clone());
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    all_up(&cluster, 3).await;
    let before = cluster.topology();
    for mood in 1..=3 {
        moody.0.store(mood, Ordering::Relaxed);
        assert!(cluster.refresh(None, seconds(30)).await);
        let topology = cluster.topology();
        assert_eq!(topology.hosts().len(), 3, "mood {mood}");
        let same = topology.hosts().iter().zip(before.hosts());
        assert!(same.into_iter().all(|(now, before)| now.address() == before.address()));
        assert!(topology.hosts().iter().all(|host| host.pool().pick().is_ok()), "mood {mood}");
    }
    // A new one is left out until it can be.
    scripted.join("dc1", "rack1");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(cluster.topology().hosts().len(), 3);
    moody.0.store(0, Ordering::Relaxed);
    assert!(cluster.refresh(None, seconds(30)).await);
    all_up(&cluster, 4).await;
}

/// Does not take the host at this address, and panics about the one at that.
#[derive(Debug)]
struct Picky(SocketAddr, SocketAddr);

impl HostFilter for Picky {
    fn accepts(&self, host: &HostDescription) -> bool {
        assert!(host.address != self.1.into(), "about this host");
        host.address != self.0.into()
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_that_the_filter_leaves_out_get_nothing() {
    let scripted = three();
    let mut settings = settings_by_first(&scripted);
    let filter = Picky(scripted.address(1), scripted.address(2));
    settings.host_filter = Some(Arc::new(filter));
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    for _ in 0..20 {
        scripted.restart(0);
        sleep(Duration::from_secs(60)).await;
    }
    assert_eq!(host(&cluster, &scripted, 1).distance(), Distance::Ignored);
    assert_eq!(host(&cluster, &scripted, 2).distance(), Distance::Ignored);
    let dials = (1..3).map(|number| scripted.dials(scripted.address(number)));
    assert_eq!(dials.collect::<Vec<_>>(), [0, 0]);
    assert!(host(&cluster, &scripted, 0).pool().pick().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_forced_down_stays_so_whatever_is_said_about_it() {
    let _alone = alone().await;
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let (id, node) = (host(&cluster, &scripted, 2).id(), scripted.node(2));
    cluster.force_down(id).await;
    assert!(happens(SOON, || node.connections() == 0).await);
    let dials = scripted.dials(scripted.address(2));
    assert!(cluster.refresh(None, seconds(30)).await);
    scripted.restart(2);
    scripted.join("dc1", "rack1");
    sleep(HOUR).await;
    assert_eq!(scripted.dials(scripted.address(2)), dials);
    assert!(!host(&cluster, &scripted, 2).state().is_up());
    assert_eq!((cluster.health().local_hosts, cluster.health().local_hosts_up), (4, 3));
    cluster.force_up(id).await;
    all_up(&cluster, 4).await;
    cluster.force_down(Uuid::nil()).await;
    cluster.force_up(Uuid::nil()).await;
    cluster.close(seconds(5)).await;
    cluster.force_up(id).await;
    assert_eq!(cluster.tasks().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn changes_are_published_in_their_order() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let mut changes = cluster.changes();
    let fourth = scripted.join("dc1", "rack1");
    all_up(&cluster, 4).await;
    let (host_id, address) = (host(&cluster, &scripted, fourth).id(), scripted.address(fourth));
    let address = address.into();
    let mut next = async || changes.next().await.unwrap();
    assert_eq!(next().await, ClusterChange::HostAdded { host_id, address });
    let address = scripted.address(fourth).into();
    assert_eq!(next().await, ClusterChange::HostUp { host_id, address });
    scripted.kill(fourth);
    assert!(matches!(next().await, ClusterChange::HostDown { host_id: id, .. } if id == host_id));
    scripted.remove(fourth);
    let removed = next().await;
    assert!(matches!(removed, ClusterChange::HostRemoved { host_id: id, .. } if id == host_id));
}

#[tokio::test(start_paused = true)]
async fn health_says_what_there_is_without_asking() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    assert_eq!((cluster.health().local_hosts, cluster.health().local_hosts_up), (3, 3));
    assert!(cluster.health().is_ready() && cluster.health().has_control_connection);
    (0..3).for_each(|number| scripted.kill(number));
    eventually(HOUR, "nobody is there", || !cluster.health().is_ready()).await;
    eventually(HOUR, "nor is control", || !cluster.health().has_control_connection).await;
    (0..3).for_each(|number| scripted.start(number));
    eventually(HOUR, "control is back", || cluster.health().has_control_connection).await;
    all_up(&cluster, 3).await;
}
