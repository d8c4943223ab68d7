//! What a session has counted, for people.

use std::fmt;
use std::time::Duration;

use cqlwire_cluster::Distance;
use cqlwire_pool::LatencyHistogram;

use super::snapshot::{HostMetrics, Metrics};

impl fmt::Display for Metrics {
    /// A table of several lines: figures that are zero are left out, and what there is nothing of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "requests", self.requests.each())?;
        let names = self.server_errors.iter().map(|(code, count)| {
            (code.map_or_else(|| "others".to_owned(), |code| code.to_string()), *count)
        });
        line(f, "server errors", names)?;
        line(f, "retries", self.retries.each())?;
        line(f, "speculation", self.speculation.each())?;
        line(f, "timestamps", self.timestamps.each())?;
        line(f, "streams", self.streams.each())?;
        let kept = [("kept", self.kept_statements as u64)];
        line(f, "prepared", self.prepared.each().chain(kept))?;
        line(f, "observers", self.observers.each())?;
        line(f, "cluster", self.cluster.each())?;
        line(f, "connections", self.pools.connections.each())?;
        line(f, "attempts", self.pools.requests.each())?;
        line(f, "held now", self.resources.each())?;
        if !self.has_control_connection {
            writeln!(f, "no server is asked about the cluster: its changes are not seen")?;
        }
        if !self.latencies.is_empty() {
            head(f, "latency")?;
        }
        for (kind, latencies) in &self.latencies {
            times(f, kind.name(), &latencies.requests)?;
            if latencies.attempts.count() != latencies.requests.count() {
                times(f, "  attempts", &latencies.attempts)?;
            }
        }
        for statement in &self.statements {
            times(f, &statement.name, &statement.latency)?;
            line(f, "", [("failed", statement.failed)].into_iter())?;
        }
        self.hosts.iter().try_for_each(|host| host.fmt(f))
    }
}

impl fmt::Display for HostMetrics {
    /// Some lines, as those of the whole session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, data_center, rack, open_connections, usage, .. } = self;
        let state = match (self.is_up, self.distance) {
            (true, _) => "up",
            (false, Distance::Ignored) => "not connected to",
            (false, Distance::Local | Distance::Remote) => "down",
        };
        writeln!(
            f,
            "host {address} ({data_center}, {rack}): {state}, {open_connections} connections, \
             {} in flight, {} orphaned, {} waiting",
            usage.in_flight, usage.orphaned, usage.waiting
        )?;
        line(f, "  connections", self.totals.connections.each())?;
        line(f, "  attempts", self.totals.requests.each())?;
        self.latencies
            .iter()
            .try_for_each(|(kind, latency)| times(f, &format!("  {}", kind.name()), latency))
    }
}

/// The figures of one kind that are not zero.
fn line<N: AsRef<str>>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    figures: impl Iterator<Item = (N, u64)>,
) -> fmt::Result {
    let mut separator = "";
    for (name, count) in figures.filter(|(_, count)| *count > 0) {
        if separator.is_empty() {
            write!(f, "{title:<14} ")?;
        }
        write!(f, "{separator}{} {count}", name.as_ref().replace('_', " "))?;
        separator = ", ";
    }
    if separator.is_empty() { Ok(()) } else { writeln!(f) }
}

fn head(f: &mut fmt::Formatter<'_>, title: &str) -> fmt::Result {
    write!(f, "{title:<14} {:>10}", "count")?;
    PARTS.iter().try_for_each(|(name, _)| write!(f, " {name:>10}"))?;
    writeln!(f)
}

const PARTS: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

fn times(f: &mut fmt::Formatter<'_>, title: &str, latency: &LatencyHistogram) -> fmt::Result {
    write!(f, "{title:<14} {:>10}", latency.count())?;
    for (_, part) in PARTS {
        write!(f, " {:>10}", latency.quantile(part).map_or_else(|| "-".to_owned(), short))?;
    }
    writeln!(f)
}

/// Three digits of it.
fn short(time: Duration) -> String {
    let micros = time.as_micros();
    let digits = match micros {
        0..1_000 | 100_000..1_000_000 => 0,
        1_000..10_000 => 2,
        10_000..100_000 => 1,
        _ => 2,
    };
    format!("{time:.digits$?}")
}
