//! Counting requests by what became of them, from many threads at once.
//!
//! Each thread counts in a cell of its own, or shares one with few others: threads that count in one
//! place take its cache line from each other with every request.

use std::cell::Cell;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use cqlwire_codec::ErrorCode;

use super::outcome::{OUTCOMES, Outcome, RequestTotals};
use crate::error::ErrorKind;

/// How many cells there are: 2 KiB.
const CELLS: usize = 16;

/// The requests of a session, by what became of them.
#[derive(Debug, Default)]
pub(crate) struct RequestCounters {
    cells: [Counts; CELLS],
    /// Each error that is known by itself, in the order of [`ErrorCode::KNOWN`].
    codes: [AtomicU64; ErrorCode::KNOWN.len()],
    other_codes: AtomicU64,
}

/// On cache lines of its own, two of them, since processors fetch pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counts([AtomicU64; OUTCOMES]);

/// A request that was begun. When it is dropped, it counts as what it has [ended](Self::end) as, or
/// else as cancelled.
#[derive(Debug)]
#[must_use = "whoever drops it has ended the request"]
pub(crate) struct Counted<R: Deref<Target = RequestCounters>> {
    counters: R,
    outcome: Outcome,
}

impl<R: Deref<Target = RequestCounters>> Counted<R> {
    #[inline]
    pub(crate) const fn new(counters: R) -> Self {
        Self { counters, outcome: Outcome::Cancelled }
    }

    /// It has its outcome: says whether it is one of those that took their time.
    #[inline]
    pub(crate) fn end(&mut self, error: Option<&ErrorKind>) -> bool {
        self.outcome = match error {
            None => Outcome::Ok,
            Some(error) => self.counters.outcome_of(error),
        };
        self.outcome.took_time()
    }
}

impl<R: Deref<Target = RequestCounters>> Drop for Counted<R> {
    #[inline]
    fn drop(&mut self) {
        self.counters.count(self.outcome);
    }
}

impl RequestCounters {
    /// One has become this.
    #[inline]
    pub(crate) fn count(&self, outcome: Outcome) {
        let Counts(counts) = &self.cells[cell() % CELLS];
        counts[outcome as usize].fetch_add(1, Relaxed);
    }

    #[cold]
    fn outcome_of(&self, error: &ErrorKind) -> Outcome {
        if let ErrorKind::Server { error, .. } = error {
            let known =
                ErrorCode::KNOWN.iter().zip(&self.codes).find(|(code, _)| **code == error.code);
            known.map_or(&self.other_codes, |(_, count)| count).fetch_add(1, Relaxed);
        }
        Outcome::of(error)
    }

    /// What became of how many. `begun` says how many were begun; that number wraps around.
    pub(crate) fn totals(&self, begun: impl FnOnce() -> u32) -> RequestTotals {
        let sum = |outcome: Outcome| {
            let counts = self.cells.iter().map(|Counts(counts)| &counts[outcome as usize]);
            counts.fold(0_u64, |sum, count| sum.wrapping_add(count.load(Relaxed)))
        };
        let totals = Outcome::totals(sum);
        // Those that ended were begun before: what is under way is counted by 32 bits at least.
        let ended = totals.ended();
        let low = u32::try_from(ended & u64::from(u32::MAX)).unwrap_or_default();
        // Others count while this is read: what it has seen end it may not have seen begin.
        let under_way = begun().wrapping_sub(low).cast_signed().max(0);
        RequestTotals { begun: ended + u64::from(under_way.unsigned_abs()), ..totals }
    }

    /// How many ended with which error of a server, where there were any. Codes that are not known
    /// here are together, as [`None`].
    pub(crate) fn server_errors(&self) -> Vec<(Option<ErrorCode>, u64)> {
        let known = ErrorCode::KNOWN.iter().map(|code| Some(*code)).zip(&self.codes);
        let all = known.chain([(None, &self.other_codes)]);
        let counted = all.map(|(code, count)| (code, count.load(Relaxed)));
        counted.filter(|(_, count)| *count > 0).collect()
    }
}

/// The cell of this thread.
#[inline]
fn cell() -> usize {
    const NONE: usize = usize::MAX;
    thread_local! {
        static CELL: Cell<usize> = const { Cell::new(NONE) };
    }
    #[cold]
    fn next() -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Relaxed) % CELLS
    }
    CELL.with(|cell| {
        if cell.get() == NONE {
            cell.set(next());
        }
        cell.get()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g9_3_each_counts_once_whatever_becomes_of_it() {
        let counters = RequestCounters::default();
        drop(Counted::new(&counters));
        let mut ok = Counted::new(&counters);
        assert!(ok.end(None));
        drop(ok);
        let mut closed = Counted::new(&counters);
        assert!(!closed.end(Some(&ErrorKind::SessionClosed)));
        drop(closed);
        let totals = counters.totals(|| 4);
        assert_eq!((totals.cancelled, totals.ok, totals.closed), (1, 1, 1));
        assert_eq!((totals.ended(), totals.under_way(), totals.begun), (3, 1, 4));
    }

    #[test]
    fn g9_3_more_requests_than_the_gate_can_count_are_counted() {
        let counters = RequestCounters::default();
        let many = u64::from(u32::MAX) * 3 + 7;
        counters.cells[3].0[Outcome::Ok as usize].store(many, Relaxed);
        let begun = u32::try_from((many + 2) & u64::from(u32::MAX)).unwrap();
        let totals = counters.totals(|| begun);
        assert_eq!((totals.begun, totals.under_way()), (many + 2, 2));
        // Processors may show what one thread does to another in another order.
        let totals = counters.totals(|| begun - 3);
        assert_eq!((totals.begun, totals.under_way()), (many, 0));
    }
}
