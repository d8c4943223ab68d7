//! All hosts and what is known of each: samples come in, rows go out. It reads no clock.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use cqlwire::Host;
use uuid::Uuid;

use super::rates::Rates;
use super::row::{Row, State};
use super::sample::Sample;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Board {
    entries: BTreeMap<Uuid, Entry>,
}

/// Which host it is, as the cluster describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) id: Uuid,
    pub(super) address: String,
    pub(super) data_center: String,
    pub(super) rack: String,
    pub(super) version: String,
}

impl Who {
    pub(super) fn of(host: &Host) -> Self {
        Self {
            id: host.id(),
            address: host.address().to_string(),
            data_center: host.data_center().to_owned(),
            rack: host.rack().to_owned(),
            version: host.release_version().to_owned(),
        }
    }
}

#[derive(Debug)]
struct Entry {
    who: Who,
    /// The last two samples.
    before: Option<Sample>,
    now: Option<Sample>,
    silent: Option<Silent>,
    /// How many questions failed.
    errors: u64,
}

/// It does not answer.
#[derive(Debug)]
struct Silent {
    since: Instant,
    /// For the last time.
    why: String,
}

impl Board {
    /// These are the hosts by now: others have left, with what was known of them.
    pub(super) fn update(&mut self, hosts: impl IntoIterator<Item = Who>) {
        let mut left = std::mem::take(&mut self.entries);
        for who in hosts {
            let entry = match left.remove(&who.id) {
                Some(entry) => Entry { who, ..entry },
                None => Entry { who, before: None, now: None, silent: None, errors: 0 },
            };
            self.entries.insert(entry.who.id, entry);
        }
    }

    /// A host was asked. One that has left meanwhile is not missed.
    pub(super) fn take(&mut self, id: Uuid, at: Instant, outcome: Result<Sample, String>) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        match outcome {
            Ok(sample) => {
                entry.silent = None;
                entry.before = entry.now.replace(sample);
            }
            Err(why) => {
                entry.errors += 1;
                let since = entry.silent.as_ref().map_or(at, |silent| silent.since);
                entry.silent = Some(Silent { since, why });
            }
        }
    }

    /// Did any host answer, when it was last asked?
    pub(super) fn any_answered(&self) -> bool {
        self.entries.values().any(|entry| entry.now.is_some() && entry.silent.is_none())
    }

    /// One row a host, in no order that matters.
    pub(super) fn rows(&self, now: Instant) -> Vec<Row> {
        let mut rows: Vec<Row> = self.entries.values().map(|entry| entry.row(now)).collect();
        let all: f64 = rows.iter().filter_map(|row| row.requests_per_second).sum();
        for row in rows.iter_mut().filter(|_| all > 0.0) {
            row.share = row.requests_per_second.map(|own| own / all);
        }
        rows
    }
}

impl Entry {
    fn row(&self, now: Instant) -> Row {
        let who = self.who.clone();
        let mut row = Row {
            host: who.address,
            data_center: who.data_center,
            rack: who.rack,
            version: who.version,
            errors: self.errors,
            ..Row::default()
        };
        match (&self.silent, &self.now) {
            (Some(silent), _) => {
                row.state = State::Silent;
                row.silent_for_s = Some(now.saturating_duration_since(silent.since).as_secs_f64());
                row.why = Some(silent.why.clone());
            }
            (None, Some(sample)) => row.fill(sample, self.before.as_ref()),
            (None, None) => {}
        }
        row
    }
}

impl Row {
    /// With what a host said that answers.
    fn fill(&mut self, sample: &Sample, before: Option<&Sample>) {
        let rates = before.map(|before| Rates::between(before, sample)).unwrap_or_default();
        self.state = State::Up;
        self.clients = sample.clients.as_ref().map(HashMap::len);
        self.requests_per_second = rates.requests;
        self.reads = rates.reads;
        self.writes = rates.writes;
        self.pending = sample.pools.map(|tasks| tasks.pending);
        self.blocked = sample.pools.map(|tasks| tasks.blocked);
        self.answered_in_ms = Some(millis(sample.answered_in));
        self.why = sample.lacking.clone();
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::super::sample::Tasks;
    use super::*;

    fn who(number: u8) -> Who {
        Who {
            id: Uuid::from_u128(number.into()),
            address: format!("10.0.0.{number}:9042"),
            data_center: "oslo".to_owned(),
            rack: "r1".to_owned(),
            version: "5.0.9".to_owned(),
        }
    }

    fn sample(asked: Instant, requests: u64) -> Sample {
        Sample {
            asked,
            answered_in: Duration::from_micros(500),
            clients: Some([(([10, 0, 0, 9].into(), 1), requests)].into()),
            reads: None,
            writes: None,
            pools: Some(Tasks { pending: 3, blocked: 1 }),
            lacking: None,
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn shares_are_of_what_the_hosts_that_answer_were_sent() {
        let began = Instant::now();
        let mut board = Board::default();
        board.update([1, 2, 3].map(who));
        for (number, first, second) in [(1, 0, 300), (2, 50, 150)] {
            board.take(who(number).id, began, Ok(sample(began, first)));
            board.take(who(number).id, began + SECOND, Ok(sample(began + SECOND, second)));
        }
        board.take(who(3).id, began, Err("gone".to_owned()));
        let rows = board.rows(began + SECOND);
        let shares: Vec<_> = rows.iter().map(|row| row.share).collect();
        assert_eq!(shares, [Some(0.75), Some(0.25), None]);
        let [first, ..] = &*rows else { panic!("{rows:?}") };
        assert_eq!((first.state, first.clients, first.pending), (State::Up, Some(1), Some(3)));
        assert_eq!((first.blocked, first.answered_in_ms), (Some(1), Some(0.5)));
    }

    #[test]
    fn who_does_not_answer_keeps_the_row_and_says_since_when_and_why() {
        let began = Instant::now();
        let mut board = Board::default();
        board.update([who(1)]);
        assert_eq!(board.rows(began)[0].state, State::Asked);
        assert!(!board.any_answered());
        board.take(who(1).id, began, Ok(sample(began, 1)));
        assert!(board.any_answered());
        for (seconds, why) in [(2, "first"), (4, "second")] {
            board.take(who(1).id, began + SECOND * seconds, Err(why.to_owned()));
        }
        let row = board.rows(began + SECOND * 5).remove(0);
        assert_eq!((row.state, row.errors, row.clients), (State::Silent, 2, None));
        assert_eq!((row.silent_for_s, row.why.as_deref()), (Some(3.0), Some("second")));
        assert!(!board.any_answered());
        // Asked once more, it is compared with what it said last.
        board.take(who(1).id, began + SECOND * 10, Ok(sample(began + SECOND * 10, 21)));
        let row = board.rows(began + SECOND * 10).remove(0);
        assert_eq!((row.state, row.errors, row.requests_per_second), (State::Up, 2, Some(2.0)));
        assert_eq!((row.silent_for_s, row.why), (None, None));
    }

    #[test]
    fn hosts_come_and_go_and_the_others_keep_what_they_said() {
        let began = Instant::now();
        let mut board = Board::default();
        board.update([1, 2].map(who));
        board.take(who(2).id, began, Ok(sample(began, 1)));
        board.update([2, 3].map(who));
        board.take(who(1).id, began, Ok(sample(began, 1)));
        let rows = board.rows(began);
        let hosts: Vec<_> = rows.iter().map(|row| (&*row.host, row.state)).collect();
        assert_eq!(hosts, [("10.0.0.2:9042", State::Up), ("10.0.0.3:9042", State::Asked)]);
    }
}
