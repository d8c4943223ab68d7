//! Numbers that are close to a clock and never the same twice, drawn by many threads at once.
//!
//! ```text
//!   the clock is past the last one ---> what the clock says
//!   it is not: many draw, or it was set back ---> the last one, and one more
//! ```
//!
//! `make loom` goes through the interleavings of those who draw.

#[cfg(not(loom))]
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;

#[cfg(loom)]
use loom::sync::atomic::AtomicI64;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Increasing {
    last: AtomicI64,
}

impl Increasing {
    pub(crate) fn new() -> Self {
        Self { last: AtomicI64::new(i64::MIN) }
    }

    /// Greater than all before, and no less than `clock`.
    ///
    /// Whoever draws after another one, by whatever order there is between the two, gets the greater
    /// number, though nothing is ordered here: changes of one number are seen in their order.
    #[inline]
    pub(crate) fn next(&self, clock: i64) -> i64 {
        let mut last = self.last.load(Relaxed);
        loop {
            let next = clock.max(last.saturating_add(1));
            match self.last.compare_exchange_weak(last, next, Relaxed, Relaxed) {
                Ok(_) => return next,
                Err(other) => last = other,
            }
        }
    }

    /// The last one; `i64::MIN` if there was none.
    #[cfg(not(loom))]
    #[inline]
    pub(crate) fn last(&self) -> i64 {
        self.last.load(Relaxed)
    }
}
