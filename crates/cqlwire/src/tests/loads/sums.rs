//! What a session has counted adds up, whatever loads, batches, streams and executions beside each
//! other have come to, and wherever they were dropped.

use std::time::Duration;

use cqlwire_testkit::cancel::cancel_at_every_poll;
use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::super::memory::at_rest;
use super::super::seeds::each_seed;
use super::*;
use crate::{ConstantDelay, Metrics, PreparedStatement};

const MS: Duration = Duration::from_millis(1);
const READ: &str = "SELECT v FROM app.readings WHERE sensor = ?";

/// Each attempt and each request is one thing. With the times of those that took their time.
#[track_caller]
fn adds_up(metrics: &Metrics) {
    let requests = &metrics.requests;
    assert_eq!((requests.begun, requests.under_way()), (requests.ended(), 0), "{metrics}");
    let attempts = &metrics.pools.requests;
    let unsent = attempts.timed_out_unsent + attempts.unsent + attempts.withdrawn;
    let given_up = attempts.timed_out + attempts.abandoned;
    let ended = attempts.responses + attempts.too_large + attempts.lost + given_up + unsent;
    assert_eq!(attempts.requests, ended, "{metrics}");
    let times = |of: fn(&cqlwire_pool::Latencies) -> u64| {
        metrics.latencies.iter().map(|(_, latencies)| of(latencies)).sum::<u64>()
    };
    // Some of the attempts ask servers who they are.
    assert!(times(|of| of.attempts.count()) <= attempts.responses + given_up, "{metrics}");
    let took = requests.ok + requests.server_errors + requests.timed_out() + requests.lost;
    let (least, turned_away) =
        (took + requests.no_host_available, requests.cancelled + requests.unreadable);
    let counted = times(|of| of.requests.count());
    assert!((least..=least + turned_away).contains(&counted), "{least}, {counted}: {metrics}");
    let of_hosts = metrics.hosts.iter().flat_map(|host| &host.latencies);
    let of_hosts = of_hosts.map(|(_, times)| times.count()).sum::<u64>();
    assert_eq!(of_hosts, times(|of| of.attempts.count()), "{metrics}");
}

/// Loads, and the like, by a session that sends twice what takes 2 ms.
async fn connected_twice(cluster: &ScriptedCluster) -> Session {
    let policy = Arc::new(ConstantDelay { delay: 2 * MS, most: 2 });
    let builder = builder_of(cluster).speculation(|settings| {
        settings.policy = Some(policy);
        settings.budget.reserve = 100_000;
    });
    let session = builder.retries(|retries| retries.budget.reserve = 100_000).connect().await;
    let session = session.unwrap();
    knows_schema(&session).await;
    session
}

#[tokio::test(start_paused = true)]
async fn g9_3_what_is_dropped_at_every_poll_counts_once() {
    let cluster = cluster();
    let session = connected_twice(&cluster).await;
    let write = session.prepare(WRITE).await.unwrap();
    prime_all(&cluster, &Prime::opcode(Opcode::Batch).after(5 * MS));
    prime_all(&cluster, &Prime::statement(WRITE).after(3 * MS));
    let rows = [readings(3, 3), vec![(9, 9, "alone"), (8, 8, "alone")]].concat();
    let fresh = || {
        let mut batch = session.batch();
        batch.add_all(&write, &rows).unwrap();
        let (session, write, rows) = (&session, &write, &rows);
        Box::pin(async move {
            let load = session.insert_all(write, rows).idempotent(true).concurrency(3);
            let loaded = async { load.await.map(drop).map_err(crate::Error::from) };
            let sent = async { batch.execute().idempotent(true).await.map(drop) };
            tokio::try_join!(loaded, sent).map(drop)
        })
    };
    let check = async |_| {
        at_rest(&session).await;
        adds_up(&session.metrics());
    };
    let (output, dropped) = cancel_at_every_poll(fresh, check).await;
    output.unwrap();
    let totals = session.metrics().speculation;
    assert!(dropped > 10 && totals.for_time > 20, "{dropped} {totals}");
}

/// What one caller does, until the session is closed.
async fn call(session: Session, write: PreparedStatement, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    while !session.is_closed() {
        let limit = rng.u32(5..100) * MS;
        let rows: Vec<Reading> = readings(rng.i32(1..20), rng.i64(1..30));
        let patience = if rng.u8(..3) == 0 { rng.u32(..30) * MS } else { PATIENCE };
        let idempotent = rng.bool();
        let call = async {
            match rng.u8(..4) {
                0 => {
                    let mut load = session.insert_all(&write, &rows).idempotent(idempotent);
                    load = load.timeout(limit).concurrency(rng.usize(1..20));
                    while let Ok(Some(_)) = load.next_failure().await {}
                    let progress = load.progress();
                    assert_eq!(progress.taken, progress.done());
                }
                1 => {
                    let mut batch = session.batch();
                    batch.add_all(&write, &rows).unwrap();
                    drop(batch.execute().idempotent(idempotent).timeout(limit).await);
                }
                2 => {
                    let read = session.query(READ, (1,)).timeout(limit).page_size(10);
                    let mut pages = read.pages();
                    while let Ok(Some(_)) = pages.try_next().await {}
                }
                _ => {
                    let row = session.execute(&write, rows[0]).idempotent(idempotent);
                    drop(row.timeout(limit).await);
                }
            }
        };
        drop(timeout(patience, call).await);
        sleep(rng.u32(..3) * MS).await;
    }
}

fn fault(rng: &mut Rng, prime: Prime) -> Option<Prime> {
    const CODES: [i32; 5] = [0x0000, 0x1001, 0x1100, 0x2200, 0x2500];
    Some(match rng.u8(..9) {
        0 => prime.error_with(CODES[rng.usize(..CODES.len())], "chaos", vec![0, 1, 7]),
        1 => prime.close(),
        2 => prime.reset(),
        3 => prime.silence(),
        4 => prime.after(rng.u32(1..40) * MS),
        5 => prime.garbage(vec![0xFF; 32]),
        _ => return None,
    })
}

async fn chaos(seed: u64) {
    fastrand::seed(seed);
    let mut rng = Rng::with_seed(seed);
    let cluster = cluster();
    let session = connected_twice(&cluster).await;
    let write = session.prepare(WRITE).await.unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..12 {
        callers.spawn(call(session.clone(), write.clone(), rng.u64(..)));
    }
    for _ in 0..rng.usize(2..10) {
        let number = rng.usize(..3);
        for node in (0..3).map(|number| cluster.node(number)) {
            node.clear_primes();
            let asked = [Opcode::Execute, Opcode::Query, Opcode::Batch, Opcode::Prepare];
            let faults = asked.into_iter().filter_map(|o| fault(&mut rng, Prime::opcode(o)));
            faults.for_each(|prime| node.prime(prime));
            if rng.u8(..3) == 0 {
                node.forget_prepared();
            }
        }
        if rng.u8(..4) == 0 {
            cluster.kill(number);
            sleep(rng.u32(5..50) * MS).await;
            cluster.start(number);
        }
        sleep(rng.u32(5..50) * MS).await;
    }
    (0..3).for_each(|number| cluster.node(number).clear_primes());
    session.close(rng.u32(..300) * MS).await;
    while callers.join_next().await.transpose().unwrap().is_some() {}
    let metrics = session.metrics();
    adds_up(&metrics);
    assert!(session.resources().is_zero(), "{}", session.resources());
}

#[test]
fn g9_3_loads_batches_streams_and_speculation_add_up_after_chaos_and_a_close() {
    each_seed(15, 1_000, chaos);
}
