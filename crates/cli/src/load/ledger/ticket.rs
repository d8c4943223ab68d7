//! What a row says when it is dropped.

use std::sync::Arc;

use super::Ledger;

/// The claim of a row to its outcome. Once it is taken for being sent, its Drop says that it is written;
/// one that fails is [rejected](Ticket::reject) before, or [left](Ticket::leave).
#[derive(Debug)]
pub(crate) struct Ticket {
    ledger: Arc<Ledger>,
    number: u64,
    is_taken: bool,
}

impl Ticket {
    pub(in crate::load) const fn new(ledger: Arc<Ledger>, number: u64) -> Self {
        Self { ledger, number, is_taken: false }
    }

    /// From now on it is written when it is dropped.
    pub(in crate::load) const fn take(&mut self) {
        self.is_taken = true;
    }

    /// Whether it was written is not known, or it was not, by no fault of its own: it has no outcome, so
    /// that a second run goes on with it.
    pub(in crate::load) fn leave(mut self) {
        self.is_taken = false;
    }

    /// It was not written.
    pub(in crate::load) fn reject(mut self, reason: String) {
        self.is_taken = false;
        self.ledger.reject(self.number, reason);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_taken {
            self.ledger.was_written(self.number);
        }
    }
}
