//! Addresses that were given to others.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_pool::{Elsewhere, Unconnected};
use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};
use cqlwire_testkit::eventually;
use tokio::time::sleep;

use super::scripted::{HOUR, all_up, connected, happens, host, listings, three};
use super::send;
use crate::Host;

fn elsewhere(host: &Host) -> Option<Elsewhere> {
    match host.state().down {
        Some(Unconnected::Elsewhere(elsewhere)) => Some(*elsewhere),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn g12_10_an_address_that_another_cluster_took_over_is_down_with_that_reason() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let other = ScriptedCluster::builder().name("other").data_center("dc1", ["r"]).in_memory();
    scripted.kill(1);
    let address = scripted.address(1);
    scripted.take_over(address, other.node(0));
    let moved = || elsewhere(&host(&cluster, &scripted, 1)).is_some();
    eventually(HOUR, "the reason is there", moved).await;
    let found = elsewhere(&host(&cluster, &scripted, 1)).unwrap();
    assert!(matches!(found, Elsewhere::OtherCluster { found, .. } if found == "other"));
    sleep(HOUR).await;
    let asked = other.node(0).received();
    let strange = |text: &String| !text.contains("system");
    assert!(!asked.iter().flat_map(|one| &one.statements).any(strange), "nothing else is sent");
    assert_eq!(cluster.topology().cluster_name(), "scripted");
    scripted.start(1);
    all_up(&cluster, 3).await;
}

#[tokio::test(start_paused = true)]
async fn g12_10_an_address_that_another_host_took_over_leads_to_a_refresh() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let quiet = scripted.events(EventDelivery::Lost);
    let before = listings(&scripted, 3);
    let new = "10.9.0.9:9042".parse().unwrap();
    let old = scripted.address(1);
    // The second moves away, and the third to its place: nobody says so.
    quiet.change_address(1, new);
    quiet.change_address(2, old);
    let seen = || {
        *host(&cluster, &scripted, 1).address() == new.into()
            && *host(&cluster, &scripted, 2).address() == old.into()
    };
    assert!(happens(Duration::from_secs(5), seen).await);
    assert!(listings(&scripted, 3) > before);
    all_up(&cluster, 3).await;
    for number in 0..3 {
        let host: Arc<Host> = host(&cluster, &scripted, number);
        send(&host.pool().pick().unwrap(), "mine").await.unwrap();
        assert_eq!(scripted.node(number).count_statement("mine"), 1);
    }
}

/// Nobody can say what the list is out of date about: it is not asked for again and again.
#[tokio::test(start_paused = true)]
async fn g12_10_an_address_that_stays_taken_over_is_asked_about_no_more_than_it_is_dialled() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let address = scripted.address(1);
    scripted.kill(1);
    scripted.take_over(address, scripted.node(2));
    eventually(HOUR, "the reason is there", || elsewhere(&host(&cluster, &scripted, 1)).is_some())
        .await;
    sleep(HOUR).await;
    let (listed, dials) = (listings(&scripted, 3), scripted.dials(address));
    sleep(HOUR).await;
    let (listed, dials) = (listings(&scripted, 3) - listed, scripted.dials(address) - dials);
    assert!(dials <= 2 * 241 && listed <= dials, "{listed} listings, {dials} dials");
    assert!(host(&cluster, &scripted, 1).pool().pick().is_err());
}
