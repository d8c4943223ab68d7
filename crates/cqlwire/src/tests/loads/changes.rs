//! Loads while their cluster changes: hosts that forget the statement, leave, restart, go and come.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;

use super::super::memory::at_rest;
use super::*;
use crate::PreparedStatement;

const MS: Duration = Duration::from_millis(1);

/// What becomes of the rows of a load while this is done to the cluster so often: no row goes lost
/// in silence, none is written twice that may not be, and what is said of each is so.
async fn is_sound_while(
    idempotent: bool,
    every: Duration,
    mut change: impl FnMut(&ScriptedCluster, usize),
) {
    let cluster = cluster();
    let soon = 5 * MS;
    let builder = builder_of(&cluster).reconnection(soon, soon);
    let session = builder.connect().await.unwrap();
    knows_schema(&session).await;
    let write: PreparedStatement = session.prepare(WRITE).await.unwrap();
    prime_all(&cluster, &Prime::statement(WRITE).after(2 * MS));
    let rows = readings(400, 20);
    let mut load = session.insert_all(&write, &rows).idempotent(idempotent).concurrency(8);
    if every > 100 * MS {
        load = load.batch_rows(1).concurrency(2);
    }
    let watch = load.watch();
    let changes = async {
        for round in 0.. {
            sleep(every).await;
            if watch.progress().is_over {
                return round;
            }
            change(&cluster, round);
        }
        0
    };
    let failed = async {
        let mut failed = BTreeSet::new();
        while let Some(failure) = load.next_failure().await.unwrap() {
            let (sensor, at, _) = failure.row;
            let key = (i64::from(*sensor), *at);
            assert!(
                failed.insert((key, failure.error.may_have_been_applied())),
                "given back twice"
            );
        }
        failed
    };
    let (failed, rounds) = tokio::join!(failed, changes);
    assert!(rounds > 3, "{rounds}");
    let (progress, times) = (load.progress(), times_written(&cluster));
    assert_eq!((progress.taken, progress.done()), (8_000, 8_000), "{progress}");
    assert_eq!(progress.failed, failed.len() as u64);
    for (sensor, at, _) in &rows {
        let key = (i64::from(*sensor), *at);
        let times = times.get(&key).copied().unwrap_or(0);
        assert!(times <= 1 || idempotent, "{key:?} {times} times");
        // One that a node has received is written, whether or not the answer came.
        let said_unwritten = failed.contains(&(key, false));
        assert!(times == 0 || !said_unwritten, "{key:?} is written");
        assert!(times > 0 || said_unwritten || failed.contains(&(key, true)), "{key:?} is lost");
    }
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn g14_1_rows_are_written_once_while_hosts_forget_the_statement() {
    for idempotent in [false, true] {
        let forget = |cluster: &ScriptedCluster, round| {
            cluster.node(round % 3).forget_prepared();
        };
        is_sound_while(idempotent, 7 * MS, forget).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g14_1_rows_are_written_once_while_connections_are_lost() {
    for idempotent in [false, true] {
        let lose = |cluster: &ScriptedCluster, round: usize| {
            let node = cluster.node(round % 3);
            if round.is_multiple_of(2) {
                node.reset_connections();
            } else {
                node.close_connections();
            }
        };
        is_sound_while(idempotent, 7 * MS, lose).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g14_1_rows_are_written_once_while_hosts_go_and_come() {
    for idempotent in [false, true] {
        let restart = |cluster: &ScriptedCluster, round: usize| {
            let number = round / 2 % 3;
            if round.is_multiple_of(2) { cluster.kill(number) } else { cluster.start(number) }
        };
        is_sound_while(idempotent, 7 * MS, restart).await;
    }
}

#[tokio::test(start_paused = true)]
async fn g12_4_rows_are_written_once_while_hosts_join_and_leave() {
    for idempotent in [false, true] {
        let (mut joined, mut wrote) = (None, 0);
        let leave = |cluster: &ScriptedCluster, _| match joined.take() {
            Some(number) => {
                wrote += cluster.node(number).count(Opcode::Execute);
                cluster.leave(number);
            }
            None => {
                let number = cluster.join("near", "rack1");
                cluster.node(number).prime(Prime::statement(WRITE).after(2 * MS));
                joined = Some(number);
            }
        };
        is_sound_while(idempotent, 1_300 * MS, leave).await;
        assert!(wrote > 50, "those that came have got rows: {wrote}");
    }
}
