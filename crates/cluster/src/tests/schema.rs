//! The schema follows what is done to it.

use std::time::Duration;

use cqlwire_codec::{SchemaChange, SchemaChangeKind, SchemaTarget};
use cqlwire_testkit::cluster::EventDelivery;
use cqlwire_testkit::schema::Keyspace;

use super::scripted::{connected, happens, listings, table, three};
use super::seconds;

const SOON: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn a_keyspace_that_changes_changes_the_replicas() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let token = cluster.topology().token(b"key").unwrap();
    let replicas = || cluster.topology().replicas("shop", token).count();
    for (factor, expected) in [("1", 1), ("3", 3), ("2", 2)] {
        scripted.put_keyspace(Keyspace::network("shop", [("dc1", factor)]));
        assert!(happens(SOON, || replicas() == expected).await, "{factor}");
        assert!(happens(SOON, || cluster.schema().keyspace("shop").is_some()).await);
    }
    scripted.drop_keyspace("shop");
    let gone = || cluster.schema().keyspace("shop").is_none();
    assert!(happens(SOON, || replicas() == 0 && gone()).await);
}

#[tokio::test(start_paused = true)]
async fn g12_1_a_host_that_moves_in_the_ring_owns_other_partitions() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    scripted.put_keyspace(Keyspace::network("shop", [("dc1", "1")]));
    let token = cluster.topology().token(b"key").unwrap();
    for number in [0, 1, 2] {
        scripted.move_to(number, [token.0]);
        let owner = uuid::Uuid::from_bytes(scripted.member(number).host_id);
        let owns = || cluster.topology().replicas("shop", token).map(|host| host.id()).eq([owner]);
        assert!(happens(SOON, owns).await, "{number}");
        scripted.move_to(number, [token.0.wrapping_sub(1)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_changes_is_all_that_is_read() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let (node, listed) = (scripted.node(0), listings(&scripted, 3));
    let queries = || {
        let received = node.received();
        let all = received.iter().flat_map(|one| one.statements.clone());
        all.filter(|text| text.contains("system_schema")).collect::<Vec<_>>()
    };
    let before = queries().len();
    scripted.put_table("app", table("u"));
    assert!(happens(SOON, || cluster.schema().table("app", "u").is_some()).await);
    scripted.put_table("app", table("u").column("w", "text"));
    let altered = || cluster.schema().table("app", "u").is_some_and(|u| u.column("w").is_some());
    assert!(happens(SOON, altered).await);
    scripted.drop_table("app", "u");
    assert!(happens(SOON, || cluster.schema().table("app", "u").is_none()).await);
    let asked = queries().split_off(before);
    assert!(asked.iter().all(|text| text.contains("keyspace_name = 'app'")), "{asked:#?}");
    assert!(asked.len() <= 3 * 6, "{asked:#?}");
    assert_eq!(listings(&scripted, 3), listed, "the hosts are the same");
    assert!(cluster.schema().table("app", "t").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_change_of_ones_own_is_there_as_soon_as_it_was_asked_for() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    for number in 0..20 {
        let name = format!("own{number}");
        scripted.events(EventDelivery::Late(SOON)).put_table("app", table(&name));
        let change = SchemaChange {
            kind: SchemaChangeKind::Created,
            target: SchemaTarget::Table(name.clone()),
            keyspace: "app".to_owned(),
        };
        let begun = tokio::time::Instant::now();
        assert!(cluster.refresh(Some(change), seconds(5)).await);
        assert!(cluster.schema().table("app", &name).is_some());
        assert!(begun.elapsed() < Duration::from_millis(50), "it waits for no window");
    }
}

/// No event says so; but the servers call the schema otherwise.
#[tokio::test(start_paused = true)]
async fn g12_2_a_change_whose_event_is_lost_is_seen_when_the_hosts_are_listed() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    assert!(happens(SOON, || cluster.schema().table("app", "t").is_some()).await);
    scripted.events(EventDelivery::Lost).put_table("app", table("lost"));
    let seen = || cluster.schema().table("app", "lost").is_some();
    assert!(happens(Duration::from_secs(40 * 3_600), seen).await);
}
