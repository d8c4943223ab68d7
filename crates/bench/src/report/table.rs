//! The short report: a line of the terminal a work, level and runtime.

use std::fmt::Write;

use super::{Entry, Goal};

/// What is printed at the end of a run.
pub(super) fn text(entries: &[Entry], goals: &[Goal]) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let written = write_lines(entries, &mut out).and_then(|()| write_goals(goals, &mut out));
    written.unwrap_or_default();
    out
}

fn write_lines(entries: &[Entry], out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "\n{:<15}{:>7}  {:<15}{:>11}{:>10}{:>9}{:>9}  {:<20}{:>9}{:>9}{:>8}",
        "work",
        "flying",
        "runtime",
        "ops/s",
        "CPU us",
        "p50 us",
        "p99 us",
        "client",
        "CPU/floor",
        "CPU/peer",
        "allocs",
    )?;
    for entry in entries {
        let floor = entries.iter().find(|other| other.client == "floor" && other.goes_with(entry));
        let peer = better_peer(entry, entries).map(|peer| peer.cpu_us_per_op);
        writeln!(
            out,
            "{:<15}{:>7}  {:<15}{:>11.0}{:>10.3}{:>9.1}{:>9.1}  {:<20}{:>9}{:>9}{:>8.2}",
            entry.work,
            entry.in_flight,
            entry.runtime,
            entry.ops_per_s,
            entry.cpu_us_per_op,
            entry.p50_us,
            entry.p99_us,
            format!("{} {}", entry.client, entry.version),
            ratio(entry.cpu_us_per_op, floor.map(|floor| floor.cpu_us_per_op)),
            ratio(entry.cpu_us_per_op, peer),
            entry.allocs_per_op,
        )?;
    }
    Ok(())
}

fn write_goals(goals: &[Goal], out: &mut String) -> std::fmt::Result {
    writeln!(out)?;
    for goal in goals {
        let mark = if goal.is_met() { "met   " } else { "MISSED" };
        let bound = if goal.at_most { "at most" } else { "at least" };
        writeln!(out, "{mark} {:<64}{:>7.2}  {bound} {:.2}", goal.what, goal.measured, goal.limit)?;
    }
    Ok(())
}

/// Of the drivers that cqlwire is compared with, the one that costs least at the same work.
pub(super) fn better_peer<'a>(entry: &Entry, entries: &'a [Entry]) -> Option<&'a Entry> {
    let peers = entries.iter().filter(|other| other.is_peer() && other.goes_with(entry));
    peers.min_by(|one, other| one.cpu_us_per_op.total_cmp(&other.cpu_us_per_op))
}

fn ratio(figure: f64, to: Option<f64>) -> String {
    to.map_or_else(|| "-".to_owned(), |to| format!("{:.2}", figure / to))
}
