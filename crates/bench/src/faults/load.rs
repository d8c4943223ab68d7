//! Open loop: so many requests a second are due, whatever becomes of those before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::check::KNOWN_ROWS;
use super::{Class, Driver, Failure, Record, Sample, Task};
use crate::Result;

/// How often requests fall due.
const TICK: Duration = Duration::from_millis(1);
/// How long the last answers may take beyond the timeout of a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many failures are told in full of those that are alike: of one kind, class and second.
const ALIKE: usize = 2;
/// How often it is asked how many statements the driver has told hosts, in microseconds.
const LOOK: u64 = 1_000_000;
/// How many failures are told in full.
const EXAMPLES: usize = 200;

/// The clock that all processes of the machine share, in microseconds.
pub(super) fn now() -> Result<u64> {
    let now = Duration::from(clock_gettime(ClockId::CLOCK_MONOTONIC)?);
    Ok(u64::try_from(now.as_micros())?)
}

/// Puts a driver under load until it is told to end, and gives what became of each request.
///
/// # Errors
///
/// Requests are still on their way long after their timeout.
pub(super) async fn load<D: Driver>(
    driver: D,
    task: &Task,
    mut ended: oneshot::Receiver<()>,
) -> Result<Record> {
    let (driver, record) = (Arc::new(driver), Arc::<Mutex<Record>>::default());
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut under_way = JoinSet::new();
    let (start, rate) = (now()?, (task.rate + task.appends).max(1));
    let (mut issued, mut looked) = (0, start);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = &mut ended => break,
        }
        let now = now()?;
        if now.saturating_sub(looked) >= LOOK {
            looked = now;
            lock(&record).taught.extend(driver.taught().map(|taught| (now, taught)));
        }
        let passed = now.saturating_sub(start);
        while due(issued, rate) <= passed {
            let class = Class::of(issued, task.rate, task.appends);
            let id = i64::try_from(issued)?;
            let id = if class == Class::Read { id % KNOWN_ROWS } else { task.first + id };
            let due = start + due(issued, rate);
            under_way.spawn(ask(Arc::clone(&driver), class, id, due, Arc::clone(&record)));
            issued += 1;
        }
        while under_way.try_join_next().is_some() {}
    }
    let all = async { while under_way.join_next().await.is_some() {} };
    let patience = Duration::from_millis(task.timeout) + PATIENCE;
    timeout(patience, all).await.map_err(|_| "requests are on their way long after their time")?;
    let mut record = std::mem::take(&mut *lock(&record));
    let now = now()?;
    record.taught.extend(driver.taught().map(|taught| (now, taught)));
    Ok(record)
}

/// When a request is due, in microseconds from the start.
const fn due(number: u64, rate: u64) -> u64 {
    number * 1_000_000 / rate
}

async fn ask<D: Driver>(
    driver: Arc<D>,
    class: Class,
    id: i64,
    due: u64,
    record: Arc<Mutex<Record>>,
) {
    let outcome = match class {
        Class::Read => driver.read(id).await,
        Class::Write => driver.write(id).await,
        Class::Append => driver.append(id).await,
    };
    let took = now().map_or(0, |now| now.saturating_sub(due));
    let record = &mut *lock(&record);
    let (failed, host) = match outcome {
        Ok(host) => (None, host.map(|host| number(&mut record.hosts, host))),
        Err(failure) => (Some(told(record, due, class, failure)), None),
    };
    record.samples.push(Sample { class, id, due, took, failed, host });
}

/// The number of this one among those that are known, from now on.
fn number<T: PartialEq>(known: &mut Vec<T>, one: T) -> usize {
    known.iter().position(|other| *other == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    })
}

/// The number of its kind.
fn told(record: &mut Record, due: u64, class: Class, failure: Failure) -> usize {
    let Failure { kind, text } = failure;
    let number = number(&mut record.kinds, kind);
    let second = |due| due / 1_000_000;
    let is_alike = |sample: &&Sample| {
        (sample.failed, sample.class, second(sample.due)) == (Some(number), class, second(due))
    };
    if record.examples.len() < EXAMPLES
        && record.samples.iter().rev().filter(is_alike).take(ALIKE).count() < ALIKE
    {
        record.examples.push((due, format!("{class:?}: {text}")));
    }
    number
}

fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
