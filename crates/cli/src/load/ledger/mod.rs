//! Which lines have their outcome: written, or rejected with a reason.
//!
//! Lines are entered in the order of the input and get their outcomes in any other. What is given out again
//! is in the order of the input: rejected lines, and how far the input has been dealt with ([`Mark`]), so
//! that a load which is killed goes on there, with no line lost and none rejected twice.
//!
//! ```text
//!   entered --> in flight --> written -----+                    +--> the mark moves up to here
//!      |            |                      +--> all before it --+
//!      +------------+------> rejected -----+    have theirs     +--> the rejected line is given out
//! ```
//!
//! A row has a [`Ticket`], whose Drop says that the row is written: who holds rows drops them then. What
//! was never taken for being sent says nothing when it is dropped.

mod ticket;

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub(super) use self::ticket::Ticket;
use crate::exit::Exit;

/// How many lines there may be without an outcome, or behind one that has none.
const MOST_LINES: usize = 1 << 16;

/// How many bytes of them, and of rejected lines that nobody has taken, are kept; one line may pass it.
const MOST_BYTES: usize = 64 << 20;

/// A place in the input, between two lines.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// So many bytes are before it.
    pub(super) bytes: u64,
    /// The number of the line that begins there, from 1.
    pub(super) line: u64,
    /// The CRC-32 of all bytes before it, by which it is known whether an input is the same one.
    pub(super) crc: u32,
}

/// A line of the input, or several that are one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) start: Mark,
    pub(super) end: Mark,
    /// As it was, with its line break, if it has one; nothing of one that is too long.
    pub(super) raw: Vec<u8>,
}

/// A line that was not written, with why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    pub(super) line: Line,
    pub(super) reason: String,
}

/// Why no more lines are wanted, although there are some.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Ctrl-C or SIGTERM, with what the process ends with for it.
    Interrupted(Exit),
    /// More lines are rejected than may be.
    TooManyRejected,
    /// Something else failed, which says so itself.
    Failed,
}

/// What the keeper of files has to do.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) rejected: Vec<Rejected>,
    /// All before it has its outcome, and is among what was given out.
    pub(super) reached: Mark,
    /// There will be no more.
    pub(super) is_last: bool,
    /// The input ends there.
    pub(super) is_complete: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Ledger {
    state: Mutex<State>,
    /// There is room for a line, or none is wanted.
    room: Condvar,
    /// There is something to keep.
    due: Condvar,
    stopped: watch::Sender<Option<Stop>>,
    max_rejected: u64,
}

#[derive(Debug)]
struct State {
    /// The number of the first entry.
    first: u64,
    entries: VecDeque<Entry>,
    /// Of the lines of entries and of what is due.
    bytes: usize,
    reached: Mark,
    due: Vec<Rejected>,
    due_bytes: usize,
    /// How many lines were rejected, those included that are not due yet.
    rejected: u64,
    written: u64,
    /// No more lines come, and all that were taken have their outcome.
    is_over: bool,
    /// All of the input was entered.
    has_ended: bool,
    /// Rows that are dropped were not written.
    is_abandoned: bool,
}

#[derive(Debug)]
struct Entry {
    line: Line,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    InFlight,
    Written,
    Rejected(String),
}

impl Ledger {
    /// From this place on. So many lines may be rejected.
    pub(super) fn new(from: Mark, max_rejected: u64) -> Self {
        let state = State {
            first: 0,
            entries: VecDeque::new(),
            bytes: 0,
            reached: from,
            due: Vec::new(),
            due_bytes: 0,
            rejected: 0,
            written: 0,
            is_over: false,
            has_ended: false,
            is_abandoned: false,
        };
        let (stopped, _) = watch::channel(None);
        let (room, due) = (Condvar::new(), Condvar::new());
        Self { state: Mutex::new(state), room, due, stopped, max_rejected }
    }

    /// Enters the next line, unless there is no room: then it comes back.
    pub(super) fn try_enter(&self, line: Line) -> Result<u64, Line> {
        let mut state = self.state();
        if !state.has_room(line.raw.len()) {
            return Err(line);
        }
        state.bytes += line.raw.len();
        state.entries.push_back(Entry { line, outcome: Outcome::InFlight });
        Ok(state.first + state.entries.len() as u64 - 1)
    }

    /// Waits until there may be room, or until no more lines are wanted.
    pub(super) fn wait_for_room(&self, bytes: usize) {
        let mut state = self.state();
        while !state.has_room(bytes) && self.stopped().is_none() {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A line was not written.
    pub(super) fn reject(&self, number: u64, reason: String) {
        let mut state = self.state();
        if !state.end(number, Outcome::Rejected(reason)) {
            return;
        }
        state.rejected += 1;
        let too_many = state.rejected > self.max_rejected;
        self.after(state);
        if too_many {
            self.stop(Stop::TooManyRejected);
        }
    }

    /// A line was written, unless it was rejected before.
    fn was_written(&self, number: u64) {
        let mut state = self.state();
        if state.is_abandoned {
            return;
        }
        state.written += u64::from(state.end(number, Outcome::Written));
        self.after(state);
    }

    /// Gives the others to know what has changed.
    fn after(&self, state: MutexGuard<'_, State>) {
        let is_due = state.is_due();
        drop(state);
        self.room.notify_one();
        if is_due {
            self.due.notify_one();
        }
    }

    /// The input ends here. Behind the last line there may be some that have nothing in them.
    pub(super) fn input_ends(&self, at: Mark) {
        let mut state = self.state();
        state.has_ended = true;
        match state.entries.back_mut() {
            Some(last) => last.line.end = at,
            None => state.reached = at,
        }
    }

    /// No more lines are wanted. The first reason is the one that counts.
    pub(super) fn stop(&self, why: Stop) {
        self.stopped.send_if_modified(|stopped| {
            let is_first = stopped.is_none();
            stopped.get_or_insert(why);
            is_first
        });
        // Whoever waits for room holds the lock until it waits.
        drop(self.state());
        self.room.notify_all();
    }

    pub(super) fn stopped(&self) -> Option<Stop> {
        *self.stopped.borrow()
    }

    /// Ends once no more lines are wanted.
    pub(super) fn until_stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stopped = self.stopped.subscribe();
        async move {
            // It fails only if there is nobody left who could stop it.
            if stopped.wait_for(Option::is_some).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// No more lines come, and all that were taken have their outcome.
    pub(super) fn close(&self) {
        self.state().is_over = true;
        self.due.notify_all();
    }

    /// Waits for what is to be kept, for as long at most.
    pub(super) fn take_due(&self, patience: Duration) -> Due {
        let nothing = |state: &mut State| !state.is_over && !state.is_due();
        let waited = self.due.wait_timeout_while(self.state(), patience, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let rejected = std::mem::take(&mut state.due);
        state.bytes -= std::mem::take(&mut state.due_bytes);
        let (reached, is_last) = (state.reached, state.is_over);
        let is_complete = state.has_ended && state.entries.is_empty();
        drop(state);
        self.room.notify_one();
        Due { rejected, reached, is_last, is_complete }
    }

    /// What is dropped from now on was not written: those who send it are given up.
    pub(super) fn abandon(&self) {
        self.state().is_abandoned = true;
        self.stop(Stop::Failed);
    }

    /// How many lines were rejected.
    pub(super) fn rejected(&self) -> u64 {
        self.state().rejected
    }

    /// How many lines were written.
    pub(super) fn written(&self) -> u64 {
        self.state().written
    }

    /// All before it has its outcome.
    pub(super) fn reached(&self) -> Mark {
        self.state().reached
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_room(&self, bytes: usize) -> bool {
        let is_empty = self.bytes == 0;
        self.entries.len() < MOST_LINES && (is_empty || self.bytes + bytes <= MOST_BYTES)
    }

    /// Are there so many rejected lines that the keeper should not wait until it looks by itself?
    const fn is_due(&self) -> bool {
        self.due.len() >= 1024 || self.due_bytes >= MOST_BYTES / 2
    }

    /// Notes an outcome, if there was none; false if there was.
    fn end(&mut self, number: u64, outcome: Outcome) -> bool {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) else { return false };
        if !matches!(entry.outcome, Outcome::InFlight) {
            return false;
        }
        if matches!(outcome, Outcome::Written) {
            self.bytes -= std::mem::take(&mut entry.line.raw).len();
        }
        entry.outcome = outcome;
        while let Some(entry) =
            self.entries.pop_front_if(|entry| !matches!(entry.outcome, Outcome::InFlight))
        {
            self.first += 1;
            self.reached = entry.line.end;
            if let Outcome::Rejected(reason) = entry.outcome {
                self.due_bytes += entry.line.raw.len();
                self.due.push(Rejected { line: entry.line, reason });
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
