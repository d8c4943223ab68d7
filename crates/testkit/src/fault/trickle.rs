//! A stream whose bytes come in pieces.

use std::task::{Context, Poll};

use super::portions::{InPortions, Portions};

/// A stream that reads and writes in pieces of given sizes.
///
/// Before each piece after the first it is pending once, so that whoever drives it returns to its
/// loop with a part in hand.
pub type Trickle<S> = InPortions<S, Pieces>;

/// Sizes, taken in turn and from the start again.
#[derive(Debug)]
pub struct Pieces {
    sizes: Vec<usize>,
    next: usize,
    /// Whether a piece went through and the pause after it is still to come.
    pause: bool,
}

impl Pieces {
    fn new(sizes: &[usize]) -> Self {
        assert!(sizes.iter().all(|size| *size > 0), "a piece has at least one byte");
        Self { sizes: sizes.to_vec(), next: 0, pause: false }
    }
}

impl Portions for Pieces {
    /// The size of the piece that is due, or a pause; no sizes at all mean no limit and no pause.
    fn poll_size(&mut self, context: &mut Context<'_>) -> Poll<usize> {
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.sizes.get(self.next).copied().unwrap_or(usize::MAX))
    }

    fn passed(&mut self, _: usize) {
        self.pause = !self.sizes.is_empty();
        self.next = (self.next + 1) % self.sizes.len().max(1);
    }
}

impl<S> Trickle<S> {
    /// Reads in pieces of at most `reads` bytes and writes in pieces of at most `writes`, each in
    /// turn and from the start again; an empty list leaves its direction as it is.
    ///
    /// # Panics
    ///
    /// If a size is 0.
    pub fn new(stream: S, reads: &[usize], writes: &[usize]) -> Self {
        Self::of(stream, Pieces::new(reads), Pieces::new(writes))
    }
}
