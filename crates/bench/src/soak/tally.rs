//! What the calls came to, counted in constant memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::user::Fault;

/// How many texts of what is wrong are kept.
const MOST_KEPT: usize = 20;

/// How many kinds of failures there are, at most.
const MOST_KINDS: usize = 8;

/// What the calls of all users came to.
#[derive(Debug)]
pub(super) struct Tally {
    done: AtomicU64,
    let_go: AtomicU64,
    others: Mutex<Others>,
}

/// What is rare.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Others {
    /// By their kind.
    pub(super) failed: Vec<(&'static str, u64)>,
    pub(super) wrong: u64,
    /// The first of them.
    pub(super) examples: Vec<String>,
    pub(super) overdue: u64,
    pub(super) longest_ms: u128,
}

/// The sums.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Totals {
    pub(super) done: u64,
    pub(super) let_go: u64,
    #[serde(flatten)]
    pub(super) others: Others,
}

impl Tally {
    pub(super) fn new() -> Self {
        // With all its room from the beginning: what is sampled is not to grow by it.
        let others = Others {
            failed: Vec::with_capacity(MOST_KINDS),
            wrong: 0,
            examples: Vec::with_capacity(MOST_KEPT),
            overdue: 0,
            longest_ms: 0,
        };
        Self { done: AtomicU64::new(0), let_go: AtomicU64::new(0), others: Mutex::new(others) }
    }

    pub(super) fn note(&self, outcome: Result<(), Fault>) {
        match outcome {
            Ok(()) => drop(self.done.fetch_add(1, Ordering::Relaxed)),
            Err(Fault::Failed(kind)) => self.with_others(|others| {
                match others.failed.iter_mut().find(|(known, _)| *known == kind) {
                    Some((_, count)) => *count += 1,
                    None => others.failed.push((kind, 1)),
                }
            }),
            Err(Fault::Wrong(what)) => self.with_others(|others| {
                others.wrong += 1;
                if others.examples.len() < MOST_KEPT {
                    others.examples.push(what);
                }
            }),
        }
    }

    pub(super) fn let_go(&self) {
        self.let_go.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn overdue(&self, took: Duration) {
        self.with_others(|others| {
            others.overdue += 1;
            others.longest_ms = others.longest_ms.max(took.as_millis());
        });
    }

    fn with_others(&self, change: impl FnOnce(&mut Others)) {
        change(&mut self.others.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How many calls have ended.
    pub(super) fn calls(&self) -> u64 {
        self.done.load(Ordering::Relaxed) + self.let_go.load(Ordering::Relaxed)
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            done: self.done.load(Ordering::Relaxed),
            let_go: self.let_go.load(Ordering::Relaxed),
            others: self.others.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
