//! What happened between two samples of one host.

use super::sample::{Latencies, Latency, Requests, Sample};

/// See the [module](self). What one of the samples lacks is not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rates {
    /// Requests of clients a second.
    pub(super) requests: Option<f64>,
    pub(super) reads: Option<Coordinated>,
    pub(super) writes: Option<Coordinated>,
}

/// What a host coordinated.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Coordinated {
    pub(super) per_second: f64,
    /// Of the table with the highest p99 among those that were asked; none, if none was.
    pub(super) slowest: Option<Slowest>,
}

/// The table that took longest.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct Slowest {
    pub(super) table: String,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

impl Rates {
    pub(super) fn between(before: &Sample, after: &Sample) -> Self {
        let seconds = after.asked.saturating_duration_since(before.asked).as_secs_f64();
        if seconds <= 0.0 {
            return Self::default();
        }
        let both = |of: fn(&Sample) -> &Option<Latencies>| {
            Some(coordinated(of(before).as_ref()?, of(after).as_ref()?, seconds))
        };
        let clients = before.clients.as_ref().zip(after.clients.as_ref());
        Self {
            requests: clients.map(|(before, after)| per_second(sent(before, after), seconds)),
            reads: both(|sample| &sample.reads),
            writes: both(|sample| &sample.writes),
        }
    }
}

/// The requests since then. A connection that is new has sent all of its own since; what one sent that
/// is gone by now, nobody knows.
fn sent(before: &Requests, after: &Requests) -> u64 {
    let since = |(from, count): (&_, &u64)| grown(before.get(from).copied(), *count);
    after.iter().map(since).sum()
}

fn coordinated(before: &Latencies, after: &Latencies, seconds: f64) -> Coordinated {
    let since = |(table, latency): (_, &Latency)| {
        let before = before.get(table).map(|latency| latency.count);
        (table, *latency, grown(before, latency.count))
    };
    let asked: Vec<_> = after.iter().map(since).filter(|(.., count)| *count > 0).collect();
    let slowest = asked.iter().max_by(|(_, a, _), (_, b, _)| a.p99.total_cmp(&b.p99));
    Coordinated {
        per_second: per_second(asked.iter().map(|(.., count)| count).sum(), seconds),
        slowest: slowest.map(|((keyspace, table), latency, _)| Slowest {
            table: format!("{keyspace}.{table}"),
            p50_ms: latency.p50,
            p99_ms: latency.p99,
        }),
    }
}

/// How far a counter has come. One that is lower than before has begun anew.
const fn grown(before: Option<u64>, now: u64) -> u64 {
    match before {
        Some(before) if before <= now => now - before,
        _ => now,
    }
}

#[allow(clippy::cast_precision_loss, reason = "it is shown in a few digits")]
fn per_second(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn sample(asked: Instant) -> Sample {
        Sample {
            asked,
            answered_in: Duration::from_millis(1),
            clients: None,
            reads: None,
            writes: None,
            pools: None,
            lacking: None,
        }
    }

    fn clients(of_ports: &[(i32, u64)]) -> Option<Requests> {
        let client = |&(port, count): &(i32, u64)| (([10, 0, 0, 1].into(), port), count);
        Some(of_ports.iter().map(client).collect())
    }

    fn reads(of_tables: &[(&str, u64, f64)]) -> Option<Latencies> {
        let table = |&(name, count, p99): &(&str, u64, f64)| {
            (("k".to_owned(), name.to_owned()), Latency { count, p50: p99 / 2.0, p99 })
        };
        Some(of_tables.iter().map(table).collect())
    }

    #[test]
    fn requests_are_those_of_connections_that_are_there_by_now() {
        let began = Instant::now();
        let before = Sample { clients: clients(&[(1, 100), (2, 900), (4, 50)]), ..sample(began) };
        // One goes on, one is gone, one is new, and one has a port that another had.
        let after = clients(&[(1, 140), (3, 10), (4, 6)]);
        let after = Sample { clients: after, ..sample(began + Duration::from_secs(2)) };
        assert_eq!(Rates::between(&before, &after).requests, Some(28.0));
    }

    #[test]
    fn latencies_are_those_of_the_slowest_table_that_was_asked() {
        let began = Instant::now();
        let of = [("quiet", 10, 900.0), ("fast", 10, 1.0), ("slow", 10, 40.0)];
        let before = Sample { reads: reads(&of), ..sample(began) };
        let of = [("quiet", 10, 900.0), ("fast", 30, 2.0), ("slow", 12, 50.0)];
        let after = Sample { reads: reads(&of), ..sample(began + Duration::from_secs(1)) };
        let found = Rates::between(&before, &after);
        let slowest = Slowest { table: "k.slow".to_owned(), p50_ms: 25.0, p99_ms: 50.0 };
        let expected = Coordinated { per_second: 22.0, slowest: Some(slowest) };
        assert_eq!((found.reads, found.writes), (Some(expected), None));

        let idle = Rates::between(
            &after,
            &Sample { asked: began + Duration::from_secs(3), ..after.clone() },
        );
        assert_eq!(idle.reads, Some(Coordinated { per_second: 0.0, slowest: None }));
    }

    #[test]
    fn what_either_sample_lacks_is_not_known() {
        let began = Instant::now();
        let known = Sample { clients: clients(&[(1, 1)]), ..sample(began) };
        let later = sample(began + Duration::from_secs(1));
        assert_eq!(Rates::between(&known, &later), Rates::default());
        assert_eq!(Rates::between(&known, &known), Rates::default(), "no time has passed");
    }
}
