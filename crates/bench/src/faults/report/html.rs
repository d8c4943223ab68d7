//! The page: it needs nothing else, and no explanation beside it.

use std::fmt::Write;

use super::Entry;
use super::curves::{Axis, Curve, chart};
use super::goals::goals;
use super::table::{dialled, forgotten, found, seconds, who};
use crate::faults::{Fault, FaultsArguments, Second};
use crate::report::html::{distinct, write_begin, write_goals};

/// A chart: its title, its axis, and the figure of a second.
type Chart = (&'static str, Axis, fn(&Second) -> f64);

const CHARTS: [Chart; 4] = [
    ("99th percentile of idempotent requests, ms", Axis::Logarithmic, |at| at.idempotent.p99_ms),
    ("Longest idempotent request, ms", Axis::Logarithmic, |at| at.idempotent.max_ms),
    ("Failed idempotent requests in a second", Axis::Linear, |at| count(at.idempotent.failed)),
    ("Failed appends (not idempotent) in a second", Axis::Linear, |at| count(at.appends.failed)),
];

fn count(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// The whole page.
pub(super) fn page(entries: &[Entry], arguments: &FaultsArguments) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    write_page(&mut out, entries, arguments).unwrap_or_default();
    out
}

fn write_page(
    out: &mut String,
    entries: &[Entry],
    arguments: &FaultsArguments,
) -> std::fmt::Result {
    write_begin(out, "cqlwire: faults")?;
    write_head(out, entries, arguments)?;
    write_goals(out, &goals(entries))?;
    for tuned in distinct(entries.iter().map(|entry| entry.tuned)) {
        for fault in distinct(entries.iter().map(|entry| entry.fault)) {
            let own = entries.iter().filter(|entry| (entry.tuned, entry.fault) == (tuned, fault));
            let own: Vec<&Entry> = own.collect();
            if !own.is_empty() {
                write_fault(out, fault, tuned, &own)?;
            }
        }
    }
    writeln!(out, "</body></html>")
}

fn write_head(
    out: &mut String,
    entries: &[Entry],
    arguments: &FaultsArguments,
) -> std::fmt::Result {
    let who = entries.iter().map(|entry| format!("{} {}", entry.driver, entry.version));
    let who = distinct(who).join(", ");
    let FaultsArguments { rate, appends, timeout, connections, .. } = arguments;
    writeln!(out, "<h1>What an application sees of faults</h1><p class=\"quiet\">{who}.</p>")?;
    writeln!(
        out,
        "<p>Three nodes of Apache Cassandra on this machine have three replicas of everything. Each \
         driver in turn sends {rate} idempotent requests a second, reads and inserts at \
         LOCAL_QUORUM, and beside them {appends} appends to lists that are not idempotent, with \
         {connections} connections to a node and a timeout of {timeout} ms, whatever becomes of \
         the requests before. Then something happens to one of the nodes.</p>"
    )?;
    writeln!(
        out,
        "<p class=\"quiet\">Latencies count from when a request was due; one that failed counts as \
         one that took its whole timeout. The fault is shaded; 0 s is where it begins. All share \
         one machine, so that a node that starts takes time from everybody. Settled: from the \
         beginning of the fault until the 99th percentile was within twice of that of before, for \
         three seconds. Shared: from the end of the fault until each node had at least half of \
         what it had before, as the nodes count; where nodes come or go, half of an even share. Found: \
         from the end of the fault until a node that came was asked. Dialled: how often one was that \
         had left, and for how long. Lost: acknowledged writes that are not there when \
         all replicas are asked in the end. Twice: appends that are.</p>"
    )
}

fn write_fault(
    out: &mut String,
    fault: Fault,
    tuned: bool,
    entries: &[&Entry],
) -> std::fmt::Result {
    let how = if tuned { ", with speculative execution" } else { "" };
    writeln!(out, "<h2>{}{how}</h2><p>{}</p>", fault.title(), fault.what())?;
    if fault.is_of_a_link() {
        writeln!(
            out,
            "<p class=\"quiet\">Drivers reach the nodes over proxies, by translated addresses. \
             cdrs-tokio translates none, and is left out.</p>"
        )?;
    }
    writeln!(out, "<div class=\"grid-2\">")?;
    for (title, axis, figure) in CHARTS {
        let curve = |entry: &&Entry| {
            let points = entry.figures.seconds.iter();
            let points = points.map(|second| (second.at, figure(second))).collect();
            // The same class as in the other charts.
            Curve { driver: entry.driver, points, fault_s: entry.figures.fault_s }
        };
        let curves: Vec<Curve<'_>> = entries.iter().map(curve).collect();
        let chart = chart(title, axis, &curves);
        writeln!(out, "<div class=\"card\"><h3>{title}</h3>{chart}</div>")?;
    }
    writeln!(out, "</div>")?;
    write_table(out, entries)?;
    write_failures(out, entries)
}

fn write_table(out: &mut String, entries: &[&Entry]) -> std::fmt::Result {
    writeln!(out, "<div class=\"scroll\"><table><tr><th class=\"left\">driver</th>")?;
    writeln!(out, "<th class=\"left\">when</th>")?;
    for name in ["requests", "failed", "p50 ms", "p99", "p99.9", "max"] {
        writeln!(out, "<th>{name}</th>")?;
    }
    for name in ["appends", "failed", "settled", "shared", "found", "dialled", "twice", "lost"] {
        writeln!(out, "<th>{name}</th>")?;
    }
    writeln!(out, "</tr>")?;
    for entry in entries {
        let parts = entry.figures.idempotent.iter().zip(&entry.figures.appends);
        for (when, (part, appends)) in ["before", "fault", "after"].iter().zip(parts) {
            write!(
                out,
                "<tr><td class=\"left\">{}</td><td class=\"left\">{when}</td>",
                who(entry)
            )?;
            write!(out, "<td>{}</td><td>{}</td>", part.requests, part.failed)?;
            write!(out, "<td>{:.1}</td><td>{:.1}</td>", part.p50_ms, part.p99_ms)?;
            write!(out, "<td>{:.1}</td><td>{:.1}</td>", part.p999_ms, part.max_ms)?;
            write!(out, "<td>{}</td><td>{}</td>", appends.requests, appends.failed)?;
            if *when == "after" {
                let figures = &entry.figures;
                write!(out, "<td>{}</td>", seconds(figures.settled_s))?;
                write!(out, "<td>{}</td>", seconds(figures.shared_s))?;
                write!(out, "<td>{}</td><td>{}</td>", found(entry), dialled(entry))?;
                writeln!(out, "<td>{}</td><td>{}</td></tr>", entry.found.twice, entry.found.lost)?;
            } else {
                writeln!(out, "{}</tr>", "<td></td>".repeat(6))?;
            }
        }
    }
    writeln!(out, "</table></div>")?;
    for entry in entries.iter().filter(|entry| entry.fault == Fault::Forget) {
        writeln!(out, "<p class=\"quiet\">{}: {}.</p>", who(entry), forgotten(entry))?;
    }
    Ok(())
}

fn write_failures(out: &mut String, entries: &[&Entry]) -> std::fmt::Result {
    for entry in entries.iter().filter(|entry| !entry.figures.failed_by_kind.is_empty()) {
        let kinds = entry.figures.failed_by_kind.iter();
        let kinds: Vec<String> = kinds
            .map(|(kind, idempotent, appends)| {
                format!("{}: {idempotent} and {appends}", escaped(kind))
            })
            .collect();
        writeln!(
            out,
            "<details><summary>{}: how requests failed (idempotent ones and appends): {}</summary>",
            who(entry),
            kinds.join("; ")
        )?;
        for (at, text) in &entry.examples {
            writeln!(out, "<p class=\"quiet\">{at:.3} s: {}</p>", escaped(text))?;
        }
        writeln!(out, "</details>")?;
    }
    Ok(())
}

/// What drivers say may be anything.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
