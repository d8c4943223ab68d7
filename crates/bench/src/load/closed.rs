//! Closed loop: each of so many tasks, or threads, asks again as soon as it is answered.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;

use super::RoundSettings;
use crate::Result;
use crate::client::{Ask, Batch, Client, Insert, Query, Read};
use crate::measure::{Latencies, Moment, Round, peak_rss_bytes};
use crate::work::{KEYS, Work};

/// With many in flight only one in so many operations is timed, so that the clock costs nothing.
const TIMED_ONE_IN: u32 = 8;

/// How long a round may take to get anywhere.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far the round is.
mod phase {
    pub(super) const WARMING: u8 = 0;
    pub(super) const MEASURING: u8 = 1;
    pub(super) const OVER: u8 = 2;
}

/// What the tasks of a round have in common.
#[derive(Debug)]
struct Shared {
    phase: AtomicU8,
    operations: AtomicU64,
    latencies: Mutex<Latencies>,
    timed_one_in: u32,
}

impl Shared {
    fn phase(&self) -> u8 {
        self.phase.load(Ordering::Relaxed)
    }

    fn done(&self, began: Option<Instant>) {
        self.operations.fetch_add(1, Ordering::Relaxed);
        if let Some(began) = began
            && self.phase() == phase::MEASURING
        {
            let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
            latencies.record(began.elapsed());
        }
    }

    fn operations(&self) -> u64 {
        self.operations.load(Ordering::Relaxed)
    }

    /// Lets the tasks work for so long, and longer until so many operations are done.
    async fn run_on(&self, operations: u64, length: Duration) {
        let began = Instant::now();
        tokio::time::sleep(length).await;
        while self.operations() < operations && began.elapsed() < PATIENCE {
            tokio::time::sleep(length).await;
        }
    }
}

/// One round with so many in flight.
///
/// # Errors
///
/// Any operation failed.
pub async fn closed_round<C: Client>(
    client: &C,
    work: Work,
    in_flight: u32,
    settings: RoundSettings,
) -> Result<Round> {
    // A task is as large as what it does, and no larger.
    match work {
        Work::Insert => round_of(client, Insert, in_flight, settings).await,
        Work::Query => round_of(client, Query, in_flight, settings).await,
        Work::Batch => round_of(client, Batch, in_flight, settings).await,
        _ => round_of(client, Read, in_flight, settings).await,
    }
}

async fn round_of<C: Client, A: Ask>(
    client: &C,
    ask: A,
    in_flight: u32,
    settings: RoundSettings,
) -> Result<Round> {
    let shared = Arc::new(Shared {
        phase: AtomicU8::new(phase::WARMING),
        operations: AtomicU64::new(0),
        latencies: Mutex::new(Latencies::new()?),
        timed_one_in: if in_flight == 1 { 1 } else { TIMED_ONE_IN },
    });
    let start = |number: u32| {
        let (client, shared) = (client.clone(), Arc::clone(&shared));
        let asking = ask_again_and_again(client, ask, number, in_flight, shared);
        if !C::BLOCKS {
            return tokio::spawn(asking);
        }
        let blocked = || Err("it awaits something".into());
        tokio::task::spawn_blocking(move || asking.now_or_never().unwrap_or_else(blocked))
    };
    let tasks: Vec<_> = (0..in_flight).map(start).collect();
    // Warm is who has been through every task: what grows has grown then.
    shared.run_on(2 * u64::from(in_flight), settings.warm_up()).await;
    shared.phase.store(phase::MEASURING, Ordering::Relaxed);
    let from = Moment::now(shared.operations(), settings.probe)?;
    // Fewer operations than tasks say nothing yet: on a machine that is busy with other things.
    shared.run_on(from.operations + u64::from(in_flight), settings.measured).await;
    let to = Moment::now(shared.operations(), settings.probe)?;
    shared.phase.store(phase::OVER, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    let latencies = shared.latencies.lock().unwrap_or_else(PoisonError::into_inner);
    Round::between(&from, &to, &latencies, peak_rss_bytes()?)
}

async fn ask_again_and_again<C: Client, A: Ask>(
    client: C,
    ask: A,
    number: u32,
    step: u32,
    shared: Arc<Shared>,
) -> Result<()> {
    let mut key = i64::from(number) % KEYS;
    let mut turn = number;
    while shared.phase() != phase::OVER {
        let began = turn.is_multiple_of(shared.timed_one_in).then(Instant::now);
        ask.ask(&client, key).await?;
        shared.done(began);
        key = (key + i64::from(step)) % KEYS;
        turn = turn.wrapping_add(1);
    }
    Ok(())
}
