//! From contact points to a cluster: none that is silent, wrong or gone hides one that is good.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cqlwire_codec::Opcode;
use cqlwire_net::{ByteStream, Dialer, Dialing, Endpoint, PlainCredentials, ServerAddress};
use cqlwire_testkit::cancel::{Cut, cancel_at_every_poll};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};
use cqlwire_testkit::probe::{Baseline, alone};

use super::{PATIENCE, nodes, seconds, settings};
use crate::{Cluster, ContactAttempt, ContactFailure};

#[tokio::test]
async fn g12_8_two_silent_contact_points_do_not_starve_the_third() {
    let _alone = alone().await;
    let nodes = nodes(3).await;
    for silent in &nodes[..2] {
        silent.prime(Prime::opcode(Opcode::Startup).silence());
    }
    let settings = settings(&[&nodes[0], &nodes[1], &nodes[2]]);
    let begun = Instant::now();
    let cluster = Cluster::connect(settings, seconds(8)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(*cluster.topology().hosts()[0].address(), nodes[2].address().into());
    for silent in &nodes[..2] {
        let own = usize::from(!silent.accepted().is_empty());
        assert_eq!(own, 1, "it had its turn");
    }
}

/// Panics the first few times that it is asked to.
#[derive(Debug)]
struct Panicking {
    node: Arc<ScriptedNode>,
    dialed: AtomicUsize,
    panics: std::ops::Range<usize>,
}

impl Dialer for Panicking {
    fn dial<'a>(&'a self, _: &'a ServerAddress) -> Dialing<'a> {
        let number = self.dialed.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics.contains(&number), "dialing number {number}");
        let stream: Box<dyn ByteStream> = Box::new(self.node.connect());
        Box::pin(std::future::ready(Ok(stream)))
    }
}

#[tokio::test]
async fn g7_3_a_dialer_that_panics_ends_no_slot_and_no_refresh() {
    let _alone = alone().await;
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let dialer =
        Arc::new(Panicking { node: node.clone(), dialed: AtomicUsize::new(0), panics: 2..20 });
    let mut settings = settings(&[&node]);
    settings.pool.connection.dialer = Some(dialer.clone());
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    eventually(PATIENCE, "all are open", || node.connections() == 3).await;
    node.close_connections();
    eventually(PATIENCE, "all are open again", || node.connections() == 3).await;
    assert!(dialer.dialed.load(Ordering::Relaxed) > 20);
    drop(cluster);
}

#[tokio::test]
async fn g12_8_an_attempt_that_lost_leaves_nothing() {
    let alone = alone().await;
    let baseline = Baseline::of_tasks_and_descriptors(&alone);
    let nodes = nodes(2).await;
    // Silent only once it is asked about the cluster: its connection is open by then.
    nodes[0].prime(Prime::opcode(Opcode::Query).silence());
    nodes[1].set_peers([]);
    let cluster = Cluster::connect(settings(&[&nodes[0], &nodes[1]]), seconds(5)).await.unwrap();
    assert_eq!(nodes[0].count(Opcode::Query), 1);
    eventually(PATIENCE, "it is given up", || nodes[0].connections() == 0).await;
    cluster.close(seconds(5)).await;
    drop((cluster, nodes));
    baseline.regained().await;
}

#[tokio::test]
async fn g3_1_g12_8_every_attempt_is_listed_in_order_whatever_is_wrong_with_it() {
    let _alone = alone().await;
    let silent = ScriptedNode::builder().start_tcp().await.unwrap();
    silent.prime(Prime::opcode(Opcode::Startup).silence());
    let gone = ScriptedNode::builder().start_tcp().await.unwrap().address();
    let locked = ScriptedNode::builder().password("ada", "hunter2").start_tcp().await.unwrap();
    let mut settings = settings(&[&silent, &locked]);
    let nowhere: Endpoint = "no-such-host.invalid".parse().unwrap();
    settings.contact_points.insert(0, nowhere);
    settings.contact_points.push(gone.into());
    // Named twice, it is tried once.
    settings.contact_points.push(gone.into());
    let error = Cluster::connect(settings, seconds(1)).await.unwrap_err();
    let hosts: Vec<String> = error.attempts.iter().map(ContactAttempt::host).collect();
    let address = |node: &ScriptedNode| node.address().to_string();
    let expected = [
        "no-such-host.invalid:9042".to_owned(),
        address(&silent),
        address(&locked),
        gone.to_string(),
    ];
    assert_eq!(hosts, expected);
    let timeouts: Vec<bool> =
        error.attempts.iter().map(|attempt| attempt.failure.is_timeout()).collect();
    assert_eq!(timeouts[1..], [true, false, false]);
    assert!(!error.is_permanent() && !error.is_timeout(), "one of them asks for a password");
    let text = error.to_string();
    assert_eq!(text.matches(&address(&locked)).count(), 1, "named once: {text}");
}

#[tokio::test]
async fn g6_3_silence_alone_is_a_timeout() {
    let _alone = alone().await;
    let silent = ScriptedNode::builder().start_tcp().await.unwrap();
    silent.prime(Prime::opcode(Opcode::Startup).silence());
    let deadline = cqlwire_net::Deadline::after(Duration::from_millis(100));
    let error = Cluster::connect(settings(&[&silent]), deadline).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_permanent(), "{error}");
}

#[tokio::test]
async fn what_settings_are_wrong_about_is_permanent_and_names_the_host_once() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    node.prime(Prime::statement("USE \"nowhere\"").error(0x2200, "no keyspace nowhere"));
    let mut settings = settings(&[&node]);
    settings.pool.connection.keyspace = Some("nowhere".to_owned());
    let error = Cluster::connect(settings, seconds(5)).await.unwrap_err();
    assert!(error.is_permanent() && !error.is_timeout(), "{error}");
    assert!(matches!(error.attempts[0].failure, ContactFailure::Pool(_)), "{error}");
    let text = error.to_string();
    assert_eq!(text.matches("127.0.0.1").count(), 1, "{text}");
    assert!(text.contains("USE of the keyspace failed after"), "{text}");
}

#[tokio::test]
async fn a_host_whose_pool_is_silent_does_not_hide_another() {
    let _alone = alone().await;
    let nodes = nodes(2).await;
    let mut settings = settings(&[&nodes[0]]);
    settings.pool.connection.keyspace = Some("ks".to_owned());
    // The control connection names no keyspace, so that only requests find it silent.
    nodes[0].prime(Prime::statement("USE \"ks\"").silence());
    let begun = Instant::now();
    let cluster = Cluster::connect(settings, seconds(4)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(cluster.topology().hosts()[1].pool().pick().is_ok());
}

#[tokio::test]
async fn one_host_of_a_name_is_one_server_and_keeps_the_name() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let mut settings = settings(&[]);
    let port = node.address().port();
    settings.contact_points = vec![format!("localhost:{port}").parse().unwrap()];
    let cluster = Cluster::connect(settings, seconds(5)).await.unwrap();
    let topology = cluster.topology();
    let address = topology.hosts()[0].address();
    assert_eq!(*address, node.address().into(), "where it was reached");
    assert_eq!(address.host(), "localhost", "what its certificate is made out to");
    let name = topology.hosts()[0].pool().pick().unwrap().name().to_owned();
    assert_eq!(name, format!("localhost:{port} (127.0.0.1:{port})"));
}

#[tokio::test]
async fn g12_8_other_contact_points_go_on_while_a_first_connection_is_waited_for() {
    let _alone = alone().await;
    let first = ScriptedNode::builder().start_tcp().await.unwrap();
    // With a password it takes more than one response to be connected.
    let second = ScriptedNode::builder().password("ada", "hunter2").start_tcp().await.unwrap();
    let mut settings = settings(&[&first, &second]);
    let credentials = PlainCredentials::new("ada", "hunter2").unwrap();
    settings.pool.connection.authenticator = Some(Arc::new(credentials));
    settings.pool.connect_timeout = Duration::from_millis(600);
    settings.pool.connection.attempt_delay = Duration::from_millis(1);
    settings.pool.connection.keyspace = Some("ks".to_owned());
    // The first says who it is, and then takes no connection for requests. The second has half of
    // its time left by then.
    first.prime(Prime::statement("USE \"ks\"").silence());
    let held = second.hold(Prime::opcode(Opcode::Startup));
    let connecting = Cluster::connect(settings, seconds(5));
    let releasing = async {
        eventually(PATIENCE, "the second is connected to", || held.len() == 1).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        held.release();
    };
    let (cluster, ()) = tokio::join!(connecting, releasing);
    let cluster = cluster.unwrap();
    assert_eq!(*cluster.topology().hosts()[0].address(), second.address().into());
}

#[tokio::test(start_paused = true)]
async fn g8_1_connecting_to_a_cluster_is_dropped_at_every_poll() {
    let node = Arc::new(ScriptedNode::builder().in_memory());
    let (dialed, panics) = (AtomicUsize::new(0), 0..0);
    let dialer = Arc::new(Panicking { node: node.clone(), dialed, panics });
    let mut settings = settings(&[&node]);
    settings.pool.connection.dialer = Some(dialer);
    let baseline = Baseline::of_tasks();
    let fresh = || async {
        drop(Cluster::connect(settings.clone(), seconds(5)).await.unwrap());
    };
    let ((), dropped) = cancel_at_every_poll(fresh, async |_cut: Cut| {
        eventually(PATIENCE, "closed", || node.connections() == 0).await;
        baseline.regained().await;
    })
    .await;
    assert!(dropped >= 6, "{dropped} points");
}

/// They tell about the cluster at once, and are silent to requests.
#[tokio::test]
async fn g12_8_contact_points_that_take_no_requests_do_not_starve_the_third() {
    let _alone = alone().await;
    let nodes = nodes(3).await;
    for node in &nodes {
        node.set_peers([]);
    }
    for silent in &nodes[..2] {
        silent.prime(Prime::statement("USE \"shop\"").silence());
    }
    let mut settings = settings(&[&nodes[0], &nodes[1], &nodes[2]]);
    settings.pool.connection.keyspace = Some("shop".to_owned());
    settings.pool.connect_timeout = Duration::from_secs(1);
    let cluster = Cluster::connect(settings, seconds(2)).await.unwrap();
    assert_eq!(*cluster.topology().hosts()[0].address(), nodes[2].address().into());
    eventually(PATIENCE, "the others are given up", || nodes[0].connections() == 0).await;
}

/// Certificates are made out to names: what is wrong by the one may be right by the other.
#[tokio::test]
async fn g12_8_a_server_is_tried_by_each_name_that_it_is_given() {
    let _alone = alone().await;
    let node = ScriptedNode::builder().password("ada", "hunter2").start_tcp().await.unwrap();
    let mut settings = settings(&[&node]);
    settings.contact_points.push(format!("localhost:{}", node.address().port()).parse().unwrap());
    let error = Cluster::connect(settings, seconds(5)).await.unwrap_err();
    let by_name = |attempt: &&ContactAttempt| {
        let address = attempt.address.as_ref().unwrap();
        address.host() == "localhost" && address.socket() == Some(node.address())
    };
    assert_eq!(error.attempts.iter().filter(by_name).count(), 1, "{error}");
}
