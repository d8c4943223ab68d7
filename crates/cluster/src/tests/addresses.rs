//! Hosts that are somewhere else than they were.

use std::time::Duration;

use cqlwire_testkit::node::Prime;
use tokio::time::sleep;

use super::scripted::{HOUR, all_up, connected, happens, host, settings_of, three};
use super::{seconds, send};
use crate::{Cluster, ClusterChange};

const SOON: Duration = Duration::from_secs(3);

#[tokio::test(start_paused = true)]
async fn g12_3_each_host_in_turn_changes_its_address_and_the_old_one_is_dialled_no_more() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let mut changes = cluster.changes();
    for number in [1, 2, 0] {
        let (id, old) = (host(&cluster, &scripted, number).id(), scripted.address(number));
        let new = ([10, 9, 0, u8::try_from(number).unwrap()], 9042).into();
        scripted.change_address(number, new);
        let moved = || *host(&cluster, &scripted, number).address() == new.into();
        assert!(happens(SOON, moved).await, "{number} has moved");
        let dials = scripted.dials(old);
        all_up(&cluster, 3).await;
        assert_eq!(host(&cluster, &scripted, number).id(), id);
        sleep(HOUR).await;
        assert_eq!(scripted.dials(old), dials, "the old address of {number}");
        assert!(host(&cluster, &scripted, number).pool().pick().is_ok());
        let expected = ClusterChange::HostMoved { host_id: id, from: old.into(), to: new.into() };
        while changes.next().await != Some(expected.clone()) {}
    }
}

#[tokio::test(start_paused = true)]
async fn g12_3_what_is_in_flight_at_the_old_address_is_all_that_fails() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let held = scripted.node(1).hold(Prime::statement("held"));
    let pending = send(&host(&cluster, &scripted, 1).pool().pick().unwrap(), "held");
    assert!(happens(SOON, || held.len() == 1).await);
    let new = "10.9.0.1:9042".parse().unwrap();
    scripted.change_address(1, new);
    pending.await.unwrap_err();
    all_up(&cluster, 3).await;
    send(&host(&cluster, &scripted, 1).pool().pick().unwrap(), "next").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g12_5_every_address_changes_at_once_and_contact_points_are_looked_up_anew() {
    let scripted = three();
    scripted.set_name("db.example", [scripted.address(0)]);
    let settings = settings_of(&scripted, &["db.example".parse().unwrap()]);
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    all_up(&cluster, 3).await;
    let old: Vec<_> = (0..3).map(|number| scripted.address(number)).collect();
    for number in 0..3_u8 {
        scripted.change_address(number.into(), ([10, 9, 0, number], 9042).into());
    }
    sleep(HOUR).await;
    assert!(!cluster.health().is_ready() && !cluster.health().has_control_connection);
    scripted.set_name("db.example", [scripted.address(2)]);
    // The longest back-off, and what one attempt may take.
    assert!(happens(Duration::from_secs(40), || cluster.health().is_ready()).await);
    all_up(&cluster, 3).await;
    let dials: Vec<_> = old.iter().map(|address| scripted.dials(*address)).collect();
    sleep(HOUR).await;
    let later: Vec<_> = old.iter().map(|address| scripted.dials(*address)).collect();
    assert_eq!(dials, later);
}

#[tokio::test(start_paused = true)]
async fn two_hosts_change_places() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let (first, second) = (scripted.address(1), scripted.address(2));
    scripted.change_address(1, "10.9.9.9:9042".parse().unwrap());
    scripted.change_address(2, first);
    scripted.change_address(1, second);
    let changed = || {
        *host(&cluster, &scripted, 1).address() == second.into()
            && *host(&cluster, &scripted, 2).address() == first.into()
    };
    assert!(happens(SOON, changed).await);
    all_up(&cluster, 3).await;
}
