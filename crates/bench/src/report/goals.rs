//! What the project wants of itself, beside what was measured.

use cqlwire::stream::PageBudget;

use super::Entry;
use crate::work::PAGE_BYTES;

/// One goal and how near it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// What is compared.
    pub what: String,
    /// What was measured: a ratio, or a count.
    pub measured: f64,
    /// The most that it may be, or the least that it has to be.
    pub limit: f64,
    /// Whether less is better.
    pub at_most: bool,
}

impl Goal {
    /// Whether it is reached.
    pub fn is_met(&self) -> bool {
        if self.at_most { self.measured <= self.limit } else { self.measured >= self.limit }
    }
}

/// The runtime that goals are about: with the client on one core, one thread is all there is.
const RUNTIME: &str = "current-thread";

/// All goals for which there are figures.
pub fn goals(entries: &[Entry]) -> Vec<Goal> {
    let found = Found { entries };
    let mut goals = Vec::new();
    for work in ["read", "insert"] {
        let what = format!("CPU a {work}, 256 in flight, to the better peer's");
        goals.push(at_most(what, found.to_peer(work, 256, |entry| entry.cpu_us_per_op), 1.0 / 3.0));
    }
    let what = "CPU a batch of 64 rows, 32 in flight, to the better peer's".to_owned();
    goals.push(at_most(what, found.to_peer("batch", 32, |entry| entry.cpu_us_per_op), 1.0 / 3.0));
    let cpu = |work| found.own(work, 256).map(|entry| entry.cpu_us_per_op);
    let to_read = cpu("query").zip(cpu("read")).map(|(query, read)| query / read);
    goals.push(at_most("CPU a read by its text, to a prepared one's".to_owned(), to_read, 1.1));
    for work in ["read", "insert"] {
        let what = format!("median latency of a {work}, 1 in flight, to the floor's");
        goals.push(at_most(what, found.to_floor((work, work), 1, |entry| entry.p50_us), 1.15));
    }
    for work in ["read", "insert"] {
        let what = format!("allocations a {work}");
        let own = found.own(work, 256).map(allocations);
        goals.push(at_most(what, own, 1.0));
    }
    let what = "peak memory of reads, 8,192 in flight, to the better peer's".to_owned();
    goals.push(at_most(what, found.to_peer("read", 8_192, memory), 0.5));
    for work in ["read", "insert"] {
        let what = format!("CPU a {work}, 32 to 8,192 in flight, worst to best");
        goals.push(at_most(what, found.worst_to_best(work), 1.5));
    }
    let rate = |entry: &Entry| entry.ops_per_s;
    let what = "rows a second, borrowed, to the floor's".to_owned();
    goals.push(at_least(what, found.to_floor(("scan-borrowed", "scan"), 1, rate), 0.5));
    let own = found.own("scan-borrowed", 1).map(allocations);
    goals.push(at_most("allocations a borrowed row".to_owned(), own, 0.0));
    let to_peer = found.to_peer("scan", 1, |entry| 1.0 / entry.ops_per_s).map(|ratio| 1.0 / ratio);
    goals.push(at_least("rows a second, owned, to the better peer's".to_owned(), to_peer, 2.0));
    let what = "peak memory of 1,000 streams, to the budget and a page each".to_owned();
    goals.push(at_most(what, found.own("streams", 1_000).and_then(to_allowance), 1.05));
    goals.into_iter().flatten().collect()
}

fn at_most(what: String, measured: Option<f64>, limit: f64) -> Option<Goal> {
    measured.map(|measured| Goal { what, measured, limit, at_most: true })
}

fn at_least(what: String, measured: Option<f64>, limit: f64) -> Option<Goal> {
    measured.map(|measured| Goal { what, measured, limit, at_most: false })
}

/// To the hundredth: what the runtime does by itself now and then is no operation's.
fn allocations(entry: &Entry) -> f64 {
    (entry.allocs_per_op * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 bytes")]
const fn memory(entry: &Entry) -> f64 {
    entry.peak_rss_bytes as f64
}

/// What many streams held, to what they may: the budget of their session and a page each. A
/// twentieth is left for all that is not a page.
#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 bytes")]
fn to_allowance(entry: &Entry) -> Option<f64> {
    let allowed = PageBudget::DEFAULT_LIMIT as u64 + u64::from(entry.in_flight) * PAGE_BYTES;
    (entry.peak_live_bytes > 0).then(|| entry.peak_live_bytes as f64 / allowed as f64)
}

/// Where to look figures up.
struct Found<'a> {
    entries: &'a [Entry],
}

impl Found<'_> {
    fn own(&self, work: &str, in_flight: u32) -> Option<&Entry> {
        self.of("cqlwire", work, in_flight, RUNTIME)
    }

    fn of(&self, client: &str, work: &str, in_flight: u32, runtime: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            (entry.client, entry.work, entry.in_flight, entry.runtime)
                == (client, work, in_flight, runtime)
        })
    }

    /// A figure to that of the peer that has the lowest.
    fn to_peer(&self, work: &str, in_flight: u32, figure: fn(&Entry) -> f64) -> Option<f64> {
        let own = self.own(work, in_flight)?;
        let peers = self.entries.iter().filter(|entry| entry.is_peer() && entry.goes_with(own));
        Some(figure(own) / peers.map(figure).min_by(f64::total_cmp)?)
    }

    /// A figure of one work to the floor's of another.
    fn to_floor(
        &self,
        (work, floor_work): (&str, &str),
        in_flight: u32,
        figure: fn(&Entry) -> f64,
    ) -> Option<f64> {
        let floor = self.of("floor", floor_work, in_flight, "none")?;
        Some(figure(self.own(work, in_flight)?) / figure(floor))
    }

    fn worst_to_best(&self, work: &str) -> Option<f64> {
        let own = self.entries.iter().filter(|entry| {
            (entry.client, entry.work, entry.runtime) == ("cqlwire", work, RUNTIME)
                && entry.in_flight >= 32
        });
        let costs: Vec<f64> = own.map(|entry| entry.cpu_us_per_op).collect();
        let best = costs.iter().copied().min_by(f64::total_cmp)?;
        let worst = costs.iter().copied().max_by(f64::total_cmp)?;
        (costs.len() > 1).then_some(worst / best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(client: &'static str, runtime: &'static str, cpu_us_per_op: f64) -> Entry {
        Entry {
            client,
            version: "1",
            server: "canned".to_owned(),
            work: "read",
            in_flight: 256,
            runtime,
            ops_per_s: 1.0,
            cpu_us_per_op,
            p50_us: 1.0,
            p99_us: 1.0,
            p999_us: 1.0,
            allocs_per_op: 3.0,
            alloc_bytes_per_op: 1.0,
            peak_rss_bytes: 1,
            peak_live_bytes: 0,
            rounds: 5,
            spread: 0.0,
        }
    }

    #[test]
    fn a_ratio_is_to_the_better_peer_of_the_same_runtime() {
        let entries = [
            entry("cqlwire", RUNTIME, 1.0),
            entry("slow", RUNTIME, 8.0),
            entry("better", RUNTIME, 4.0),
            entry("elsewhere", "multi-thread", 2.0),
        ];
        let goals = goals(&entries);
        let [cpu, allocations] = &goals[..] else { panic!("two have figures: {goals:?}") };
        assert!((cpu.measured - 0.25).abs() < 1e-9 && cpu.is_met());
        assert!((allocations.measured - 3.0).abs() < 1e-9 && !allocations.is_met());
    }
}
