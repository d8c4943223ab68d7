//! Which hosts are being taught which statements.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::joint::{Joint, UnderWay};
use crate::operation::Failure;
use crate::prepared::StatementKey;

/// How many statements one host is taught at a time: each is work for it, and there may be hundreds.
const MOST_AT_ONCE: usize = 16;

/// A host that is being taught a statement, or why it will not be.
pub(crate) type Teaching = Joint<Result<(), Failure>>;

/// A host, and a statement.
pub(super) type Lesson = (Uuid, StatementKey);

/// The teachings of a session that are under way.
#[derive(Default)]
pub(crate) struct Teachings {
    under_way: Mutex<UnderWay<Lesson, Result<(), Failure>>>,
    turns: Mutex<HashMap<Uuid, Arc<Semaphore>, RandomState>>,
}

impl Teachings {
    pub(super) fn join(&self, lesson: Lesson, begin: impl FnOnce(u64) -> Teaching) -> Teaching {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).join(lesson, begin)
    }

    pub(super) fn ended(&self, lesson: &Lesson, number: u64) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).ended(lesson, number);
    }

    /// How many are under way.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The turns at this host.
    pub(super) fn turns(&self, host: Uuid) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Hosts that are gone must not add up.
        turns.retain(|known, turns| *known == host || Arc::strong_count(turns) > 1);
        Arc::clone(turns.entry(host).or_insert_with(|| Arc::new(Semaphore::new(MOST_AT_ONCE))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_are_gone_do_not_add_up() {
        let teachings = Teachings::default();
        let held = teachings.turns(Uuid::nil());
        for host in 1..100 {
            drop(teachings.turns(Uuid::from_u128(host)));
            assert!(Arc::ptr_eq(&held, &teachings.turns(Uuid::nil())));
        }
        assert!(teachings.turns.lock().unwrap().len() <= 2);
    }
}
