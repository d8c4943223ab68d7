//! Refreshes that somebody asks for and waits for, beside those that events ask for.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cqlwire_codec::SchemaChange;
use cqlwire_net::Deadline;
use tokio::sync::{Notify, watch};

/// What is to be read again at once, and how far that is.
#[derive(Debug)]
pub(crate) struct Demand {
    wanted: Mutex<Wanted>,
    noticed: Notify,
    /// The number of the last request that was met.
    met: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Wanted {
    /// The number of the last request.
    last: u64,
    all: bool,
    schema: Vec<SchemaChange>,
}

/// What was asked for, up to a request of this number.
#[derive(Debug)]
pub(crate) struct Demanded {
    pub(crate) number: u64,
    pub(crate) all: bool,
    pub(crate) schema: Vec<SchemaChange>,
}

/// How many changes are read one by one; beyond it everything is read.
const MOST_CHANGES: usize = 256;

impl Default for Demand {
    fn default() -> Self {
        let (wanted, noticed) = (Mutex::default(), Notify::new());
        Self { wanted, noticed, met: watch::Sender::new(0) }
    }
}

impl Demand {
    /// Has what changed read again, or everything, and waits until that is done; no longer than the
    /// deadline. `false` if it is not done by then.
    pub(crate) async fn read_again(
        &self,
        change: Option<SchemaChange>,
        deadline: Deadline,
    ) -> bool {
        let number = self.ask(change);
        let mut met = self.met.subscribe();
        let done = met.wait_for(|met| *met >= number);
        matches!(deadline.bound(done).await, Ok(Ok(_)))
    }

    fn ask(&self, change: Option<SchemaChange>) -> u64 {
        let mut wanted = self.wanted();
        wanted.last += 1;
        match change {
            Some(change) if wanted.schema.len() < MOST_CHANGES => wanted.schema.push(change),
            _ => wanted.all = true,
        }
        self.noticed.notify_one();
        wanted.last
    }

    /// Waits until something is asked for.
    pub(crate) async fn noticed(&self) {
        self.noticed.notified().await;
    }

    pub(crate) fn take(&self) -> Demanded {
        let mut wanted = self.wanted();
        let Wanted { last, all, schema } = &mut *wanted;
        let (all, schema) = (std::mem::take(all), std::mem::take(schema));
        Demanded { number: *last, all, schema }
    }

    /// Is everything done that was asked for up to this number?
    pub(crate) fn is_met(&self, number: u64) -> bool {
        *self.met.borrow() >= number
    }

    /// What was asked for up to this number is done.
    pub(crate) fn meet(&self, number: u64) {
        self.met.send_if_modified(|met| {
            let is_news = number > *met;
            *met = number.max(*met);
            is_news
        });
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
