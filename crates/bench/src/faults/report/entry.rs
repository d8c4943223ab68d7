//! One driver at one fault, as the reports have it.

use serde::Serialize;

use crate::client::version_of;
use crate::faults::check::Found;
use crate::faults::{Fault, Figures, Marks, Record, Task};

/// How many failures are shown in full.
const EXAMPLES: usize = 24;

/// One driver at one fault.
#[derive(Clone, Debug, Serialize)]
pub(in crate::faults) struct Entry {
    /// Who.
    pub(super) driver: &'static str,
    /// Its version.
    pub(super) version: &'static str,
    /// What happened.
    pub(super) fault: Fault,
    /// With speculative execution?
    pub(super) tuned: bool,
    /// Idempotent requests a second, and appends.
    pub(super) rate: (u64, u64),
    /// What was read back in the end.
    pub(super) found: Found,
    /// By how many statements it read, and inserted.
    pub(super) statements: usize,
    /// What was worked out.
    pub(super) figures: Figures,
    /// Some failures of each kind: seconds since the fault began, and what the driver said.
    pub(super) examples: Vec<(f64, String)>,
}

impl Entry {
    pub(in crate::faults) fn new(
        fault: Fault,
        task: &Task,
        record: &Record,
        marks: &Marks,
        found: Found,
        figures: Figures,
    ) -> Self {
        let since = |due: u64| {
            let milliseconds = (due / 1_000).cast_signed() - (marks.begin / 1_000).cast_signed();
            i32::try_from(milliseconds).map_or(f64::NAN, f64::from) / 1e3
        };
        let counted = record.examples.iter().filter(|(due, _)| *due >= marks.measured);
        let examples = counted.take(EXAMPLES).map(|(due, text)| (since(*due), text.clone()));
        Self {
            driver: task.driver.name(),
            version: version_of(task.driver.name()),
            fault,
            tuned: task.tuned,
            rate: (task.rate, task.appends),
            found,
            statements: 2 * task.statements,
            figures,
            examples: examples.collect(),
        }
    }

    /// How many idempotent requests failed from the fault on.
    pub(super) fn failed(&self) -> u64 {
        let [_, fault, after] = &self.figures.idempotent;
        fault.failed + after.failed
    }

    /// How many appends failed from the fault on.
    pub(super) fn appends_failed(&self) -> u64 {
        let [_, fault, after] = &self.figures.appends;
        fault.failed + after.failed
    }
}
