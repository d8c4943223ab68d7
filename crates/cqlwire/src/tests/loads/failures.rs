//! Rows that fail come back, and take no others with them.

use std::time::Duration;

use super::super::memory::at_rest;
use super::*;
use crate::codec::{ColumnType, CqlValue};
use crate::{ErrorKind, FailedRow};

/// What `next_failure` gives, to the end.
async fn all_failures<R>(load: &mut crate::Load<'_, R>) -> Vec<FailedRow<R>> {
    let mut failures = Vec::new();
    while let Some(failure) = load.next_failure().await.unwrap() {
        failures.push(failure);
    }
    failures
}

#[tokio::test(start_paused = true)]
async fn each_row_that_fails_comes_back_with_its_number_and_why() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    for number in 0..3 {
        let node = cluster.node(number);
        (0..5)
            .for_each(|n| node.prime(Prime::statement(PLAIN).nth(3 + 7 * n).error(0x1100, "late")));
    }
    let rows: Vec<_> = (0..1_000).map(|n| (n, format!("value {n}"))).collect();
    let mut load = session.insert_all(PLAIN, rows.clone());
    let failures = all_failures(&mut load).await;
    assert_eq!(failures.len(), 15);
    for failure in &failures {
        let at = usize::try_from(failure.number).unwrap() - 1;
        assert_eq!(failure.row, rows[at]);
        assert!(
            failure.error.may_have_been_applied() && failure.error.to_string().contains("late")
        );
    }
    assert!(load.next_failure().await.unwrap().is_none(), "the end, for ever");
    let progress = load.progress();
    assert_eq!((progress.taken, progress.written, progress.failed), (1_000, 985, 15));
    // They were given out: the rest is there.
    assert_eq!(load.await.unwrap(), progress);
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_fit_is_the_matter_of_its_row_alone() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let value = |n: i64| if n % 10 == 0 { CqlValue::from(n) } else { CqlValue::from("text") };
    let rows = (0..200).map(|n| (1_i32, n, value(n)));
    let mut load = session.insert_all(WRITE, rows);
    let failures = all_failures(&mut load).await;
    assert_eq!(failures.len(), 20);
    for failure in &failures {
        assert!(matches!(failure.error.kind(), ErrorKind::Encode(_)), "{}", failure.error);
        assert_eq!(failure.row.1 % 10, 0);
    }
    assert_eq!(times_written(&cluster).len(), 180);
    assert!(written(&cluster).iter().any(|request| request.len() == 64));
}

/// Rows that were looked through by what was known before are encoded by what is known now.
#[tokio::test(start_paused = true)]
async fn g15_1_rows_that_do_not_fit_any_more_come_back_and_none_is_sent() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let write = session.prepare(WRITE).await.unwrap();
    let holds = [0, 1, 2].map(|number| cluster.node(number).hold(Prime::statement(WRITE)));
    let mut load = session.insert_all(&write, readings(2, 64)).concurrency(1);
    let is_held = || holds.iter().any(|held| !held.is_empty());
    tokio::select! {
        _ = load.next_failure() => panic!("none has failed"),
        () = eventually(PATIENCE, "the first are on their way", is_held) => {}
    }
    assert_eq!(load.progress().taken, 128);

    let mut markers = write.bind_markers().to_vec();
    markers[2].column_type = ColumnType::Int;
    prime_all(&cluster, &Prime::statement(WRITE).void().binds(markers, &[0]));
    (0..3).for_each(|number| cluster.node(number).forget_prepared());
    session.execute(&write, (9, 9_i64, 5_i32)).await.unwrap();
    holds.iter().for_each(cqlwire_testkit::node::Held::release);
    let failures = all_failures(&mut load).await;
    assert_eq!((failures.len(), load.progress().written), (64, 64));
    let encoded =
        |failure: &FailedRow<Reading>| matches!(failure.error.kind(), ErrorKind::Encode(_));
    assert!(failures.iter().all(encoded));
    let sensors: Vec<_> = written(&cluster).into_iter().map(|rows| rows[0].0).collect();
    assert!(sensors.len() == 2 && sensors.contains(&0) && sensors.contains(&9), "{sensors:?}");
    at_rest(&session).await;
}

/// What the server says of the batch is about one of its rows: which, only it knows.
#[tokio::test(start_paused = true)]
async fn a_batch_that_a_server_refuses_is_sent_row_by_row() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::opcode(Opcode::Batch).error(0x2200, "a value is too long"));
    let write = session.prepare(WRITE).await.unwrap();
    let progress = session.insert_all(&write, readings(10, 30)).await.unwrap();
    assert_eq!((progress.written, progress.requests), (300, 310));
    // One that may have been done is not: it fails with all of its rows.
    prime_all(&cluster, &Prime::opcode(Opcode::Batch).error(0x1100, "late"));
    let mut load = session.insert_all(&write, readings(10, 30));
    let failures = all_failures(&mut load).await;
    assert_eq!((failures.len(), load.progress().requests), (300, 10));
    let mut rows: Vec<_> = failures.into_iter().map(|failure| failure.row).collect();
    rows.sort_unstable();
    assert_eq!(rows, readings(10, 30));
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn awaited_it_stops_at_the_first_failure_and_the_rest_is_in_the_source() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    cluster.node(0).prime(Prime::statement(PLAIN).nth(30).error(0x1100, "late"));
    let mut rows = (0..10_000).map(|n| (n, "v"));
    let error = session.insert_all(PLAIN, &mut rows).concurrency(16).await.unwrap_err();
    assert_eq!(error.failures.len(), 1);
    assert!(error.error.to_string().contains("late"), "{error}");
    let stopped = error.stopped.as_ref().unwrap();
    assert!(matches!(stopped.kind(), ErrorKind::TooManyFailures { failed: 1, limit: 0 }));
    assert!(stopped.may_have_been_applied() && !stopped.is_retryable());
    let progress = error.progress;
    assert!(progress.taken < 300, "{progress}");
    assert_eq!(progress.taken, progress.done());
    assert_eq!(rows.next().unwrap().0, i32::try_from(progress.taken).unwrap());
    let text = error.to_string();
    let expected = format!("1 of the {} rows that were taken were not written", progress.taken);
    assert!(text.starts_with(&expected) && !text.contains("\"v\""), "{text}");
    assert!(crate::Error::from(error).to_string().contains("late"));
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn it_stops_after_as_many_failures_as_it_is_told() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::statement(PLAIN).error(0x1100, "late"));
    let mut load = session.insert_all(PLAIN, (0..10_000).map(|n| (n, "v"))).max_failures(100);
    let mut failures = 0;
    let error = loop {
        match load.next_failure().await {
            Ok(Some(_)) => failures += 1,
            Ok(None) => panic!("it did not say that it stopped"),
            Err(error) => break error,
        }
    };
    assert!((101..=101 + 256 * 2).contains(&failures), "{failures}");
    assert!(matches!(error.kind(), ErrorKind::TooManyFailures { limit: 100, .. }), "{error}");
    assert_eq!(load.progress().failed, failures);
    assert!(load.next_failure().await.unwrap().is_none(), "said once");
    assert!(load.await.unwrap_err().failures.is_empty(), "and never forgotten");
    at_rest(&session).await;
}

#[tokio::test(start_paused = true)]
async fn rows_whose_condition_does_not_hold_are_counted() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let text = "INSERT INTO app.readings (sensor, at, v) VALUES (?, ?, ?) IF NOT EXISTS";
    let shape = cqlwire_testkit::node::columns([("[applied]", ColumnType::Boolean)]);
    let answer = |applied: u8| vec![vec![cqlwire_testkit::node::cell([applied])]];
    prime_all(&cluster, &Prime::statement(text).rows(shape.clone(), answer(1)));
    cluster.node(0).prime(Prime::statement(text).first(5).rows(shape, answer(0)));
    let progress = session.insert_all(text, readings(1, 100)).await.unwrap();
    assert_eq!((progress.written + progress.not_applied, progress.requests), (100, 100));
    assert!(progress.not_applied <= 5 && progress.failed == 0);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_dies_in_the_middle_costs_no_row() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::statement(WRITE).after(Duration::from_millis(2)));
    let write = session.prepare(WRITE).await.unwrap();
    let rows = readings(300, 10);
    let load = session.insert_all(&write, &rows).concurrency(16).idempotent(true);
    let watch = load.watch();
    let dies = async {
        eventually(PATIENCE, "a part is written", || watch.progress().written > 500).await;
        cluster.kill(1);
    };
    let (loaded, ()) = tokio::join!(load, dies);
    assert_eq!(loaded.unwrap().written, 3_000);
    assert_eq!(times_written(&cluster).len(), 3_000);
    at_rest(&session).await;
}

/// Of what may not be sent twice, each row that may have been lost comes back, and no other.
#[tokio::test(start_paused = true)]
async fn g14_1_rows_that_may_be_written_are_not_sent_again() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::statement(WRITE).after(Duration::from_millis(2)));
    let write = session.prepare(WRITE).await.unwrap();
    let rows = readings(300, 10);
    let mut load = session.insert_all(&write, &rows).concurrency(16);
    let watch = load.watch();
    let dies = async {
        eventually(PATIENCE, "a part is written", || watch.progress().written > 500).await;
        cluster.kill(1);
    };
    let (failures, ()) = tokio::join!(all_failures(&mut load), dies);
    assert!(!failures.is_empty() && failures.len() <= 16 * 10, "{}", failures.len());
    assert!(failures.iter().all(|failure| failure.error.may_have_been_applied()));
    assert!(times_written(&cluster).values().all(|times| *times == 1));
    assert_eq!(load.progress().written + failures.len() as u64, 3_000);
    at_rest(&session).await;
}

/// A batch that one host may have done, and another refuses for what it says. Row by row it would be
/// refused as if nothing of it had ever been done.
#[tokio::test(start_paused = true)]
async fn g14_2_rows_of_a_batch_that_may_be_written_are_given_back_as_such() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let write = session.prepare(WRITE).await.unwrap();
    let holds = [0, 1, 2].map(|number| cluster.node(number).hold(Prime::opcode(Opcode::Batch)));
    let mut load = session.insert_all(&write, readings(1, 20)).idempotent(true);
    let fails = async {
        let is_held = || holds.iter().any(|held| !held.is_empty());
        eventually(PATIENCE, "a host has it", is_held).await;
        for (number, held) in holds.iter().enumerate() {
            if held.is_empty() {
                let refuses = |prime: Prime| cluster.node(number).prime(prime.error(0x2200, "no"));
                refuses(Prime::opcode(Opcode::Batch));
                refuses(Prime::statement(WRITE));
            }
        }
        let first = holds.iter().position(|held| !held.is_empty()).unwrap();
        cluster.kill(first);
    };
    let (failures, ()) = tokio::join!(all_failures(&mut load), fails);
    assert_eq!(failures.len(), 20);
    for failure in &failures {
        assert!(failure.error.may_have_been_applied(), "{failure}");
        assert_eq!(failure.error.attempts().len(), 1, "{:?}", failure.error);
    }
    assert_eq!(load.progress().requests, 1);
    at_rest(&session).await;
}
