//! What a session has counted, for serde: maps of names and figures, times in microseconds.

use cqlwire_cluster::Distance;
use cqlwire_net::RequestKind;
use cqlwire_pool::{Latencies, LatencyHistogram, PoolTotals};
use serde_core::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::snapshot::{HostMetrics, Metrics};
use crate::prepared::StatementMetrics;

/// Figures by their names.
struct Figures<I>(I);

impl<N: AsRef<str>, I: Iterator<Item = (N, u64)> + Clone> Serialize for Figures<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, figure) in self.0.clone() {
            map.serialize_entry(name.as_ref(), &figure)?;
        }
        map.end()
    }
}

/// Figures by their names, once they are all known.
fn figures(figures: impl Iterator<Item = (&'static str, u64)>) -> impl Serialize {
    Figures(figures.collect::<Vec<_>>().into_iter())
}

/// A histogram: how many, all together, and what parts of them are not over.
struct Times<'a>(&'a LatencyHistogram);

impl Serialize for Times<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micros = |part| self.0.quantile(part).map(|time| time.as_micros());
        let mut times = serializer.serialize_struct("Times", 7)?;
        times.serialize_field("count", &self.0.count())?;
        times.serialize_field("sum_micros", &self.0.sum().as_micros())?;
        times.serialize_field("p50_micros", &micros(0.5))?;
        times.serialize_field("p90_micros", &micros(0.9))?;
        times.serialize_field("p99_micros", &micros(0.99))?;
        times.serialize_field("p999_micros", &micros(0.999))?;
        times.serialize_field("max_micros", &micros(1.0))?;
        times.end()
    }
}

struct OfRequests<'a>(&'a Latencies);

impl Serialize for OfRequests<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut latencies = serializer.serialize_struct("Latencies", 2)?;
        latencies.serialize_field("requests", &Times(&self.0.requests))?;
        latencies.serialize_field("attempts", &Times(&self.0.attempts))?;
        latencies.end()
    }
}

/// Something of each kind of request.
struct ByKind<'a, T, U>(&'a [(RequestKind, T)], fn(&'a T) -> U);

impl<T, U: Serialize> Serialize for ByKind<'_, T, U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (kind, of_kind) in self.0 {
            map.serialize_entry(kind.name(), &(self.1)(of_kind))?;
        }
        map.end()
    }
}

struct OfPools<'a>(&'a PoolTotals);

impl Serialize for OfPools<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut totals = serializer.serialize_struct("PoolTotals", 2)?;
        totals.serialize_field("connections", &figures(self.0.connections.each()))?;
        totals.serialize_field("attempts", &figures(self.0.requests.each()))?;
        totals.end()
    }
}

impl Serialize for StatementMetrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut statement = serializer.serialize_struct("StatementMetrics", 4)?;
        statement.serialize_field("name", &self.name)?;
        statement.serialize_field("ok", &self.ok)?;
        statement.serialize_field("failed", &self.failed)?;
        statement.serialize_field("latency", &Times(&self.latency))?;
        statement.end()
    }
}

const fn of_distance(distance: Distance) -> &'static str {
    match distance {
        Distance::Local => "local",
        Distance::Remote => "remote",
        Distance::Ignored => "ignored",
    }
}

impl Serialize for HostMetrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut host = serializer.serialize_struct("HostMetrics", 10)?;
        host.serialize_field("host_id", &self.host_id.to_string())?;
        host.serialize_field("address", &self.address)?;
        host.serialize_field("data_center", &self.data_center)?;
        host.serialize_field("rack", &self.rack)?;
        host.serialize_field("distance", of_distance(self.distance))?;
        host.serialize_field("is_up", &self.is_up)?;
        host.serialize_field("open_connections", &self.open_connections)?;
        host.serialize_field("in_flight", &self.usage.in_flight)?;
        host.serialize_field("totals", &OfPools(&self.totals))?;
        host.serialize_field("latencies", &ByKind(&self.latencies, Times))?;
        host.end()
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let errors = self.server_errors.iter().map(|(code, count)| {
            (code.map_or_else(|| "others".to_owned(), |code| code.to_string()), *count)
        });
        let mut metrics = serializer.serialize_struct("Metrics", 16)?;
        metrics.serialize_field("requests", &figures(self.requests.each()))?;
        metrics.serialize_field("server_errors", &Figures(errors))?;
        metrics.serialize_field("retries", &figures(self.retries.each()))?;
        metrics.serialize_field("speculation", &figures(self.speculation.each()))?;
        metrics.serialize_field("timestamps", &figures(self.timestamps.each()))?;
        metrics.serialize_field("streams", &figures(self.streams.each()))?;
        metrics.serialize_field("prepared", &figures(self.prepared.each()))?;
        metrics.serialize_field("observers", &figures(self.observers.each()))?;
        metrics.serialize_field("cluster", &figures(self.cluster.each()))?;
        metrics.serialize_field("pools", &OfPools(&self.pools))?;
        metrics.serialize_field("latencies", &ByKind(&self.latencies, OfRequests))?;
        metrics.serialize_field("statements", &self.statements)?;
        metrics.serialize_field("has_control_connection", &self.has_control_connection)?;
        metrics.serialize_field("hosts", &self.hosts)?;
        metrics.serialize_field("resources", &figures(self.resources.each()))?;
        metrics.serialize_field("kept_statements", &self.kept_statements)?;
        metrics.end()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn times_are_written_in_microseconds() {
        let mut times = LatencyHistogram::default();
        for (count, millis) in [(1_200, 1), (700, 10), (90, 100), (9, 1_000), (1, 10_000)] {
            (0..count).for_each(|_| times.record(Duration::from_millis(millis)));
        }
        let written = to_value(Times(&times)).unwrap();
        let micros = |part| times.quantile(part).unwrap().as_micros();
        let expected = json!({
            "count": 2_000,
            "sum_micros": times.sum().as_micros(),
            "p50_micros": micros(0.5),
            "p90_micros": micros(0.9),
            "p99_micros": micros(0.99),
            "p999_micros": micros(0.999),
            "max_micros": micros(1.0),
        });
        assert_eq!(written, expected);
        // To one part in eight.
        for (name, exact) in [
            ("sum_micros", 36_200_000),
            ("p50_micros", 1_000),
            ("p90_micros", 10_000),
            ("p99_micros", 100_000),
            ("p999_micros", 1_000_000),
            ("max_micros", 10_000_000),
        ] {
            let micros = written[name].as_u64().unwrap();
            assert!((exact * 7 / 8..=exact * 9 / 8).contains(&micros), "{name}: {micros}");
        }
    }
}
