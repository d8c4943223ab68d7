//! The short report, for the terminal.

use std::fmt::Write;

use super::Entry;
use crate::faults::{Dialled, Fault, Stay, servers};
use crate::report::Goal;

/// One driver at one fault, as soon as that is known.
pub(in crate::faults) fn line(entry: &Entry) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    write_line(entry, &mut out).unwrap_or_default();
    out
}

/// All of it.
pub(super) fn text(entries: &[Entry], goals: &[Goal]) -> String {
    let mut out = String::new();
    write_head(&mut out).unwrap_or_default();
    for entry in entries {
        write_line(entry, &mut out).unwrap_or_default();
    }
    write_goals(goals, &mut out).unwrap_or_default();
    out
}

fn write_head(out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "\n{:<16}{:<17}{:>8}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>15}{:>9}{:>6}{:>6}",
        "fault",
        "driver",
        "asked",
        "failed",
        "p99 ms",
        "p99.9",
        "max",
        "settled",
        "shared",
        "found",
        "dialled",
        "appends",
        "twice",
        "lost",
    )
}

fn write_line(entry: &Entry, out: &mut String) -> std::fmt::Result {
    let [_, fault, after] = &entry.figures.idempotent;
    let appends: u64 = entry.figures.appends.iter().skip(1).map(|part| part.requests).sum();
    writeln!(
        out,
        "{:<16}{:<17}{:>8}{:>8}{:>9.1}{:>9.1}{:>9.1}{:>9}{:>9}{:>9}{:>15}{:>9}{:>6}{:>6}",
        entry.fault.name(),
        who(entry),
        fault.requests + after.requests,
        entry.failed(),
        fault.p99_ms,
        fault.p999_ms,
        fault.max_ms,
        seconds(entry.figures.settled_s),
        seconds(entry.figures.shared_s),
        found(entry),
        dialled(entry),
        format!("{}/{appends}", entry.appends_failed()),
        entry.found.twice,
        entry.found.lost,
    )?;
    if entry.fault == Fault::Forget { writeln!(out, "  {}", forgotten(entry)) } else { Ok(()) }
}

/// After how long a server that came was asked.
pub(super) fn found(entry: &Entry) -> String {
    let comes = servers(entry.fault).iter().any(|(_, stay)| *stay == Stay::Comes);
    match entry.figures.first_asked_s {
        _ if !comes => String::new(),
        Some(seconds) => format!("{seconds:.1} s"),
        None => "never".to_owned(),
    }
}

/// How often one was dialled that had left, and for how long.
pub(super) fn dialled(entry: &Entry) -> String {
    entry.figures.dialled.map_or_else(String::new, |Dialled { times, last_s }| match times {
        0 => "0".to_owned(),
        _ => format!("{times} in {last_s:.1} s"),
    })
}

/// What became of statements that a server has forgotten.
pub(super) fn forgotten(entry: &Entry) -> String {
    let taught = entry.figures.taught.map_or_else(String::new, |taught| {
        format!("{taught} of {} statements and 1 told again; ", entry.statements)
    });
    let [before, during, after] = entry.figures.by_others.map(|part| part.p99_ms);
    let asked = entry.figures.by_ill[2].requests;
    format!(
        "{taught}p99 of the other hosts {before:.1} ms before, {during:.1} ms in the fault, {after:.1} \
         ms after it, when this one answered {asked} requests"
    )
}

/// A driver, and how it is set.
pub(super) fn who(entry: &Entry) -> String {
    let tuned = if entry.tuned { ", tuned" } else { "" };
    format!("{}{tuned}", entry.driver)
}

/// So many seconds, or never.
pub(super) fn seconds(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "never".to_owned(), |seconds| format!("{seconds} s"))
}

fn write_goals(goals: &[Goal], out: &mut String) -> std::fmt::Result {
    writeln!(out)?;
    for goal in goals {
        let mark = if goal.is_met() { "met   " } else { "MISSED" };
        writeln!(out, "{mark} {:<64}{:>9.2}  at most {:.2}", goal.what, goal.measured, goal.limit)?;
    }
    Ok(())
}
