//! What events say, whenever they come.

use std::time::Duration;

use cqlwire_codec::{Event, Opcode, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange};
use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Held, Prime};
use cqlwire_testkit::schema::Keyspace;
use tokio::time::{Instant, sleep};

use super::scripted::{
    HOUR, LOCAL, connected, control_node, happens, host, listings, settings_by_first, table, three,
};
use super::seconds;
use crate::Cluster;

const SOON: Duration = Duration::from_secs(3);

/// A host joins, a keyspace and a table are created.
fn change(scripted: &ScriptedCluster) {
    scripted.join("dc1", "rack1");
    scripted.put_keyspace(Keyspace::network("shop", [("dc1", "2")]));
    scripted.put_table("app", table("u"));
}

async fn is_seen(cluster: &Cluster, when: &str) {
    let seen = || {
        let (topology, schema) = (cluster.topology(), cluster.schema());
        topology.hosts().len() == 4
            && topology.replica_table("shop").is_some()
            && schema.keyspace("shop").is_some()
            && schema.table("app", "u").is_some()
    };
    assert!(happens(SOON, seen).await, "not seen: {when}");
}

#[tokio::test(start_paused = true)]
async fn g12_1_a_change_at_any_point_of_the_first_listing_is_seen() {
    let points = [Prime::opcode(Opcode::Register)].into_iter();
    let points = points.chain((1..40).map(|query| Prime::opcode(Opcode::Query).nth(query)));
    let mut reached = 0;
    for (point, held_back) in points.enumerate() {
        let scripted = three();
        let held = scripted.node(0).hold(held_back);
        let connecting = tokio::spawn(Cluster::connect(settings_by_first(&scripted), seconds(5)));
        if !happens(SOON, || held.len() == 1).await {
            break;
        }
        change(&scripted);
        sleep(Duration::from_millis(20)).await;
        held.release();
        let cluster = connecting.await.unwrap().unwrap();
        is_seen(&cluster, &format!("at point {point}")).await;
        reached += 1;
    }
    assert!(reached > 15, "only {reached} points");
}

#[tokio::test(start_paused = true)]
async fn g12_1_a_change_at_any_point_of_a_reconnection_is_seen() {
    let points = [Prime::opcode(Opcode::Startup), Prime::opcode(Opcode::Register)].into_iter();
    let points = points.chain((1..40).map(|query| Prime::opcode(Opcode::Query).nth(query)));
    let mut reached = 0;
    for (point, held_back) in points.enumerate() {
        let scripted = three();
        let cluster = connected(&scripted, 3).await;
        let hold = |number| scripted.node(number).hold(held_back.clone());
        let held: Vec<Held> = (0..3).map(hold).collect();
        scripted.node(0).prime(Prime::statement(LOCAL).nth(1).reset());
        let asked = tokio::spawn(async move {
            cluster.refresh(None, seconds(60)).await;
            cluster
        });
        if !happens(SOON, || held.iter().any(|held| !held.is_empty())).await {
            break;
        }
        scripted.events(EventDelivery::Now).push(&Event::Other("UNKNOWN".to_owned()));
        change(&scripted);
        sleep(Duration::from_millis(20)).await;
        held.iter().for_each(Held::release);
        let cluster = asked.await.unwrap();
        is_seen(&cluster, &format!("at point {point}")).await;
        reached += 1;
    }
    assert!(reached > 15, "only {reached} points");
}

/// A third of a minute of it; the whole minute is gone through where events are gathered.
#[tokio::test(start_paused = true)]
async fn g12_2_a_storm_of_events_is_one_refresh_a_second() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let (before, begun) = (listings(&scripted, 3), Instant::now());
    let table_changed = Event::SchemaChange(SchemaChange {
        kind: SchemaChangeKind::Updated,
        target: SchemaTarget::Table("t".to_owned()),
        keyspace: "app".to_owned(),
    });
    let moved = Event::TopologyChange {
        change: cqlwire_codec::TopologyChange::MovedNode,
        address: scripted.address(1),
    };
    let node = scripted.node(0);
    let mut pushed = 0;
    for tick in 0..2_000_u32 {
        for number in 0..100_u16 {
            let address = ([10, 7, 0, 0], number + 1).into();
            let up = Event::StatusChange { change: StatusChange::Up, address };
            pushed += node.push([&table_changed, &moved, &up][usize::from(number % 3)]);
        }
        sleep(Duration::from_millis(10)).await;
        if tick == 100 {
            assert!(listings(&scripted, 3) > before, "the first within a second");
        }
        if tick == 1_000 {
            scripted.events(EventDelivery::Lost).put_table("app", table("within"));
        }
        if tick == 1_300 {
            assert!(cluster.schema().table("app", "within").is_none(), "nobody said so");
            scripted.put_table("app", table("within"));
        }
        if tick == 1_500 {
            assert!(cluster.schema().table("app", "within").is_some(), "seen within the storm");
        }
    }
    assert_eq!(pushed, 200_000);
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap();
    let refreshes = listings(&scripted, 3) - before;
    assert!(refreshes <= seconds + 1 && refreshes + 2 >= seconds, "{refreshes} in {seconds} s");
    assert_eq!(cluster.usage().connections, 6);
}

/// The connections that a node has accepted so far, and how many are open.
fn accepted(scripted: &ScriptedCluster, number: usize) -> (usize, usize) {
    (scripted.node(number).accepted().len(), scripted.node(number).connections())
}

#[tokio::test(start_paused = true)]
async fn g12_6_down_changes_nothing_for_a_host_with_a_connection() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let before: Vec<_> = (0..3).map(|number| accepted(&scripted, number)).collect();
    let listed = listings(&scripted, 3);
    let mut changes = cluster.changes();
    for number in 0..3 {
        let (change, address) = (StatusChange::Down, scripted.address(number));
        scripted.push(&Event::StatusChange { change, address });
    }
    sleep(HOUR).await;
    let after: Vec<_> = (0..3).map(|number| accepted(&scripted, number)).collect();
    assert_eq!(before, after);
    assert!((0..3).all(|number| host(&cluster, &scripted, number).pool().pick().is_ok()));
    assert_eq!(listings(&scripted, 3), listed, "nothing to look for");
    cluster.close(seconds(5)).await;
    assert_eq!(changes.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn g12_6_up_has_a_host_that_is_down_dialled_at_once() {
    let scripted = three();
    let mut settings = settings_by_first(&scripted);
    settings.pool.backoff.first = 10 * HOUR;
    settings.pool.backoff.longest = 10 * HOUR;
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    super::scripted::all_up(&cluster, 3).await;
    scripted.kill(2);
    eventually(HOUR, "it is down", || !host(&cluster, &scripted, 2).state().is_up()).await;
    sleep(HOUR).await;
    let up = || host(&cluster, &scripted, 2).pool().usage().connections == 2;
    scripted.start(2);
    assert!(happens(Duration::from_millis(50), up).await, "dialled at once");
}

/// The attempt that is under way is one to a host that was not up yet.
#[tokio::test(start_paused = true)]
async fn g12_6_up_counts_though_an_attempt_is_under_way() {
    let scripted = three();
    let mut settings = settings_by_first(&scripted);
    settings.pool.backoff.first = 10 * HOUR;
    settings.pool.backoff.longest = 10 * HOUR;
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    super::scripted::all_up(&cluster, 3).await;
    let address = scripted.address(2);
    scripted.kill(2);
    eventually(HOUR, "it is down", || !host(&cluster, &scripted, 2).state().is_up()).await;
    sleep(HOUR).await;
    // Packets get lost, and then the host is there.
    scripted.set_reach(address, cqlwire_testkit::cluster::Reach::Lost);
    let dials = scripted.dials(address);
    scripted.push(&Event::StatusChange { change: StatusChange::Up, address });
    eventually(HOUR, "it is dialled", || scripted.dials(address) == dials + 2).await;
    sleep(Duration::from_secs(2)).await;
    scripted.start(2);
    let up = || host(&cluster, &scripted, 2).pool().usage().connections == 2;
    assert!(happens(Duration::from_secs(5), up).await, "dialled as soon as the attempt failed");
}

#[tokio::test(start_paused = true)]
async fn events_come_in_any_order_twice_late_and_not_at_all() {
    let scripted = three();
    let mut settings = settings_by_first(&scripted);
    settings.refresh_interval = 2 * HOUR;
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    assert_eq!(control_node(&scripted, 3), Some(0));
    let hosts = || cluster.topology().hosts().len();
    scripted.events(EventDelivery::Twice).join("dc1", "rack1");
    assert!(happens(SOON, || hosts() == 4).await);
    scripted.events(EventDelivery::Reversed).leave(3);
    assert!(happens(SOON, || hosts() == 3).await);
    sleep(Duration::from_secs(10)).await;
    scripted.events(EventDelivery::Late(HOUR)).join("dc1", "rack1");
    sleep(HOUR / 2).await;
    assert_eq!(hosts(), 3);
    assert!(happens(HOUR / 2 + SOON, || hosts() == 4).await);
    // It is listed once more when it has come up.
    sleep(Duration::from_secs(10)).await;
    scripted.events(EventDelivery::Lost).join("dc1", "rack1");
    sleep(HOUR).await;
    assert_eq!(hosts(), 4);
    eventually(2 * HOUR, "listed by the clock", || hosts() == 5).await;
}

/// Rows of a host that has just come do not say all yet, and no event says when they do.
#[tokio::test(start_paused = true)]
async fn a_new_host_whose_row_is_not_whole_yet_is_asked_for_again() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let address = "10.0.0.9:9042".parse().unwrap();
    let row = super::peers_v2([vec![
        None,
        cqlwire_testkit::node::cell("dc1"),
        cqlwire_testkit::node::cell("rack1"),
        cqlwire_testkit::node::cell("5.0.9"),
        None,
        cqlwire_testkit::node::cell([10, 0, 0, 4]),
        cqlwire_testkit::node::cell([10, 0, 0, 4]),
        cqlwire_testkit::node::cell(9042_i32.to_be_bytes()),
    ]]);
    scripted.node(0).prime(row);
    let before = listings(&scripted, 3);
    scripted.push(&Event::StatusChange { change: StatusChange::Up, address });
    sleep(Duration::from_secs(20)).await;
    let asked = listings(&scripted, 3) - before;
    assert!((4..=8).contains(&asked), "with back-off: {asked}");
    scripted.node(0).clear_primes();
    scripted.events(EventDelivery::Lost).join("dc1", "rack1");
    let seen = || cluster.topology().hosts().len() == 4;
    assert!(happens(Duration::from_secs(10), seen).await);
    // Once more when it has come up.
    sleep(Duration::from_secs(10)).await;
    let listed = listings(&scripted, 3);
    sleep(HOUR).await;
    assert_eq!(listings(&scripted, 3), listed, "whole: not asked any more");
}
