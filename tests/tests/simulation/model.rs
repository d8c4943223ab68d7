//! What is true of a run: what servers have received, said and stored, what callers were told, and what
//! of it cannot be.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::asked::Write;
use super::seen::Seen;

/// The model of one run.
#[derive(Debug)]
pub(crate) struct Model {
    began: Instant,
    /// Is anybody going to read what happens?
    is_traced: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// What the tables hold.
    cells: HashMap<(usize, i64), i64>,
    /// What reads were answered: key and value, by what tells them from others.
    given: HashMap<i64, HashSet<(i64, Option<i64>)>>,
    /// In the order of their values, so that what is wrong is always told in the same order.
    writes: BTreeMap<i64, Written>,
    /// What servers have said to each call that may be taken for a failure.
    said: HashMap<i64, Said>,
    pub(crate) seen: Seen,
    wrong: Vec<String>,
    trace: Vec<String>,
}

/// One write.
#[derive(Debug)]
struct Written {
    /// It may not be done twice.
    once: bool,
    /// Alone, or in a logged batch: so errors can say more of it.
    one_write: bool,
    /// How often servers did it, and how often they said that they did not.
    done: usize,
    refused: usize,
    fate: Fate,
}

/// What the caller was told of a write.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing, or that nobody knows.
    Open,
    /// It was done.
    Done,
    /// It was not, and will not be.
    NotDone,
    /// It was not even sent.
    NotSent,
}

/// What servers have said to a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) codes: Vec<i32>,
    /// Something that is no answer to it.
    pub(crate) lied: bool,
    /// How often it has arrived.
    pub(crate) arrivals: u64,
}

/// Which call a write is of, by its value.
pub(crate) const fn call_of(value: i64) -> i64 {
    value / 100
}

/// Of whom it is what servers have said to PREPARE.
pub(crate) const PREPARES: i64 = 0;

impl Model {
    pub(crate) fn new(is_traced: bool) -> Self {
        Self { began: Instant::now(), is_traced, state: Mutex::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that happened, for whoever reads the run.
    pub(crate) fn note(&self, what: impl FnOnce() -> String) {
        if !self.is_traced {
            return;
        }
        let line = format!("{:>7.1?} ms  {}", self.began.elapsed().as_secs_f64() * 1e3, what());
        self.state().trace.push(line);
    }

    /// Something that cannot be.
    pub(crate) fn wrong(&self, what: String) {
        self.note(|| format!("WRONG: {what}"));
        self.state().wrong.push(what);
    }

    /// What cannot be, and all that happened.
    pub(crate) fn take(&self) -> (Vec<String>, Vec<String>) {
        let mut state = self.state();
        (std::mem::take(&mut state.wrong), std::mem::take(&mut state.trace))
    }

    /// A caller is about to write this.
    pub(crate) fn will_write(&self, value: i64, once: bool, one_write: bool) {
        let write = Written { once, one_write, done: 0, refused: 0, fate: Fate::Open };
        self.state().writes.insert(value, write);
    }

    /// A server has received these writes, and does them, or says that it does not.
    pub(crate) fn arrived(&self, writes: &[Write], is_done: bool) {
        for Write { table, key, value } in writes.iter().copied() {
            let mut state = self.state();
            if is_done {
                state.cells.insert((table, key), value);
            }
            let problem = match state.writes.get_mut(&value) {
                None => Some("nobody wrote it"),
                Some(write) => {
                    let again = write.once && write.done > 0;
                    *(if is_done { &mut write.done } else { &mut write.refused }) += 1;
                    again.then_some("it may not be done twice, and was done before")
                }
            };
            drop(state);
            if let Some(problem) = problem {
                self.wrong(format!("write {value} was received: {problem}"));
            }
        }
    }

    /// Are all of them alone, or in a logged batch?
    pub(crate) fn are_one_write(&self, writes: &[Write]) -> bool {
        let state = self.state();
        writes.iter().all(|write| state.writes.get(&write.value).is_some_and(|own| own.one_write))
    }

    /// What a read gets.
    pub(crate) fn read(&self, table: usize, key: i64, nonce: i64) -> Option<i64> {
        let mut state = self.state();
        let value = state.cells.get(&(table, key)).copied();
        state.given.entry(nonce).or_default().insert((key, value));
        value
    }

    /// May a read have got this?
    pub(crate) fn was_given(&self, nonce: i64, key: i64, value: Option<i64>) -> bool {
        let state = self.state();
        state.given.get(&nonce).is_some_and(|given| given.contains(&(key, value)))
    }

    /// A request of this call has arrived; how many before it?
    pub(crate) fn count_arrival(&self, call: i64) -> u64 {
        let mut state = self.state();
        let said = state.said.entry(call).or_default();
        said.arrivals += 1;
        said.arrivals - 1
    }

    /// A server says something to this call.
    pub(crate) fn say(&self, call: i64, code: Option<i32>, lie: bool) {
        let mut state = self.state();
        let said = state.said.entry(call).or_default();
        said.codes.extend(code);
        said.lied |= lie;
    }

    pub(crate) fn said(&self, call: i64) -> Said {
        self.state().said.get(&call).cloned().unwrap_or_default()
    }

    /// What the caller was told of this write.
    pub(crate) fn tell(&self, value: i64, fate: Fate) {
        let mut state = self.state();
        let Some(write) = state.writes.get_mut(&value) else { return };
        write.fate = fate;
        let never_came = fate == Fate::Done && write.done == 0;
        drop(state);
        if never_came {
            self.wrong(format!("write {value} is said to be done, and no server received it"));
        }
    }

    /// Looks at what became of each write, in the end.
    pub(crate) fn check_writes(&self) {
        let mut wrong = Vec::new();
        for (value, write) in &self.state().writes {
            let why = match write.fate {
                Fate::NotDone if write.done > 0 => "is said not to be done, and was",
                Fate::NotSent if write.done + write.refused > 0 => "was not to be sent, and was",
                _ => continue,
            };
            wrong.push(format!("write {value} {why}"));
        }
        wrong.into_iter().for_each(|what| self.wrong(what));
    }
}
