//! One line of the report: a client at a work, a level and a runtime.

use serde::Serialize;

use crate::client::version_of;
use crate::compare::Measured;
use crate::measure::Round;

/// A client at a work, a level and a runtime: medians over all rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Who: `cqlwire`, a peer's package, or `floor`.
    pub client: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Who answered: `canned`, or a real server.
    pub server: String,
    /// What was done.
    pub work: &'static str,
    /// How many requests at once; 0 where nothing bounds them, in an open loop.
    pub in_flight: u32,
    /// What drove the client.
    pub runtime: &'static str,
    /// Operations a second; of a scan, rows a second.
    pub ops_per_s: f64,
    /// Processor time of the client an operation, in microseconds.
    pub cpu_us_per_op: f64,
    /// The median latency, in microseconds; of a scan, of 5,000 rows.
    pub p50_us: f64,
    /// One in a hundred took longer.
    pub p99_us: f64,
    /// One in a thousand took longer.
    pub p999_us: f64,
    /// How often memory was asked for, an operation.
    pub allocs_per_op: f64,
    /// How many bytes were asked for, an operation.
    pub alloc_bytes_per_op: f64,
    /// The most memory that the client's process had, in bytes.
    pub peak_rss_bytes: u64,
    /// Of many streams, the most bytes that they held together.
    pub peak_live_bytes: u64,
    /// How many rounds there were.
    pub rounds: usize,
    /// Of operations a second or of processor time, whichever varied more: the largest less the
    /// smallest, by the median.
    pub spread: f64,
}

impl Entry {
    /// Whether it is the same work, level and runtime, so that the two may be compared. The floor
    /// goes with any runtime.
    pub fn goes_with(&self, other: &Self) -> bool {
        let runtimes =
            self.runtime == other.runtime || self.runtime == "none" || other.runtime == "none";
        self.work == other.work && self.in_flight == other.in_flight && runtimes
    }

    /// Whether it is one of the drivers that cqlwire is compared with.
    pub fn is_peer(&self) -> bool {
        !matches!(self.client, "cqlwire" | "cqlwire-blocking" | "floor")
    }
}

/// The lines of all that was measured.
pub fn entries(measured: &[Measured], server: &str) -> Vec<Entry> {
    measured.iter().map(|one| entry(one, server)).collect()
}

fn entry(measured: &Measured, server: &str) -> Entry {
    let over = |figure: fn(&Round) -> f64| measured.rounds.iter().map(figure).collect::<Vec<_>>();
    let (rates, costs) = (over(ops_per_s), over(cpu_us_per_op));
    let counted = &measured.counted;
    Entry {
        client: measured.case.client.name(),
        version: version_of(measured.case.client.name()),
        server: server.to_owned(),
        work: measured.case.work.name(),
        in_flight: measured.case.in_flight,
        runtime: measured.case.runtime.name(),
        ops_per_s: median(&rates),
        cpu_us_per_op: median(&costs),
        p50_us: median(&over(|round| round.p50_us)),
        p99_us: median(&over(|round| round.p99_us)),
        p999_us: median(&over(|round| round.p999_us)),
        allocs_per_op: per_op(counted.allocations, counted),
        alloc_bytes_per_op: per_op(counted.allocated_bytes, counted),
        peak_rss_bytes: measured.rounds.iter().map(|round| round.peak_rss_bytes).max().unwrap_or(0),
        peak_live_bytes: counted.peak_live_bytes,
        rounds: measured.rounds.len(),
        spread: spread(&rates).max(spread(&costs)),
    }
}

fn ops_per_s(round: &Round) -> f64 {
    float(round.operations) / round.seconds
}

fn cpu_us_per_op(round: &Round) -> f64 {
    round.cpu_seconds * 1e6 / float(round.operations)
}

fn per_op(count: u64, round: &Round) -> f64 {
    if round.operations == 0 { 0.0 } else { float(count) / float(round.operations) }
}

#[expect(clippy::cast_precision_loss, reason = "nothing here is counted beyond 2^53")]
const fn float(count: u64) -> f64 {
    count as f64
}

fn sorted(figures: &[f64]) -> Vec<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(figures: &[f64]) -> f64 {
    let sorted = sorted(figures);
    let upper = sorted.len() / 2;
    let lower = sorted.len().saturating_sub(1) / 2;
    match (sorted.get(lower), sorted.get(upper)) {
        (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
        _ => 0.0,
    }
}

fn spread(figures: &[f64]) -> f64 {
    let sorted = sorted(figures);
    match (sorted.first(), sorted.last()) {
        (Some(least), Some(most)) if *least > 0.0 => (most - least) / median(figures),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_two() {
        assert_eq!(median(&[9.0, 1.0, 5.0]).total_cmp(&5.0), std::cmp::Ordering::Equal);
        assert_eq!(median(&[9.0, 1.0]).total_cmp(&5.0), std::cmp::Ordering::Equal);
        assert_eq!(median(&[]).total_cmp(&0.0), std::cmp::Ordering::Equal);
    }

    #[test]
    fn the_spread_is_the_range_by_the_median() {
        assert_eq!(spread(&[8.0, 10.0, 12.0]).total_cmp(&0.4), std::cmp::Ordering::Equal);
        assert_eq!(spread(&[]).total_cmp(&0.0), std::cmp::Ordering::Equal);
    }
}
