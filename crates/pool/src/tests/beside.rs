//! Several pools of one host: its own, and those of keyspaces beside it.

use super::*;

/// Longer than a share stays as it is.
const A_WHILE: Duration = Duration::from_millis(15);

/// The pool of a host, and one of a keyspace beside it, both with their connections open.
async fn two(node: &ScriptedNode, settings: Settings) -> (Registry, Pool, Pool) {
    let (registry, pool) = filled(node, settings).await;
    let beside = registry.start_beside(&pool, "other".into()).unwrap();
    beside.ready(seconds(5)).await.unwrap();
    eventually(PATIENCE, "both are open", || beside.usage().connections == 2).await;
    (registry, pool, beside)
}

/// Sends so many over a pool, one after the other.
async fn send_many(pool: &Pool, count: usize) -> Vec<Request> {
    let mut requests = Vec::new();
    for _ in 0..count {
        let connection = pool.pick().unwrap();
        let deadline = Deadline::after(Duration::from_secs(600));
        requests.push(connection.send(query(&connection), deadline).unwrap().request);
        tokio::time::advance(A_WHILE).await;
    }
    requests
}

async fn answered(requests: Vec<Request>) {
    for request in requests {
        request.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_be_in_flight_at_a_host_is_for_all_of_its_pools() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let limited = Settings { max_in_flight: Some(40), ..settings() };
    let (_registry, pool, beside) = two(&node, limited).await;
    let in_flight = || pool.host_usage().usage.in_flight;
    // The one that is busy has nearly all of it, whichever it is.
    for busy in [&beside, &pool, &beside] {
        let held = node.hold(Prime::opcode(Opcode::Query));
        let requests = send_many(busy, 100).await;
        assert!((30..=40).contains(&in_flight()), "{}", in_flight());
        assert_eq!(busy.usage().usage.in_flight, in_flight());
        held.release();
        node.clear_primes();
        answered(requests).await;
    }
    // If both are, each has its part.
    let held = node.hold(Prime::opcode(Opcode::Query));
    let (mut requests, mut most) = (Vec::new(), 0);
    for _ in 0..100 {
        for busy in [&pool, &beside] {
            requests.extend(send_many(busy, 1).await);
            most = most.max(in_flight());
        }
    }
    let each = [&pool, &beside].map(|pool| pool.usage().usage.in_flight);
    assert!(each.iter().all(|one| *one >= 15), "{each:?}");
    assert!(most <= 42, "{most}: more than may be, though none but these two were moved");
    pool.limit_in_flight(4);
    held.release();
    node.clear_primes();
    answered(requests).await;
    assert_eq!(in_flight(), 0);
}

/// Its share is moved when it is used up, and not once somebody waits for it.
#[tokio::test(start_paused = true)]
async fn a_pool_that_is_busy_has_more_before_anybody_waits_for_it() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let limited = Settings { max_in_flight: Some(40), ..settings() };
    let (_registry, pool, beside) = two(&node, limited).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let mut requests = Vec::new();
    for _ in 0..30 {
        requests.extend(send_many(&beside, 1).await);
        assert_eq!(beside.usage().usage.waiting, 0, "with {} in flight", requests.len());
    }
    held.release();
    node.clear_primes();
    answered(requests).await;
    assert_eq!(pool.host_usage().usage, Usage::default());
}

/// Its handle is dropped while it is busy: what it had to do is done, and all that it had goes to the
/// other.
#[tokio::test(start_paused = true)]
async fn a_pool_that_is_dropped_under_load_leaves_all_of_its_share_and_none_of_its_load() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let limited = Settings { max_in_flight: Some(20), ..settings() };
    let (registry, pool, beside) = two(&node, limited).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let requests = send_many(&beside, 30).await;
    assert!(beside.usage().usage.waiting >= 10);
    drop(beside);
    eventually(PATIENCE, "it is none of the host's", || pool.load() == Some(0)).await;
    // What it had sent, and what waits there, is answered all the same.
    held.release();
    answered(requests).await;
    eventually(PATIENCE, "it is gone", || registry.usage().connections == 2).await;
    node.clear_primes();
    let held = node.hold(Prime::opcode(Opcode::Query));
    let requests = send_many(&pool, 20).await;
    assert_eq!(pool.host_usage().usage.in_flight, 20, "all of it");
    assert_eq!(pool.host_usage().usage.waiting, 0);
    held.release();
    answered(requests).await;
    assert_eq!(pool.host_usage().usage, Usage::default());
    assert_eq!(pool.host_totals(), registry.totals());
}

#[tokio::test]
async fn what_is_in_flight_at_a_host_is_the_load_of_each_of_its_pools() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool, beside) = two(&node, settings()).await;
    let held = node.hold(Prime::opcode(Opcode::Query));
    let mut requests: Vec<_> = (0..5).map(|_| send(&beside)).collect();
    requests.extend((0..3).map(|_| send(&pool)));
    for pool in [&pool, &beside] {
        assert_eq!(pool.load(), Some(8));
        let offer = pool.offer().unwrap();
        assert_eq!(offer.load(), 8);
        assert!(offer.connection().load() <= 2, "its own, the least busy one");
    }
    held.release();
    answered(requests).await;
    registry.resize(&beside, 0).unwrap();
    eventually(PATIENCE, "it drains", || pool.host_usage().connections == 2).await;
    assert_eq!((beside.load(), pool.load()), (None, Some(0)));
}

#[tokio::test]
async fn a_host_has_counted_what_its_pools_have_also_those_that_are_gone() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool, beside) = two(&node, settings()).await;
    let requests = (0..7).map(|_| send(&beside)).collect();
    answered(requests).await;
    let before = pool.host_totals();
    assert_eq!(before, registry.totals());
    assert_eq!(before, pool.totals() + beside.totals());
    assert_eq!((before.connections.opened, pool.host_usage().connections), (4, 4));
    drop(beside);
    eventually(PATIENCE, "it is gone", || registry.usage().connections == 2).await;
    let after = pool.host_totals();
    assert_eq!(after, registry.totals());
    assert_eq!(after.requests, before.requests);
    assert_eq!((after.connections.opened, after.connections.closed_here), (4, 2));
    // Nothing of it is left in the way of the other.
    assert!(!pool.shared().open.host().are_several());
    assert_eq!(pool.totals().connections.opened, 2);
}

/// Nobody starts one behind the back of a close.
#[tokio::test]
async fn g10_4_a_closed_registry_starts_no_pool_beside_another() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool, beside) = two(&node, settings()).await;
    registry.close(seconds(5)).await;
    assert!(registry.start_beside(&pool, "other".into()).is_err());
    assert_eq!(pool.host_usage(), PoolUsage::default());
    assert!(beside.pick().is_err() && registry.tasks().is_empty());
    eventually(PATIENCE, "all are closed", || node.connections() == 0).await;
}
