//! What the project wants of itself under faults, beside what was measured.

use super::Entry;
use crate::report::Goal;

/// All goals for which there are figures. They are about drivers at their defaults.
pub(super) fn goals(entries: &[Entry]) -> Vec<Goal> {
    let own = |entry: &&Entry| entry.driver == "cqlwire" && !entry.tuned;
    let quorate = |entry: &&Entry| entry.fault.leaves_a_quorum();
    let mut goals = Vec::new();
    for entry in entries.iter().filter(own).filter(quorate) {
        let what = format!("{}: idempotent requests that failed", entry.fault);
        goals.push(at_most(what, count(entry.failed()), 0.0));
    }
    for entry in entries.iter().filter(own) {
        let what = format!("{}: acknowledged writes that are lost", entry.fault);
        goals.push(at_most(what, count(entry.found.lost), 0.0));
        let what = format!("{}: appends that were done twice", entry.fault);
        goals.push(at_most(what, count(entry.found.twice), 0.0));
    }
    for entry in entries.iter().filter(own).filter(quorate) {
        let tail = |entry: &Entry| entry.figures.idempotent[1].p999_ms;
        let peers = entries.iter().filter(|other| {
            other.driver != entry.driver && other.fault == entry.fault && !other.tuned
        });
        let best = peers.map(tail).min_by(f64::total_cmp);
        let what = format!("{}: p99.9 in the fault, to the best peer's", entry.fault);
        goals.extend(best.map(|best| at_most(what, tail(entry) / best.max(f64::EPSILON), 0.5)));
    }
    goals
}

const fn at_most(what: String, measured: f64, limit: f64) -> Goal {
    Goal { what, measured, limit, at_most: true }
}

fn count(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
