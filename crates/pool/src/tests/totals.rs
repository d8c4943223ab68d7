//! What has become of connections and requests, also of those that are not there any more.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::Opcode;
use cqlwire_net::{Measure, Recorder, RequestKind, Sample};
use cqlwire_testkit::eventually;
use cqlwire_testkit::node::{Prime, ScriptedNode};

use super::{PATIENCE, filled, query, seconds, send, settings};
use crate::latency::HostLatencies;
use crate::{ConnectionTotals, Pool, PoolTotals};

async fn read(pool: &Pool) {
    let (connection, deadline) = (pool.pick().unwrap(), seconds(5));
    let (kind, allowed_micros) = (RequestKind::Read, deadline.length_micros());
    let measure = Measure { kind, allowed_micros, is_whole: true };
    let sent = connection.send_measured(&query(&connection), deadline, &measure);
    sent.unwrap().await.unwrap();
}

#[tokio::test]
async fn nothing_that_was_counted_goes_with_its_connection_or_its_pool() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (registry, pool) = filled(&node, settings()).await;
    for _ in 0..10 {
        read(&pool).await;
    }
    let _held = node.hold(Prime::opcode(Opcode::Query));
    let lost = send(&pool);
    eventually(PATIENCE, "it was written", || pool.totals().requests.envelopes_out > 10).await;
    node.close_connections();
    lost.await.unwrap_err();
    eventually(PATIENCE, "two more", || pool.totals().connections.opened == 4).await;
    let totals = pool.totals();
    let connections = totals.connections;
    assert_eq!((connections.ended_in_all(), connections.closed_by_server), (2, 2));
    assert_eq!(totals.requests.lost, 1);
    assert!(totals.requests.responses >= 10);
    assert_eq!(pool.latency(RequestKind::Read).unwrap().count(), 10);
    assert_eq!(registry.totals(), pool.totals());
    let of_session = registry.latencies().of(RequestKind::Read).unwrap();
    assert_eq!((of_session.requests.count(), of_session.attempts.count()), (10, 10));

    let latencies = Arc::downgrade(&pool.shared().latencies);
    drop(pool);
    eventually(PATIENCE, "nothing is left of it", || {
        registry.usage();
        latencies.strong_count() == 0
    })
    .await;
    let after = registry.totals();
    assert_eq!(after.requests.responses, totals.requests.responses);
    let connections = ConnectionTotals { closed_here: 2, ..totals.connections };
    assert_eq!(after.connections, connections);
    assert_eq!(after.since(&totals).requests, PoolTotals::default().requests);
}

#[tokio::test]
async fn attempts_that_fail_are_counted() {
    let node = ScriptedNode::builder().start_tcp().await.unwrap();
    let (_registry, pool) = filled(&node, settings()).await;
    drop(node);
    eventually(PATIENCE, "it was tried", || pool.totals().connections.failed > 3).await;
}

/// A request is counted once whatever it took, and an attempt once, too.
#[test]
fn attempts_and_requests_are_told_apart() {
    let session = Arc::<crate::SessionLatencies>::default();
    let host = HostLatencies::new(Arc::clone(&session));
    let sample = |is_whole, micros| Sample { kind: RequestKind::Read, is_whole, micros };
    assert!(host.record(&[sample(true, 100), sample(false, 5_000), sample(false, 200)], false));
    session.record_other(RequestKind::Read, Duration::from_micros(5_300));
    let latencies = session.of(RequestKind::Read).unwrap();
    assert_eq!((latencies.requests.count(), latencies.attempts.count()), (2, 3));
    let longest = latencies.requests.max().unwrap();
    assert!((5_300..5_350).contains(&longest.as_micros()), "{longest:?}");
    assert_eq!(host.of(RequestKind::Read).unwrap().count(), 3);
    assert!(session.of(RequestKind::Write).is_none());
}

/// 300 hosts with requests of all kinds, at most 8 MiB.
#[test]
fn g9_5_the_times_of_300_hosts_take_little_memory() {
    let session = Arc::<crate::SessionLatencies>::default();
    let hosts: Vec<_> = (0..300).map(|_| HostLatencies::new(Arc::clone(&session))).collect();
    let each = RequestKind::ALL.map(|kind| Sample { kind, is_whole: true, micros: 1 });
    hosts.iter().for_each(|host| assert!(host.record(&each, true)));
    let sizes = hosts.iter().flat_map(|host| RequestKind::ALL.map(|kind| host.of(kind)));
    let of_hosts: usize = sizes.map(|histogram| histogram.unwrap().size()).sum();
    let fine = RequestKind::ALL.map(|kind| session.of(kind).unwrap().requests.size());
    let of_session = 3 * fine.iter().sum::<usize>();
    assert!(of_hosts + of_session < 4 << 20, "{of_hosts} and {of_session} bytes");
}
