//! How it begins.

use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_net::Deadline;
use cqlwire_testkit::cluster::{Reach, ScriptedCluster};
use cqlwire_testkit::node::Prime;
use tokio::time::{Instant, sleep};

use super::scripted::{HOUR, all_up, settings_by_first, settings_of, three};
use super::seconds;
use crate::{Cluster, ContactFailure};

#[tokio::test(start_paused = true)]
async fn a_client_that_begins_before_its_database_waits_for_it() {
    let scripted = three();
    let mut settings = settings_of(&scripted, &["db.example".parse().unwrap()]);
    settings.reconnect_on_init = true;
    (0..3).for_each(|number| scripted.set_reach(scripted.address(number), Reach::Refused));
    let connecting = tokio::spawn(Cluster::connect(settings.clone(), Deadline::after(24 * HOUR)));
    sleep(HOUR).await;
    scripted.set_name("db.example", [scripted.address(1)]);
    sleep(HOUR).await;
    assert!(!connecting.is_finished());
    (0..3).for_each(|number| scripted.set_reach(scripted.address(number), Reach::Open));
    let begun = Instant::now();
    let cluster = connecting.await.unwrap().unwrap();
    assert!(begun.elapsed() <= Duration::from_secs(40), "{:?}", begun.elapsed());
    all_up(&cluster, 3).await;
    // What only its owner can mend is said at once.
    settings.local_data_center = Some("dc9".to_owned());
    let error = Cluster::connect(settings, Deadline::after(HOUR)).await.unwrap_err();
    assert!(error.is_permanent(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_wait_fails_once_all_have() {
    let scripted = three();
    (0..3).for_each(|number| scripted.set_reach(scripted.address(number), Reach::Refused));
    let begun = Instant::now();
    let error = Cluster::connect(settings_by_first(&scripted), seconds(60)).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(1), "{error}");
}

/// No time is too long to be a setting.
#[tokio::test(start_paused = true)]
async fn a_client_may_wait_for_ever() {
    let scripted = three();
    let mut settings = settings_by_first(&scripted);
    settings.reconnect_on_init = true;
    settings.pool.connect_timeout = Duration::MAX;
    Cluster::connect(settings, seconds(60)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_is_ready_when_as_many_hosts_are_connected_as_are_wanted() {
    for (wanted, slow, expected) in [(1, 5, 0), (2, 5, 0), (3, 5, 5), (9, 5, 5)] {
        let scripted = three();
        let late = Prime::opcode(Opcode::Startup).after(Duration::from_secs(slow - 1));
        scripted.node(2).prime(late);
        let mut settings = settings_by_first(&scripted);
        settings.ready_when = wanted;
        let begun = Instant::now();
        let cluster = Cluster::connect(settings, seconds(60)).await.unwrap();
        let took = begun.elapsed().as_secs_f64().ceil();
        assert!(took <= f64::from(expected), "{wanted}: {took}");
        let up = cluster.health().local_hosts_up;
        assert!(up >= wanted.min(3) && cluster.health().local_hosts == 3, "{wanted}: {up}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_local_data_center_is_an_error_that_lists_those_there_are() {
    let scripted = two_data_centers();
    for remote in [0, 2] {
        let mut settings = settings_by_first(&scripted);
        settings.local_data_center = Some("dc9".to_owned());
        settings.remote.hosts_per_data_center = remote;
        let error = Cluster::connect(settings, seconds(60)).await.unwrap_err();
        let ContactFailure::NoHostWanted { data_centers, .. } = &error.attempts[0].failure else {
            panic!("{error}")
        };
        assert_eq!(data_centers[..], ["dc1", "dc2"], "{remote}");
        assert!(error.to_string().contains("dc1, dc2"), "{error}");
    }
}

fn two_data_centers() -> ScriptedCluster {
    ScriptedCluster::builder()
        .data_center("dc1", ["rack1", "rack2"])
        .data_center("dc2", ["rack1", "rack2"])
        .in_memory()
}

#[tokio::test(start_paused = true)]
async fn the_local_data_center_is_that_of_the_contact_point_that_answers_first() {
    let scripted = two_data_centers();
    scripted.set_reach(scripted.address(0), Reach::Lost);
    let contact_points = [scripted.address(0).into(), scripted.address(2).into()];
    let cluster = Cluster::connect(settings_of(&scripted, &contact_points), seconds(5)).await;
    let cluster = cluster.unwrap();
    assert_eq!(cluster.local_data_center(), "dc2");
    assert_eq!(cluster.health().local_hosts, 2);
    assert_eq!(cluster.topology().data_centers(), ["dc1", "dc2"]);
}
