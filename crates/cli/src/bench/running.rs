//! A run: workers that send one request after the other, until it is enough.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cqlwire::Session;
use cqlwire::value::CqlValue;
use futures_util::FutureExt;
use tokio::task::JoinSet;

use super::args::Args;
use super::pace::Pace;
use super::plan::Plan;
use super::tally::{Tallies, Tally};
use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::transfer::{Bar, PACE};

/// What all workers share.
struct Shared {
    session: Session,
    plan: Plan,
    pace: Pace,
    /// From then on requests count.
    counts_from: Instant,
    /// How many may count.
    most: u64,
    /// The number of the next request, and of the next one that counts.
    next: AtomicU64,
    next_that_counts: AtomicU64,
    stopped: Arc<AtomicBool>,
    tallies: Tallies,
    /// For whoever looks on.
    answered: AtomicU64,
    failed: AtomicU64,
}

/// What a run has come to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) tally: Tally,
    /// How long requests were sent that count, to the last answer.
    pub(super) elapsed: Duration,
    /// How many were due by their rate and not sent.
    pub(super) not_sent: u64,
    /// How it was ended, if by a signal.
    pub(super) interrupted: Option<Exit>,
}

/// Sends until the time is over, or all are sent, or somebody interrupts it.
pub(super) async fn run(
    session: &Session,
    plan: Plan,
    args: &Args,
    interrupts: &mut Interrupts,
) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let counts_from = began + args.warmup();
    let statements = plan.statements.len();
    let shared = Arc::new(Shared {
        session: session.clone(),
        plan,
        pace: Pace::of(args.rate, began),
        counts_from,
        most: args.count.unwrap_or(u64::MAX),
        next: AtomicU64::new(0),
        next_that_counts: AtomicU64::new(0),
        stopped: Arc::new(AtomicBool::new(false)),
        tallies: Tallies::of(statements).map_err(Failure::refused)?,
        answered: AtomicU64::new(0),
        failed: AtomicU64::new(0),
    });
    // A run that is given up lets nobody work on.
    let _stop = StopOnDrop(Arc::clone(&shared));
    let mut workers = JoinSet::new();
    for worker in 0..args.concurrency() {
        let worker = usize::try_from(worker).unwrap_or_default();
        workers.spawn(Arc::clone(&shared).work(worker));
    }
    let pacer = shared.pace.start(&shared.stopped)?;
    let end = args.duration().and_then(|duration| counts_from.checked_add(duration));
    let interrupted = follow(&shared, &mut workers, end, interrupts).await?;
    let elapsed = counts_from.elapsed();
    shared.stop();
    if pacer.is_some_and(|pacer| pacer.join().is_err()) {
        return Err(Failure::refused("the thread that paces the requests panicked"));
    }
    let tally = shared.tallies.sum();
    let not_sent = if shared.has_sent_all() { 0 } else { shared.pace.behind() };
    Ok(Outcome { tally, elapsed, not_sent, interrupted })
}

/// Waits for the end, and then for what is under way; with the second signal not for that either.
async fn follow(
    shared: &Shared,
    workers: &mut JoinSet<()>,
    end: Option<Instant>,
    interrupts: &mut Interrupts,
) -> Result<Option<Exit>, Failure> {
    let bar = Bar::of(None);
    let mut pace = tokio::time::interval(PACE);
    let over = async {
        match end {
            Some(end) => tokio::time::sleep_until(end.into()).await,
            None => std::future::pending().await,
        }
    };
    let mut over = std::pin::pin!(over.fuse());
    let mut interrupted = None;
    loop {
        tokio::select! {
            biased;
            exit = interrupts.next() => {
                if interrupted.replace(exit?).is_some() {
                    return Ok(interrupted);
                }
                shared.stop();
            }
            ended = workers.join_next() => match ended {
                None => return Ok(interrupted),
                Some(Ok(())) => {}
                Some(Err(error)) => return Err(Failure::refused(error)),
            },
            () = &mut over => shared.stop(),
            _ = pace.tick() => bar.show(0, shared.told()),
        }
    }
}

impl Shared {
    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.pace.end();
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Are all sent that are wanted?
    fn has_sent_all(&self) -> bool {
        self.next_that_counts.load(Ordering::Relaxed) > self.most
    }

    /// How far it is.
    fn told(&self) -> String {
        let now = Instant::now();
        let [answered, failed] =
            [&self.answered, &self.failed].map(|count| count.load(Ordering::Relaxed));
        match now < self.counts_from {
            true => "warming up".to_owned(),
            false => {
                let seconds = (now - self.counts_from).as_secs();
                let behind = self.pace.behind();
                format!("{seconds} s, {answered} answered, {failed} failed, {behind} behind")
            }
        }
    }

    async fn work(self: Arc<Self>, worker: usize) {
        let mut values: Vec<Vec<CqlValue>> = Vec::new();
        while !self.is_stopped() {
            self.pace.turn().await;
            if self.is_stopped() {
                break;
            }
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let due = self.pace.due(number);
            let counts = due >= self.counts_from;
            if counts && self.next_that_counts.fetch_add(1, Ordering::Relaxed) >= self.most {
                self.stop();
                break;
            }
            self.send(worker, number, due, counts, &mut values).await;
        }
    }

    async fn send(
        &self,
        worker: usize,
        number: u64,
        due: Instant,
        counts: bool,
        values: &mut Vec<Vec<CqlValue>>,
    ) {
        let position = self.plan.request(number, values);
        let (Some(statement), Some(values)) =
            (self.plan.statements.get(position), values.get(position))
        else {
            return;
        };
        let outcome = self.session.execute(&statement.prepared, values.as_slice()).await;
        if !counts {
            return;
        }
        let now = Instant::now();
        match outcome {
            Ok(_) => {
                let (took, after) = (now.saturating_duration_since(due), now - self.counts_from);
                self.tallies.answered(worker, position, took, after);
                self.answered.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                self.tallies.failed(worker, position, &error);
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// See [`run`].
struct StopOnDrop(Arc<Shared>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
