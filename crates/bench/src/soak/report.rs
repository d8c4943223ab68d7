//! What came of it: for programs (`report.json`), and as text.

use std::fmt::Write as _;
use std::fs;

use super::SoakArguments;
use super::phase::PhaseReport;
use super::tally::Totals;
use crate::Result;

/// Writes both reports.
///
/// # Errors
///
/// They cannot be written.
pub(super) fn write(phases: &[PhaseReport], arguments: &SoakArguments) -> Result<()> {
    fs::create_dir_all(&arguments.out)?;
    fs::write(arguments.out.join("report.json"), serde_json::to_string_pretty(phases)?)?;
    fs::write(arguments.out.join("report.txt"), text(phases)?)?;
    Ok(())
}

/// Prints the text.
pub(super) fn tell(phases: &[PhaseReport], arguments: &SoakArguments) {
    match text(phases) {
        Ok(text) => print!("{text}"),
        Err(error) => eprintln!("the report cannot be shown: {error}"),
    }
    for name in ["report.json", "report.txt"] {
        println!("{}", arguments.out.join(name).display());
    }
}

fn text(phases: &[PhaseReport]) -> Result<String> {
    let mut out = String::new();
    for phase in phases {
        let Totals { done, let_go, others } = &phase.calls;
        writeln!(out, "== {}: {} s, {} restarts", phase.name, phase.seconds, phase.restarts)?;
        writeln!(out, "requests {}, calls done {done}, let go {let_go}", phase.requests)?;
        writeln!(out, "statements prepared {}, evicted {}", phase.prepared, phase.evicted)?;
        for (kind, count) in &others.failed {
            writeln!(out, "failed: {kind} {count}")?;
        }
        writeln!(
            out,
            "{:<18}{:>12}{:>12}{:>12}{:>12}{:>12}",
            "median of quarter", 1, 2, 3, 4, "peak"
        )?;
        for course in &phase.courses {
            let [first, second, third, last] = course.quarters;
            let grown = if course.has_grown { "  GREW" } else { "" };
            let (name, peak) = (course.name, course.peak);
            writeln!(
                out,
                "{name:<18}{first:>12}{second:>12}{third:>12}{last:>12}{peak:>12}{grown}"
            )?;
        }
        let (before, after) = (phase.before, phase.after);
        writeln!(
            out,
            "bytes, descriptors, tasks: {before:?} before the session, {after:?} after it"
        )?;
        for fault in &phase.faults {
            writeln!(out, "FAULT: {fault}")?;
        }
        writeln!(out, "{}", if phase.faults.is_empty() { "passed" } else { "FAILED" })?;
    }
    Ok(out)
}
