//! The control connection, and what its failures may touch.

use std::time::Duration;

use cqlwire_codec::{Opcode, SchemaChange, SchemaChangeKind, SchemaTarget};
use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::Prime;
use tokio::time::sleep;

use super::scripted::{HOUR, connected, control_node, listings, settings_by_first, table, three};
use super::seconds;
use crate::Cluster;

#[tokio::test(start_paused = true)]
async fn g12_7_a_control_connection_that_fails_at_any_question_touches_no_pool() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    let proofs = "SELECT cluster_name, host_id FROM system.local WHERE key = 'local'";
    let mut reached = 0;
    for question in 1..40 {
        let prime = Prime::opcode(Opcode::Query).nth(question).reset();
        let at = control_node(&scripted, 3).unwrap();
        let asked = scripted.node(at).count(Opcode::Query);
        scripted.node(at).prime(prime);
        scripted.events(EventDelivery::Lost).put_table("app", table(&format!("t{question}")));
        assert!(cluster.refresh(None, seconds(30)).await, "question {question}");
        let name = format!("t{question}");
        assert!(cluster.schema().table("app", &name).is_some(), "question {question}");
        if scripted.node(at).count(Opcode::Query) - asked < u64::try_from(question).unwrap() {
            break;
        }
        scripted.node(at).clear_primes();
        sleep(Duration::from_secs(5)).await;
        reached += 1;
    }
    assert!(reached > 10, "only {reached} questions");
    let proven: usize = (0..3).map(|number| scripted.node(number).count_statement(proofs)).sum();
    assert_eq!((cluster.usage().connections, proven), (6, 6), "the same connections");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_waited_for_ends_by_its_deadline() {
    let scripted = three();
    let cluster = connected(&scripted, 3).await;
    (0..3).for_each(|number| scripted.isolate(number));
    let begun = tokio::time::Instant::now();
    assert!(!cluster.refresh(None, seconds(7)).await);
    assert_eq!(begun.elapsed().as_secs(), 7);
    (0..3).for_each(|number| scripted.heal(number));
    assert!(cluster.refresh(None, seconds(120)).await);
    cluster.close(seconds(5)).await;
    assert_eq!(cluster.tasks().len(), 0);
}

/// Each waits for what it asked for, whatever becomes of the control connection in between.
#[tokio::test(start_paused = true)]
async fn a_refresh_is_done_only_when_what_it_asked_for_was_read() {
    let scripted = three();
    let cluster = std::sync::Arc::new(connected(&scripted, 3).await);
    let created = |name: &str| SchemaChange {
        kind: SchemaChangeKind::Created,
        target: SchemaTarget::Table(name.to_owned()),
        keyspace: "app".to_owned(),
    };
    let ask = |name: &'static str| {
        let (cluster, change) = (cluster.clone(), created(name));
        tokio::spawn(async move {
            let done = cluster.refresh(Some(change), seconds(60)).await;
            done && cluster.schema().table("app", name).is_some()
        })
    };
    let quiet = scripted.events(EventDelivery::Lost);
    quiet.put_table("app", table("a"));
    scripted.node(0).prime(Prime::any().nth(1).reset());
    let holds: Vec<_> =
        (0..3).map(|number| scripted.node(number).hold(Prime::opcode(Opcode::Register))).collect();
    let first = ask("a");
    eventually(HOUR, "it reconnects", || holds.iter().any(|hold| !hold.is_empty())).await;
    quiet.put_table("app", table("b"));
    let second = ask("b");
    sleep(Duration::from_millis(1)).await;
    holds.iter().for_each(cqlwire_testkit::node::Held::release);
    assert!(first.await.unwrap(), "the first");
    assert!(second.await.unwrap(), "the second");
}

#[tokio::test(start_paused = true)]
async fn g12_7_a_refresh_that_is_under_way_when_the_cluster_is_closed_leaves_nothing() {
    for question in 1..30 {
        let scripted = three();
        let cluster = connected(&scripted, 3).await;
        let held = scripted.node(0).hold(Prime::opcode(Opcode::Query).nth(question));
        let waiting = cluster.refresh(None, seconds(30));
        tokio::pin!(waiting);
        tokio::select! {
            _ = &mut waiting => break,
            () = eventually(HOUR, "it is asked", || held.len() == 1) => {}
        }
        scripted.join("dc1", "rack1");
        cluster.close(seconds(5)).await;
        held.release();
        assert_eq!((cluster.tasks().len(), cluster.usage().connections), (0, 0));
        sleep(Duration::from_secs(60)).await;
        assert_eq!(scripted.dials(scripted.address(3)), 0, "nothing begins");
        let open: usize = (0..4).map(|number| scripted.node(number).connections()).sum();
        assert_eq!(open, 0);
    }
}

/// A server that lets everybody in, and puts everybody out again at once.
#[tokio::test(start_paused = true)]
async fn a_control_connection_that_never_lives_is_opened_with_back_off() {
    let scripted = ScriptedCluster::builder().data_center("dc1", ["rack1"]).in_memory();
    let cluster = Cluster::connect(settings_by_first(&scripted), seconds(5)).await.unwrap();
    sleep(Duration::from_secs(20)).await;
    let before = listings(&scripted, 1);
    scripted.node(0).prime(Prime::statement("SELECT * FROM system_schema.types").reset());
    let asked = cluster.refresh(None, seconds(600)).await;
    assert!(!asked);
    let times = listings(&scripted, 1) - before;
    assert!(times < 300, "{times} times in ten minutes");
    scripted.node(0).clear_primes();
    assert!(cluster.refresh(None, seconds(120)).await);
}

/// Whoever has just been connected to is asked at once: while nobody can be, changes are not seen.
#[tokio::test(start_paused = true)]
async fn a_host_that_comes_up_is_asked_about_the_cluster_at_once() {
    let scripted = ScriptedCluster::builder().data_center("dc1", ["rack1"]).in_memory();
    let mut settings = settings_by_first(&scripted);
    // Of requests: the back-off of who asks about the cluster is the same, but began at another time.
    settings.pool.backoff.longest = Duration::from_secs(300);
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    for down_for in [100, 500, 1_000] {
        scripted.kill(0);
        sleep(Duration::from_secs(down_for)).await;
        scripted.start(0);
        let host = || cluster.topology().hosts()[0].clone();
        eventually(HOUR, "it is up", || host().state().is_up()).await;
        let up_at = tokio::time::Instant::now();
        eventually(HOUR, "it is asked", || cluster.health().has_control_connection).await;
        assert!(up_at.elapsed() < Duration::from_secs(1), "{:?} later", up_at.elapsed());
    }
}
