//! What came of the requests: how long they took, and which failed, with no allocation for one that
//! was answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cqlwire::{Error, ErrorKind};
use hdrhistogram::{CreationError, Histogram};

/// The longest time that is told from longer ones, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// How many digits of a time are kept.
const DIGITS: u8 = 3;

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) statements: Vec<Answered>,
    /// How many were answered in each second.
    pub(super) seconds: Vec<u64>,
    /// By the kind of the error.
    pub(super) failures: BTreeMap<String, Failed>,
}

/// The requests of one statement.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// Of those that did not fail, in microseconds.
    pub(super) times: Histogram<u64>,
    pub(super) failed: u64,
}

/// The requests that failed in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) count: u64,
    /// The first one of them, in its words.
    pub(super) example: String,
}

impl Tally {
    fn of(statements: usize) -> Result<Self, CreationError> {
        let times = Histogram::new_with_bounds(1, LONGEST, DIGITS)?;
        let statements = vec![Answered { times, failed: 0 }; statements];
        Ok(Self { statements, seconds: Vec::new(), failures: BTreeMap::new() })
    }

    /// A request of this statement took so long, and so long after the beginning there was its answer.
    fn answered(&mut self, statement: usize, took: Duration, after: Duration) {
        if let Some(of) = self.statements.get_mut(statement) {
            of.times.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
        }
        let second = usize::try_from(after.as_secs()).unwrap_or(usize::MAX);
        if self.seconds.len() <= second {
            self.seconds.resize(second + 1, 0);
        }
        if let Some(answers) = self.seconds.get_mut(second) {
            *answers += 1;
        }
    }

    fn failed(&mut self, statement: usize, error: &Error) {
        if let Some(of) = self.statements.get_mut(statement) {
            of.failed += 1;
        }
        let example = || Failed { count: 0, example: error.to_string() };
        self.failures.entry(kind(error.kind())).or_insert_with(example).count += 1;
    }

    /// Those of all statements.
    pub(super) fn times(&self) -> Option<Histogram<u64>> {
        let times = self.statements.iter().map(|of| of.times.clone());
        times.reduce(|mut all, of| {
            all += &of;
            all
        })
    }

    /// With those of another.
    fn add(&mut self, other: &Self) {
        for (own, other) in self.statements.iter_mut().zip(&other.statements) {
            // Both have the same bounds, so that all fit.
            own.times += &other.times;
            own.failed += other.failed;
        }
        self.seconds.resize(self.seconds.len().max(other.seconds.len()), 0);
        for (own, other) in self.seconds.iter_mut().zip(&other.seconds) {
            *own += other;
        }
        for (kind, failed) in &other.failures {
            let own = self.failures.entry(kind.clone());
            own.and_modify(|own| own.count += failed.count).or_insert_with(|| failed.clone());
        }
    }
}

/// The kind of an error, as few words as tell one from another.
fn kind(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::Server { error, .. } => error.code.to_string(),
        ErrorKind::Timeout { .. } => "timed out".to_owned(),
        ErrorKind::ConnectionLost { .. } => "connection lost".to_owned(),
        ErrorKind::Overloaded { .. } => "overloaded".to_owned(),
        ErrorKind::NoHostAvailable { .. } => "no host available".to_owned(),
        ErrorKind::MorePages { .. } => "more than one page".to_owned(),
        ErrorKind::Encode(_) => "not encoded".to_owned(),
        _ => "other".to_owned(),
    }
}

/// Tallies of several workers, so that they hardly ever wait for each other.
#[derive(Debug)]
pub(super) struct Tallies([Mutex<Tally>; LANES]);

/// As many as threads that send.
const LANES: usize = 2;

impl Tallies {
    pub(super) fn of(statements: usize) -> Result<Self, CreationError> {
        let tally = Tally::of(statements)?;
        Ok(Self(std::array::from_fn(|_| Mutex::new(tally.clone()))))
    }

    pub(super) fn answered(
        &self,
        worker: usize,
        statement: usize,
        took: Duration,
        after: Duration,
    ) {
        self.with(worker, |tally| tally.answered(statement, took, after));
    }

    pub(super) fn failed(&self, worker: usize, statement: usize, error: &Error) {
        self.with(worker, |tally| tally.failed(statement, error));
    }

    fn with(&self, worker: usize, tell: impl FnOnce(&mut Tally)) {
        if let Some(tally) = self.0.get(worker % LANES) {
            tell(&mut tally.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// All of them together.
    pub(super) fn sum(&self) -> Tally {
        let [first, others @ ..] = &self.0;
        let mut sum = first.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for other in others {
            sum.add(&other.lock().unwrap_or_else(PoisonError::into_inner));
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use cqlwire::TimeoutPhase;

    use super::*;

    #[test]
    fn what_workers_tell_comes_together() {
        let tallies = Tallies::of(2).unwrap();
        let [took, after] = [Duration::from_millis(2), Duration::from_millis(1_500)];
        tallies.answered(0, 0, took, after);
        tallies.answered(1, 0, took, after);
        tallies.answered(2, 1, Duration::from_secs(9_000), Duration::ZERO);
        let timeout =
            ErrorKind::Timeout { phase: TimeoutPhase::Response, host: None, of_attempt: false };
        let timeout = Error::from(timeout);
        tallies.failed(0, 1, &timeout);
        tallies.failed(1, 1, &timeout);
        let sum = tallies.sum();
        assert_eq!(sum.seconds, [1, 2]);
        let [first, second] = &*sum.statements else { panic!("{sum:?}") };
        assert_eq!((first.times.len(), first.failed), (2, 0));
        assert!(first.times.equivalent(first.times.max(), 2_000));
        // What takes longer than can be told is told as the longest.
        assert!(second.times.equivalent(second.times.max(), LONGEST));
        assert_eq!(second.failed, 2);
        let failed = Failed { count: 2, example: timeout.to_string() };
        assert_eq!(sum.failures, BTreeMap::from([("timed out".to_owned(), failed)]));
    }
}
