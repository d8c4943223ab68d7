//! Loads that are given what they should not be: rows that panic, limits of nothing, runtimes that
//! are gone.

use std::future::poll_fn;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_testkit::cancel::poll_once;
use futures_util::{FutureExt, stream};
use tokio::time::timeout;

use super::super::close::block_on;
use super::super::memory::at_rest;
use super::*;
use crate::codec::ColumnSpec;
use crate::{EncodeValues, ErrorKind, FailedRow, ValueError};

/// Failures that were met while a load was awaited as a whole are there for whoever reads them.
#[tokio::test(start_paused = true)]
async fn failures_are_given_back_whoever_awaited_the_load_when_they_were_met() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let late = Prime::statement(PLAIN).error(0x1100, "late").after(Duration::from_millis(1));
    prime_all(&cluster, &late);
    let mut load = session.insert_all(PLAIN, (0..100).map(|n| (n, "v"))).concurrency(3);
    load = load.max_failures(u64::MAX);
    let awaited = timeout(Duration::from_millis(10), &mut load).await;
    assert!(awaited.is_err() && load.progress().failed > 3);
    let mut numbers = Vec::new();
    while let Some(failure) = load.next_failure().await.unwrap() {
        numbers.push(failure.number);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn g6_1_a_load_that_may_hold_nothing_goes_row_by_row() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let load = session.insert_all(WRITE, readings(5, 20)).max_held_bytes(0);
    let load = load.read_ahead(0).concurrency(0).batch_bytes(0).batch_rows(0);
    assert_eq!(timeout(PATIENCE, load).await.expect("it ends").unwrap().written, 100);
    let load = session.insert_all(PLAIN, (0..100).map(|n| (n, "v"))).max_held_bytes(0);
    assert_eq!(timeout(PATIENCE, load).await.expect("it ends").unwrap().written, 100);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_bounded_in_bytes_where_rows_never_share_a_request() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let plain = session.prepare(PLAIN).await.unwrap();
    let rows = || (0..100).map(|n| (n, "v".repeat(1 << 20)));
    let mut load = session.insert_all(&plain, rows()).batch_rows(1);
    assert!(poll_once(&mut load).await.is_pending());
    assert_eq!(load.progress().taken, 16, "16 MiB");
    drop(load);
    let rows = (0..10).map(|n| (n, "value"));
    let progress = session.insert_all(&plain, rows).batch_rows(1).await.unwrap();
    assert_eq!(progress.bytes, 170);
}

/// A row of a user who makes a mistake: to encode it panics some of the times.
struct Row {
    k: i32,
    at: i64,
    panics_on: Range<u32>,
    encoded: AtomicU32,
}

impl Row {
    fn new(k: i32, at: i64, panics_on: Range<u32>) -> Self {
        Self { k, at, panics_on, encoded: AtomicU32::new(0) }
    }
}

impl EncodeValues for Row {
    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        let panics = self.panics_on.contains(&self.encoded.fetch_add(1, Relaxed));
        assert!(!panics, "a mistake");
        match columns.len() {
            2 => (self.k, "v").encode_values(columns, out),
            _ => (self.k, self.at, "v").encode_values(columns, out),
        }
    }
}

/// Goes on with a load though its source panics, and says how often it did.
async fn on_and_on<R: Send>(load: &mut crate::Load<'_, R>) -> u32 {
    let mut panics = 0;
    let on = poll_fn(|context| {
        loop {
            let poll = AssertUnwindSafe(|| Pin::new(&mut *load).poll(context));
            match catch_unwind(poll) {
                Err(_) => panics += 1,
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(loaded)) => return Poll::Ready(loaded.unwrap()),
            }
        }
    });
    timeout(PATIENCE, on).await.expect("it ends");
    panics
}

#[tokio::test(start_paused = true)]
async fn g7_3_a_source_that_panics_takes_no_row_from_those_that_were_taken() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    let rows = (0..100).map(|n| {
        assert_ne!(n, 50, "a mistake");
        (n, "v")
    });
    let mut load = session.insert_all(PLAIN, rows);
    assert_eq!(on_and_on(&mut load).await, 1);
    let progress = load.progress();
    assert_eq!((progress.taken, progress.written), (99, 99), "{progress}");
    at_rest(&session).await;
    // Whoever does not go on leaves nothing behind.
    let rows = (0..1_000).map(|n| {
        assert_ne!(n, 300, "a mistake");
        (n, "v")
    });
    let load = session.insert_all(PLAIN, rows).concurrency(16);
    assert!(AssertUnwindSafe(load).catch_unwind().await.is_err());
    at_rest(&session).await;
}

/// Whenever it is encoded: looked at, added to a batch, sent alone.
#[tokio::test(start_paused = true)]
async fn g7_3_a_row_that_panics_when_it_is_encoded_harms_no_other() {
    for panics_on in [0..1, 1..2, 2..3, 0..u32::MAX] {
        for text in [PLAIN, WRITE] {
            let cluster = cluster();
            let session = connected(&cluster).await;
            let statement = session.prepare(text).await.unwrap();
            let rows = (0..200_i32).map(|n| {
                let panics_on = if n == 77 { panics_on.clone() } else { 0..0 };
                Row::new(n / 50, i64::from(n), panics_on)
            });
            let mut load = session.insert_all(&statement, rows).concurrency(8);
            let mut failed = Vec::new();
            while let Some(failure) = load.next_failure().await.unwrap() {
                failed.push(failure);
            }
            let always = panics_on.end > 3;
            for FailedRow { number, error, row } in &failed {
                assert!(always && *number == 78 && row.k == 1 && !error.may_have_been_applied());
                let text = error.to_string();
                assert!(text.contains("encoding the values panicked: a mistake"), "{text}");
            }
            assert_eq!(failed.len(), usize::from(always), "{text} {panics_on:?}");
            let progress = load.progress();
            assert_eq!((progress.taken, progress.done()), (200, 200), "{progress}");
            drop(load);
            at_rest(&session).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_dropped_is_over_for_whoever_watches_it() {
    let cluster = cluster();
    let session = connected(&cluster).await;
    prime_all(&cluster, &Prime::statement(PLAIN).silence());
    let mut load = session.insert_all(PLAIN, (0..100).map(|n| (n, "v")));
    let (watch, unpolled) = (load.watch(), session.insert_all(PLAIN, [(1, "v")]).watch());
    let second = Duration::from_secs(1);
    assert!(timeout(second, &mut load).await.is_err());
    assert!(!watch.progress().is_over);
    drop(load);
    tokio::time::sleep(second).await;
    let progress = watch.progress();
    assert!(progress.is_over && (second..2 * second).contains(&progress.elapsed), "{progress}");
    assert!(unpolled.progress().is_over);
}

/// A runtime is gone, and with it whoever could tell the time.
#[test]
fn g5_2_a_load_whose_runtime_is_gone_ends() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (cluster, session, plain) = runtime.block_on(async {
        let cluster = cluster();
        let session = connected(&cluster).await;
        let plain = session.prepare(PLAIN).await.unwrap();
        (cluster, session, plain)
    });
    drop(runtime);
    let (done, over) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _cluster = cluster;
        let rows = stream::pending::<(i32, &str)>();
        let load = session.insert_stream(&plain, rows);
        done.send(block_on(load).map(drop).unwrap_err().error).unwrap();
    });
    let error = over.recv_timeout(PATIENCE).expect("it ends");
    assert!(matches!(error.kind(), ErrorKind::NoHostAvailable { .. }), "{error}");
    let attempts = error.attempts();
    assert_eq!(attempts.len(), 3);
    assert!(attempts[0].to_string().contains("has been shut down"), "{error:?}");
}
