//! How many connections a pool keeps, and when it opens them.

use super::*;

#[tokio::test]
async fn a_pool_is_resized_and_what_is_too_many_drains() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    registry.resize(&pool, 4).unwrap();
    eventually(PATIENCE, "four are open", || pool.usage().connections == 4).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let requests: Vec<_> = (0..8).map(|_| send(&pool)).collect();
    eventually(PATIENCE, "all have come", || held.len() == 8).await;
    registry.resize(&pool, 0).unwrap();
    eventually(PATIENCE, "none can be picked", || pool.pick().is_err()).await;
    assert!(matches!(pool.pick().unwrap_err().reason, Unconnected::NotWanted));
    held.release();
    for request in requests {
        request.await.unwrap();
    }
    eventually(PATIENCE, "all are closed", || node.connections() == 0).await;
    eventually(PATIENCE, "no slot is left", || registry.tasks().is_empty()).await;
    registry.resize(&pool, 1).unwrap();
    pool.ready(seconds(5)).await.unwrap();
    assert_eq!(pool.usage().connections, 1);
    registry.close(seconds(1)).await;
    assert!(registry.resize(&pool, 2).is_err());
    assert!(registry.tasks().is_empty());
}

#[tokio::test]
async fn the_state_of_a_host_says_since_when_and_why() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = started(node.address(), settings());
    let begun = pool.state();
    assert!(matches!(begun.down, Some(Unconnected::NotYet)));
    pool.ready(seconds(5)).await.unwrap();
    registry.changed().await;
    let up = pool.state();
    assert!(up.is_up() && up.since >= begun.since);
    node.close_connections();
    drop(node);
    eventually(PATIENCE, "it is down", || !pool.state().is_up()).await;
    registry.changed().await;
    assert!(pool.state().since >= up.since);
}

#[tokio::test(start_paused = true)]
async fn g12_6_a_host_that_is_said_to_be_up_is_tried_at_once() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let address = node.address();
    drop(node);
    let settings = Settings {
        backoff: Backoff { first: Duration::from_secs(60), longest: Duration::from_secs(60) },
        ..Settings::default()
    };
    let (_registry, pool) = started(address, settings);
    eventually(PATIENCE, "it was tried", || {
        matches!(pool.state().down, Some(Unconnected::Failed(_)))
    })
    .await;
    let node = ScriptedNode::builder().start_tcp_at(address).await.unwrap();
    let before = tokio::time::Instant::now();
    pool.attempt_now();
    eventually(PATIENCE, "it is connected", || pool.pick().is_ok()).await;
    assert!(before.elapsed() < Duration::from_secs(10));
    drop(node);
}

#[tokio::test]
async fn a_retiring_connection_takes_no_requests_once_its_replacement_cannot_be_opened() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let mut settings = settings();
    settings.connect_timeout = Duration::from_millis(50);
    settings.connection.multiplexer =
        MultiplexerSettings { max_orphaned: 3, ..MultiplexerSettings::default() };
    let registry = Registry::new(settings);
    let pool = registry.start(node.address().into(), 1).unwrap();
    let connection = pool.ready(seconds(5)).await.unwrap();
    // A host that takes connections and answers nothing any more.
    node.prime(Prime::any().silence());
    for _ in 0..4 {
        let soon = Deadline::after(Duration::from_millis(20));
        let late = connection.send(query(&connection), soon).unwrap().request;
        assert!(late.await.unwrap_err().is_timeout());
    }
    eventually(PATIENCE, "it is not picked", || pool.pick().is_err()).await;
    assert!(pool.pick().unwrap_err().reason.is_timeout());
}

/// Those to silent hosts hold their turns until their timeout; then the others have theirs.
#[tokio::test]
async fn no_more_connections_are_on_their_way_than_may_be() {
    let silent = ScriptedNode::builder().start_tcp().await.unwrap();
    silent.prime(Prime::opcode(Opcode::Startup).silence());
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let settings =
        Settings { max_connecting: 2, connect_timeout: Duration::from_secs(1), ..settings() };
    let registry = Registry::new(settings);
    let _silent = registry.start(silent.address().into(), 5).unwrap();
    eventually(PATIENCE, "two are on their way", || silent.count(Opcode::Startup) == 2).await;
    let pool = registry.start(node.address().into(), 1).unwrap();
    assert_eq!((silent.count(Opcode::Startup), node.accepted().len()), (2, 0));
    pool.ready(seconds(20)).await.unwrap();
}

#[tokio::test]
async fn a_host_has_so_many_requests_in_flight_whatever_connections_there_are() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let limited = Settings { max_in_flight: Some(3), ..settings() };
    let (registry, pool) = filled(&node, limited).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let requests: Vec<_> = (0..8).map(|_| send(&pool)).collect();
    eventually(PATIENCE, "three have come", || held.len() == 3).await;
    let usage = pool.usage().usage;
    assert_eq!((usage.in_flight, usage.waiting), (3, 5));
    pool.limit_in_flight(6);
    eventually(PATIENCE, "three more have come", || held.len() == 6).await;
    assert_eq!(pool.usage().usage.waiting, 2);
    held.release();
    for request in requests {
        request.await.unwrap();
    }
    registry.resize(&pool, 3).unwrap();
    eventually(PATIENCE, "three are open", || pool.usage().connections == 3).await;
    pool.limit_in_flight(1);
    let held = node.hold(Prime::opcode(Opcode::Query));
    let requests: Vec<_> = (0..6).map(|_| send(&pool)).collect();
    eventually(PATIENCE, "each has one", || held.len() == 3).await;
    assert_eq!(pool.usage().usage.waiting, 3);
    held.release();
    for request in requests {
        request.await.unwrap();
    }
    registry.close(seconds(1)).await;
}
