//! The report as a page that needs nothing else: goals, charts, and every figure.

use std::fmt::Write;

use super::chart::{bars, lines, series, short};
use super::table::better_peer;
use super::{Entry, Goal};
use crate::compare::CompareArguments;

/// A chart: its title, and the figure that it draws.
type Chart = (&'static str, fn(&Entry) -> f64);

/// What is drawn of a work with several levels.
const OF_LEVELS: [Chart; 6] = [
    ("CPU an operation, µs", |entry| entry.cpu_us_per_op),
    ("Operations a second", |entry| entry.ops_per_s),
    ("Median latency, µs", |entry| entry.p50_us),
    ("99th percentile of latency, µs", |entry| entry.p99_us),
    ("Allocations an operation", |entry| entry.allocs_per_op),
    ("Peak memory, MB", mega_bytes),
];

/// What is drawn of a scan.
const OF_SCANS: [Chart; 3] = [
    ("Rows a second", |entry| entry.ops_per_s),
    ("Allocations a row", |entry| entry.allocs_per_op),
    ("Peak memory, MB", mega_bytes),
];

/// What is drawn of many streams.
const OF_STREAMS: [Chart; 3] = [
    ("Rows a second", |entry| entry.ops_per_s),
    ("Most bytes held at once, MB", live_mega_bytes),
    ("Peak memory, MB", mega_bytes),
];

/// What is drawn of an open loop.
const OF_OPEN_LOOPS: [Chart; 4] = [
    ("Median latency, µs", |entry| entry.p50_us),
    ("99th percentile, µs", |entry| entry.p99_us),
    ("99.9th percentile, µs", |entry| entry.p999_us),
    ("CPU an operation, µs", |entry| entry.cpu_us_per_op),
];

#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 bytes")]
fn mega_bytes(entry: &Entry) -> f64 {
    entry.peak_rss_bytes as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 bytes")]
fn live_mega_bytes(entry: &Entry) -> f64 {
    entry.peak_live_bytes as f64 / 1e6
}

/// The whole page.
pub(super) fn page(
    entries: &[Entry],
    goals: &[Goal],
    busiest: f64,
    arguments: &CompareArguments,
) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    write_page(&mut out, entries, goals, busiest, arguments).unwrap_or_default();
    out
}

fn write_page(
    out: &mut String,
    entries: &[Entry],
    goals: &[Goal],
    busiest: f64,
    arguments: &CompareArguments,
) -> std::fmt::Result {
    write_begin(out, "cqlwire: benchmarks")?;
    write_head(out, entries, busiest, arguments)?;
    write_goals(out, goals)?;
    for work in distinct(entries.iter().map(|entry| entry.work)) {
        for runtime in distinct(entries.iter().map(|entry| entry.runtime)) {
            let of = |entry: &&Entry| entry.work == work && entry.runtime == runtime;
            if runtime != "none" && entries.iter().any(|entry| of(&entry)) {
                write_work(out, entries, work, runtime)?;
            }
        }
    }
    write_figures(out, entries)?;
    writeln!(out, "</body></html>")
}

/// What every page begins with.
pub(crate) fn write_begin(out: &mut String, title: &str) -> std::fmt::Result {
    let style = include_str!("style.css");
    writeln!(out, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>{title}</title><style>{style}</style></head><body>")
}

fn write_head(
    out: &mut String,
    entries: &[Entry],
    busiest: f64,
    arguments: &CompareArguments,
) -> std::fmt::Result {
    let clients = entries.iter().map(|entry| format!("{} {}", entry.client, entry.version));
    let clients = distinct(clients).join(", ");
    let server = entries.first().map_or("", |entry| entry.server.as_str());
    writeln!(out, "<h1>cqlwire beside its peers</h1>")?;
    writeln!(out, "<p class=\"quiet\">{clients}. Server: {server}.</p>")?;
    write!(out, "<p class=\"quiet\">Medians of {} rounds in turn", arguments.rounds)?;
    if arguments.quick {
        write!(out, ", quick ones: good for a look, not for a claim")?;
    }
    writeln!(out, ". Each client is a process on one core; the server has another.</p>")?;
    if busiest > 0.0 {
        let percent = busiest * 100.0;
        writeln!(out, "<p class=\"quiet\">The server was busy {percent:.0} % at most.</p>")?;
    }
    Ok(())
}

pub(crate) fn write_goals(out: &mut String, goals: &[Goal]) -> std::fmt::Result {
    if goals.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Goals</h2><div class=\"scroll\"><table><tr><th class=\"left\">what</th>")?;
    writeln!(out, "<th>measured</th><th>goal</th><th></th></tr>")?;
    for goal in goals {
        let (class, verdict) = if goal.is_met() { ("good", "met") } else { ("bad", "missed") };
        let bound = if goal.at_most { "≤" } else { "≥" };
        writeln!(
            out,
            "<tr><td class=\"left\">{}</td><td>{:.2}</td><td>{bound} {:.2}</td>\
             <td class=\"{class}\">{verdict}</td></tr>",
            goal.what, goal.measured, goal.limit,
        )?;
    }
    writeln!(out, "</table></div>")
}

fn write_work(out: &mut String, entries: &[Entry], work: &str, runtime: &str) -> std::fmt::Result {
    let of = |entry: &&Entry| entry.runtime == runtime || entry.runtime == "none";
    // The floor has one scan, which is beside both.
    let same = |entry: &&Entry| {
        entry.work == work
            || (work == "scan-borrowed" && entry.client == "floor" && entry.work == "scan")
    };
    let chosen: Vec<&Entry> = entries.iter().filter(of).filter(same).collect();
    let mut clients = distinct(chosen.iter().map(|entry| entry.client));
    clients.sort_by_key(|client| (*client != "cqlwire", *client == "floor", *client));
    writeln!(out, "<h2>{}, {runtime}</h2><div class=\"grid-2\">", headline(work))?;
    let figures: &[Chart] = match work {
        "scan" | "scan-borrowed" | "load" | "load-ordered" => &OF_SCANS,
        "streams" => &OF_STREAMS,
        "read-open-loop" => &OF_OPEN_LOOPS,
        _ => &OF_LEVELS,
    };
    for (title, figure) in figures {
        let series = series(&chosen, &clients, *figure);
        let levels = distinct(chosen.iter().map(|entry| entry.in_flight)).len();
        let chart = if levels > 1 { lines(title, &series) } else { bars(title, &series) };
        writeln!(out, "<div class=\"card\"><h3>{title}</h3>{chart}</div>")?;
    }
    writeln!(out, "</div>")
}

fn headline(work: &str) -> &'static str {
    match work {
        "read" => "Prepared read of one row by its key",
        "insert" => "Prepared insert of three columns",
        "query" => "The same read by its text, prepared once",
        "batch" => "Unlogged batch of 64 such inserts",
        "load" => "Load of 100,000 rows, each a partition of its own",
        "load-ordered" => "Load of 100,000 rows, ordered by partitions of 1,000",
        "read-open-loop" => "The same read at a fixed rate, waiting counted",
        "scan" => "Scan of 500,000 rows of four columns, owned",
        "scan-borrowed" => "Scan of 500,000 rows of four columns, borrowed",
        "streams" => "Many streams at once, each holding a page",
        _ => "Work",
    }
}

fn write_figures(out: &mut String, entries: &[Entry]) -> std::fmt::Result {
    writeln!(out, "<h2>All figures</h2><div class=\"scroll\"><table><tr>")?;
    for name in ["work", "runtime", "client"] {
        writeln!(out, "<th class=\"left\">{name}</th>")?;
    }
    let names = [
        "in flight",
        "ops/s",
        "CPU µs",
        "to floor",
        "to peer",
        "p50 µs",
        "p99 µs",
        "p99.9 µs",
        "allocs",
        "bytes",
        "peak MB",
        "spread",
    ];
    for name in names {
        writeln!(out, "<th>{name}</th>")?;
    }
    writeln!(out, "</tr>")?;
    for entry in entries {
        let floor = entries.iter().find(|other| other.client == "floor" && other.goes_with(entry));
        let floor = floor.map(|floor| entry.cpu_us_per_op / floor.cpu_us_per_op);
        let peer = better_peer(entry, entries);
        let peer = peer.map(|peer| entry.cpu_us_per_op / peer.cpu_us_per_op);
        write!(out, "<tr><td class=\"left\">{}</td>", entry.work)?;
        write!(out, "<td class=\"left\">{}</td>", entry.runtime)?;
        write!(out, "<td class=\"left\">{}</td><td>{}</td>", entry.client, entry.in_flight)?;
        write!(out, "<td>{:.0}</td><td>{:.3}</td>", entry.ops_per_s, entry.cpu_us_per_op)?;
        write!(out, "<td>{}</td><td>{}</td>", ratio(floor), ratio(peer))?;
        write!(out, "<td>{:.1}</td><td>{:.1}</td>", entry.p50_us, entry.p99_us)?;
        write!(out, "<td>{:.1}</td><td>{:.2}</td>", entry.p999_us, entry.allocs_per_op)?;
        write!(out, "<td>{}</td>", short(entry.alloc_bytes_per_op))?;
        write!(out, "<td>{:.1}</td>", mega_bytes(entry))?;
        writeln!(out, "<td>{:.0} %</td></tr>", entry.spread * 100.0)?;
    }
    writeln!(out, "</table></div>")
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"))
}

/// Each once, in the order of their first.
pub(crate) fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut distinct, one| {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
        distinct
    })
}
