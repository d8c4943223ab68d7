//! What the process and its session hold at one moment, and all of these moments.

use cqlwire::Session;
use cqlwire_testkit::probe::{self, heap};

/// How many moments there are in a phase: room for all of them is there from its beginning.
pub(super) const MOMENTS: usize = 400;

/// What is looked at beside the ledger of the session.
const OF_THE_PROCESS: [&str; 4] = ["live_bytes", "descriptors", "alive_tasks", "kept_statements"];

/// Moments, one after the other.
#[derive(Debug)]
pub(super) struct Samples {
    names: Vec<&'static str>,
    /// Of each moment, one for each name.
    figures: Vec<u64>,
}

impl Samples {
    pub(super) fn new(session: &Session) -> Self {
        let ledger = session.resources().each().map(|(name, _)| name);
        let names: Vec<_> = OF_THE_PROCESS.into_iter().chain(ledger).collect();
        let figures = Vec::with_capacity(names.len() * MOMENTS);
        Self { names, figures }
    }

    /// Looks at everything now.
    pub(super) fn take(&mut self, session: &Session) {
        if self.len() == MOMENTS {
            return;
        }
        self.figures.extend(of_the_process());
        // Asked for by itself: the whole of the metrics has every host in it.
        self.figures.push(count(session.metrics().kept_statements));
        self.figures.extend(session.resources().each().map(|(_, figure)| figure));
    }

    pub(super) fn len(&self) -> usize {
        self.figures.len() / self.names.len()
    }

    /// Each figure by its name, at all moments.
    pub(super) fn series(&self) -> impl Iterator<Item = (&'static str, Vec<u64>)> + '_ {
        let width = self.names.len();
        let of_one =
            move |number: usize| self.figures.iter().skip(number).step_by(width).copied().collect();
        self.names.iter().zip(0..).map(move |(name, number)| (*name, of_one(number)))
    }
}

/// Bytes of the heap, descriptors, tasks.
pub(super) fn of_the_process() -> [u64; 3] {
    let live = u64::try_from(heap::now().live_bytes).unwrap_or(0);
    [live, count(probe::descriptors()), count(probe::tasks())]
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
