//! What is worked out from what became of each request.

use std::net::SocketAddr;

use serde::Serialize;

use super::counts::Counts;
use super::{Class, Marks, Record, Sample, Stay};

/// Microseconds of a second.
const SECOND: u64 = 1_000_000;
/// How many seconds in a row have to be well, so that it counts.
const IN_A_ROW: usize = 3;
/// What part of its share of before a server needs, to have its share again.
const SHARE: f64 = 0.5;
/// How many requests are more than what drivers ask of a server before they ask it anything for their
/// users: which versions it speaks, who it is, to prepare statements.
const GREETINGS: u64 = 20;

/// What was seen from outside.
#[derive(Debug, Default)]
pub struct Observed {
    /// What each server has counted.
    pub servers: Vec<(Stay, Counts)>,
    /// When a server was dialled that had left; `None` if none has.
    pub dials: Option<Vec<u64>>,
    /// The one that something happens to, where it was at first.
    pub ill: Option<SocketAddr>,
}

/// How often a server that has left was dialled from then on.
#[derive(Copy, Clone, Debug, PartialEq, Serialize)]
pub struct Dialled {
    /// How often.
    pub times: usize,
    /// How many seconds after it had left it was dialled for the last time; 0 if never.
    pub last_s: f64,
}

/// Requests of a time: those that were due in it, and in that of a fault those that were under way
/// when it began. Latencies count from when a request was due, in milliseconds; one that failed
/// counts as one that took its whole timeout, if it took no longer.
#[derive(Copy, Clone, Debug, Default, PartialEq, Serialize)]
pub struct Part {
    /// How many.
    pub requests: u64,
    /// How many of them failed.
    pub failed: u64,
    /// The median.
    pub p50_ms: f64,
    /// What 99 of a hundred do not exceed.
    pub p99_ms: f64,
    /// What 999 of a thousand do not exceed.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// One second.
#[derive(Copy, Clone, Debug, PartialEq, Serialize)]
pub struct Second {
    /// Seconds since the fault began; those before it are below zero.
    pub at: i64,
    /// Idempotent requests that were due in it.
    pub idempotent: Part,
    /// Appends that were due in it.
    pub appends: Part,
}

/// All that is said of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How long the fault was, in seconds.
    pub fault_s: f64,
    /// Idempotent requests before the fault, until its end, and after it.
    pub idempotent: [Part; 3],
    /// Appends before the fault, until its end, and after it.
    pub appends: [Part; 3],
    /// By what requests failed, and how many: idempotent ones, and appends.
    pub failed_by_kind: Vec<(String, u64, u64)>,
    /// Seconds from the beginning of the fault until the 99th percentile of idempotent requests was
    /// within twice the usual one of before for three seconds in a row.
    pub settled_s: Option<u64>,
    /// Idempotent requests that the server answered that something happens to, and those that all
    /// others did, in the same three times; of a driver that tells who answered.
    pub by_ill: [Part; 3],
    /// See `by_ill`.
    pub by_others: [Part; 3],
    /// How often, from the fault on, a host was told a statement that it did not know any more; `None`
    /// if the driver does not count.
    pub taught: Option<u64>,
    /// Seconds from the end of the fault until each server had at least half of what it had before
    /// for three seconds, by what the servers count; where servers come or go, half of an even share
    /// of what all had before.
    pub shared_s: Option<u64>,
    /// Seconds from the end of the fault until a server that came had been asked for something; `None`
    /// if never, or if none came.
    pub first_asked_s: Option<f64>,
    /// How often one that left was dialled; `None` if none did.
    pub dialled: Option<Dialled>,
    /// Second by second.
    pub seconds: Vec<Second>,
}

impl Figures {
    /// Works everything out.
    pub fn of(record: &Record, marks: &Marks, observed: &Observed, timeout_ms: u64) -> Self {
        let timed = Timed { record, begin: marks.begin, timeout: timeout_ms * 1_000 };
        let parts = |counts: &dyn Fn(&Sample) -> bool| {
            [(marks.measured, marks.begin), (marks.begin, marks.end), (marks.end, marks.over)]
                .map(|(from, until)| timed.part(from, until, counts))
        };
        let ill = record.hosts.iter().position(|host| Some(*host) == observed.ill);
        let by_ill = |sample: &Sample| sample.host.map(|host| Some(host) == ill);
        let seconds = timed.seconds(marks);
        Self {
            fault_s: seconds_of(marks.end.saturating_sub(marks.begin)),
            idempotent: parts(&is_idempotent),
            appends: parts(&|sample| !is_idempotent(sample)),
            failed_by_kind: timed.failed_by_kind(marks),
            settled_s: settled(&seconds),
            by_ill: parts(&|sample| is_idempotent(sample) && by_ill(sample) == Some(true)),
            by_others: parts(&|sample| is_idempotent(sample) && by_ill(sample) == Some(false)),
            taught: taught(&record.taught, marks),
            shared_s: shared(&observed.servers, marks),
            first_asked_s: first_asked(&observed.servers, marks),
            dialled: observed.dials.as_deref().map(|dials| dialled(dials, marks)),
            seconds,
        }
    }
}

struct Timed<'a> {
    record: &'a Record,
    begin: u64,
    timeout: u64,
}

impl Timed<'_> {
    /// Those that count in this time: when they were due, but what was under way when the fault began
    /// is part of that.
    fn due(&self, from: u64, until: u64) -> impl Iterator<Item = &Sample> {
        let counts_at = |sample: &Sample| {
            let was_under_way = (sample.due..sample.due + sample.took).contains(&self.begin);
            if was_under_way { self.begin } else { sample.due }
        };
        let samples = self.record.samples.iter();
        samples.filter(move |sample| (from..until).contains(&counts_at(sample)))
    }

    fn part(&self, from: u64, until: u64, counts: &dyn Fn(&Sample) -> bool) -> Part {
        let own: Vec<&Sample> = self.due(from, until).filter(|sample| counts(sample)).collect();
        let failed = own.iter().filter(|sample| sample.failed.is_some()).count();
        let took = |sample: &&Sample| match sample.failed {
            Some(_) => sample.took.max(self.timeout),
            None => sample.took,
        };
        let mut took: Vec<u64> = own.iter().map(took).collect();
        took.sort_unstable();
        Part {
            requests: count(own.len()),
            failed: count(failed),
            p50_ms: percentile(&took, 500),
            p99_ms: percentile(&took, 990),
            p999_ms: percentile(&took, 999),
            max_ms: percentile(&took, 1_000),
        }
    }

    fn seconds(&self, marks: &Marks) -> Vec<Second> {
        // From a whole second before the fault on, so that it begins with a second.
        let before = marks.begin.saturating_sub(marks.measured) / SECOND;
        let after = marks.over.saturating_sub(marks.begin) / SECOND;
        let first = marks.begin.saturating_sub(before * SECOND);
        let numbers = 0..before + after;
        let second = |number: u64| {
            let (from, until) = (first + number * SECOND, first + (number + 1) * SECOND);
            Second {
                at: number.cast_signed() - before.cast_signed(),
                idempotent: self.part(from, until, &is_idempotent),
                appends: self.part(from, until, &|sample| !is_idempotent(sample)),
            }
        };
        numbers.map(second).collect()
    }

    fn failed_by_kind(&self, marks: &Marks) -> Vec<(String, u64, u64)> {
        let mut kinds: Vec<(String, u64, u64)> =
            self.record.kinds.iter().map(|kind| (kind.clone(), 0, 0)).collect();
        for sample in self.due(marks.measured, marks.over) {
            if let Some(kind) = sample.failed.and_then(|failed| kinds.get_mut(failed)) {
                let (_, idempotent, appends) = kind;
                *if sample.class == Class::Append { appends } else { idempotent } += 1;
            }
        }
        kinds.retain(|(_, idempotent, appends)| idempotent + appends > 0);
        kinds
    }
}

const fn is_idempotent(sample: &Sample) -> bool {
    sample.class.is_idempotent()
}

/// Of sorted times in microseconds, in milliseconds.
fn percentile(sorted: &[u64], per_mille: usize) -> f64 {
    let place = (sorted.len() * per_mille).div_ceil(1_000).saturating_sub(1);
    sorted.get(place).map_or(0.0, |took| seconds_of(*took) * 1_000.0)
}

fn seconds_of(microseconds: u64) -> f64 {
    float(microseconds) / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 microseconds, or requests")]
const fn float(number: u64) -> f64 {
    number as f64
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn settled(seconds: &[Second]) -> Option<u64> {
    let (before, later): (Vec<&Second>, _) = seconds.iter().partition(|second| second.at < 0);
    // The median of the seconds: one hiccup before does not make everything after it well.
    let mut usual: Vec<f64> = before.iter().map(|second| second.idempotent.p99_ms).collect();
    usual.sort_by(f64::total_cmp);
    let usual = usual.get(usual.len() / 2)?;
    let is_well = |second: &&Second| {
        second.idempotent.requests > 0 && second.idempotent.p99_ms <= 2.0 * usual
    };
    let found = later.windows(IN_A_ROW).find(|row| row.iter().all(is_well))?;
    u64::try_from(found.first()?.at).ok()
}

fn taught(counts: &[(u64, u64)], marks: &Marks) -> Option<u64> {
    let (_, last) = counts.last()?;
    let before = counts.iter().rfind(|(at, _)| *at <= marks.begin);
    Some(last - before.map_or(0, |(_, count)| *count))
}

fn shared(servers: &[(Stay, Counts)], marks: &Marks) -> Option<u64> {
    let span = marks.begin.saturating_sub(marks.measured).max(1);
    let before = |counts: &Counts| more(counts, marks.begin.saturating_sub(span), span);
    let all: f64 = servers.iter().map(|(_, counts)| before(counts)).sum();
    let stay: Vec<&(Stay, Counts)> =
        servers.iter().filter(|(stay, _)| *stay != Stay::Goes).collect();
    let is_same = servers.iter().all(|(stay, _)| *stay == Stay::All);
    let even = all / float(count(stay.len().max(1)));
    let seconds = marks.over.saturating_sub(marks.end) / SECOND;
    let row = count(IN_A_ROW) * SECOND;
    (0..seconds.saturating_sub(count(IN_A_ROW) - 1)).find(|second| {
        let from = marks.end + second * SECOND;
        stay.iter().all(|(_, counts)| {
            let share = if is_same { before(counts) } else { even };
            share > 0.0 && more(counts, from, row) >= SHARE * share
        })
    })
}

fn first_asked(servers: &[(Stay, Counts)], marks: &Marks) -> Option<f64> {
    let mut come = servers.iter().filter(|(stay, _)| *stay == Stay::Comes);
    let (_, counts) = come.next()?;
    let (at, _) = counts.iter().find(|(_, count)| *count > GREETINGS)?;
    Some(seconds_of(at.saturating_sub(marks.end)))
}

fn dialled(dials: &[u64], marks: &Marks) -> Dialled {
    let last = dials.iter().max().map_or(0, |last| last.saturating_sub(marks.end));
    Dialled { times: dials.len(), last_s: seconds_of(last) }
}

/// Requests a second in the time that begins there and is so long.
fn more(counts: &Counts, from: u64, long: u64) -> f64 {
    (counted(counts, from + long) - counted(counts, from)) / seconds_of(long)
}

/// What a server had counted by then: in a line between two looks.
fn counted(counts: &Counts, at: u64) -> f64 {
    let next = counts.partition_point(|(when, _)| *when <= at);
    let before = next.checked_sub(1).and_then(|before| counts.get(before));
    match (before, counts.get(next)) {
        (Some((from, had)), Some((to, has))) => {
            let part = seconds_of(at - from) / seconds_of(to - from);
            part.mul_add(float(has - had), float(*had))
        }
        (Some((_, count)), None) | (None, Some((_, count))) => float(*count),
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests;
