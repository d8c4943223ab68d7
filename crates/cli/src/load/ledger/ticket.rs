//! What a row says when it is dropped.

use std::sync::Arc;

use super::Ledger;

/// The claim of a row to its outcome. Once it is taken for being sent, its Drop says that it is written;
/// one that fails is [rejected](Ticket::reject) before.
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
