//! One phase: so many users at one session, looked at all the time, until it is over and nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cqlwire::Session;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::SoakArguments;
use super::flat::Course;
use super::sample::{MOMENTS, Samples, of_the_process};
use super::tally::{Tally, Totals};
use super::user::{User, asks};
use crate::Result;

/// How often it is asked how far the phase is.
const STEP: Duration = Duration::from_millis(50);

/// How long a session may take to come to rest, and to close.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many bytes of the heap may be left of a session: what libraries set up once.
const LEFT_BYTES: u64 = 1 << 20;

/// When a phase is over.
#[derive(Copy, Clone, Debug)]
pub(super) enum Until {
    Passed(Duration),
    Calls(u64),
}

/// How far it is.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) tally: Tally,
    pub(super) let_go_one_in: u32,
    began: Instant,
    until: Until,
    is_over: AtomicBool,
}

impl Progress {
    pub(super) fn new(until: Until, arguments: &SoakArguments) -> Arc<Self> {
        Arc::new(Self {
            tally: Tally::new(),
            let_go_one_in: arguments.let_go_one_in.max(1),
            began: Instant::now(),
            until,
            is_over: AtomicBool::new(false),
        })
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// How long it takes still, if that is known.
    pub(super) fn left(&self) -> Duration {
        match self.until {
            Until::Passed(whole) => whole.saturating_sub(self.began.elapsed()),
            Until::Calls(_) => Duration::MAX,
        }
    }

    /// How many of all moments have come.
    fn moments(&self) -> usize {
        let (done, whole) = match self.until {
            Until::Passed(whole) => (self.began.elapsed().as_millis(), whole.as_millis()),
            Until::Calls(whole) => (self.tally.calls().into(), whole.into()),
        };
        let moments = done.saturating_mul(MOMENTS as u128) / whole.max(1);
        usize::try_from(moments).unwrap_or(MOMENTS).min(MOMENTS)
    }
}

/// What became of a phase.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PhaseReport {
    pub(super) name: &'static str,
    pub(super) seconds: u64,
    pub(super) restarts: u32,
    pub(super) requests: u64,
    pub(super) prepared: u64,
    pub(super) evicted: u64,
    pub(super) calls: Totals,
    pub(super) courses: Vec<Course>,
    /// What was there before the session and after it: bytes of the heap, descriptors, tasks.
    pub(super) before: [u64; 3],
    pub(super) after: [u64; 3],
    /// Why it is not as it should be; empty if it is.
    pub(super) faults: Vec<String>,
}

/// Has the users ask until it is over. `before` is what the process held before the session was there.
pub(super) async fn run<U: User>(
    name: &'static str,
    session: Session,
    users: Vec<U>,
    progress: Arc<Progress>,
    before: [u64; 3],
) -> Result<PhaseReport> {
    let mut samples = Samples::new(&session);
    let mut asking = JoinSet::new();
    for (number, user) in (0..).zip(users) {
        asking.spawn(asks(user, Arc::clone(&progress), number));
    }
    while samples.len() < MOMENTS {
        sleep(STEP).await;
        if samples.len() < progress.moments() {
            samples.take(&session);
        }
        if progress.moments() == MOMENTS {
            break;
        }
    }
    progress.is_over.store(true, Ordering::Relaxed);
    let mut faults = Vec::new();
    while let Some(ended) = asking.join_next().await {
        if let Err(error) = ended {
            faults.push(format!("a user has panicked: {error}"));
        }
    }
    let metrics = session.metrics();
    let seconds = progress.began.elapsed().as_secs();
    faults.extend(at_rest(session).await);
    let calls = progress.tally.totals();
    let courses = samples.series().map(|(name, figures)| Course::of(name, &figures)).collect();
    drop(samples);
    let mut report = PhaseReport {
        name,
        seconds,
        restarts: 0,
        requests: metrics.requests.ended(),
        prepared: metrics.prepared.prepared,
        evicted: metrics.prepared.evicted,
        calls,
        courses,
        before,
        after: of_the_process(),
        faults,
    };
    report.judge();
    Ok(report)
}

/// Nothing is under way any more; and after close, nothing is left.
async fn at_rest(session: Session) -> Vec<String> {
    let mut faults = Vec::new();
    let began = Instant::now();
    while !session.resources().is_idle() {
        if began.elapsed() > PATIENCE {
            faults.push(format!("nobody asks, but: {}", session.resources()));
            break;
        }
        sleep(STEP).await;
    }
    session.close(PATIENCE).await;
    let left = session.resources();
    if !left.is_zero() {
        faults.push(format!("after close: {left}"));
    }
    let totals = session.metrics().requests;
    if totals.begun != totals.ended() {
        faults.push(format!("outcomes do not add up: {totals}"));
    }
    faults
}

impl PhaseReport {
    fn judge(&mut self) {
        let Totals { others, .. } = &self.calls;
        if others.wrong > 0 {
            self.faults.push(format!(
                "{} wrong values: {}",
                others.wrong,
                others.examples.join("; ")
            ));
        }
        if others.overdue > 0 {
            let longest = others.longest_ms;
            self.faults.push(format!("{} overdue calls, up to {longest} ms", others.overdue));
        }
        let grown = self.courses.iter().filter(|course| course.has_grown);
        let grown = grown.map(|course| format!("{} grew: {:?}", course.name, course.quarters));
        self.faults.extend(grown.collect::<Vec<_>>());
        let allowed = [LEFT_BYTES, 0, 0];
        for ((what, allowed), (before, after)) in ["bytes", "descriptors", "tasks"]
            .into_iter()
            .zip(allowed)
            .zip(self.before.into_iter().zip(self.after))
        {
            if after > before + allowed {
                self.faults.push(format!("{} {what} are left of the session", after - before));
            }
        }
    }
}
