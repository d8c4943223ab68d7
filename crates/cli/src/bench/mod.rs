//! `bench`: a load of one's own statements, measured.
//!
//! ```text
//!   --value ---> spec ---> generator --+
//!   CQL -------> prepared -------------+--> plan ---> running ---> tally ---> report
//!                  --rate ---> pace ---------------------^                      compare
//! ```
//!
//! Which statement a request is, and its values, are functions of its number and of the seed, so that a
//! run sends the same whatever the servers answer first.

mod args;
mod compare;
mod generator;
mod pace;
mod plan;
mod report;
mod running;
mod spec;
mod tally;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use cqlwire::Session;

pub(crate) use self::args::Args;
use self::plan::Plan;
use self::report::{Load, Report};
use self::running::Outcome;
use crate::connect::{self, ConnectionArgs, Settings};
use crate::exit::Failure;
use crate::interrupts::Interrupts;
use crate::output::{self, Look};
use crate::transfer;

/// How long the session may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends, measures and tells; or compares what was measured.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    if let Some([old, new]) = args.compare.as_deref() {
        return compare(old, new);
    }
    if let Some(report) = &args.report {
        check_writable(report)?;
    }
    // It may ask for a password, which SIGTERM is to end.
    let settings = Settings::of(connection)?;
    let mut interrupts = Interrupts::new()?;
    let planning = plan(&settings, args);
    let (session, plan) = tokio::select! {
        planned = planning => planned?,
        exit = interrupts.next() => return Err(Failure::new(exit?, "interrupted; nothing was sent")),
    };
    let ran = running::run(&session, plan, args, &mut interrupts).await;
    session.close(PATIENCE).await;
    tell(load(args, &settings)?, args.report.as_deref(), &ran?, &mut output::stdout())
}

async fn plan(settings: &Settings, args: &Args) -> Result<(Session, Plan), Failure> {
    let session = connect::connect(settings.builder()?).await?;
    let plan = Plan::of(&session, args).await?;
    Ok((session, plan))
}

fn load(args: &Args, settings: &Settings) -> Result<Load, Failure> {
    Ok(Load {
        statements: args.statements.clone(),
        weights: args.weights.clone(),
        values: args.values.iter().cloned().collect(),
        rate: args.rate,
        concurrency: args.concurrency(),
        consistency: settings.consistencies()?.0.to_string(),
        seed: args.seed,
    })
}

/// Says what was measured, whatever it was. The file comes first: it has all of it also where nobody reads
/// what is written.
fn tell(
    load: Load,
    file: Option<&Path>,
    outcome: &Outcome,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let report = Report::of(load, time, outcome);
    if let Some(file) = file {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::refused)?;
        transfer::save(file, &format!("{text}\n"))
            .map_err(|error| Failure::refused(format_args!("{}: {error}", file.display())))?;
    }
    let written = write!(out, "{report}").and_then(|()| out.flush());
    how_it_went(&report, outcome).and_then(|()| Ok(written?))
}

fn how_it_went(report: &Report, outcome: &Outcome) -> Result<(), Failure> {
    let Report { answered, failed, .. } = *report;
    match (outcome.interrupted, answered, failed) {
        (Some(exit), ..) => Err(Failure::new(exit, "interrupted")),
        (None, 0, 0) => Err(Failure::refused("no request was sent that counts")),
        (None, _, 0) => Ok(()),
        (None, ..) => {
            let all = answered + failed;
            Err(Failure::refused(format_args!("{failed} of {all} requests failed")))
        }
    }
}

/// Nobody is to wait for a run whose report cannot be kept.
fn check_writable(file: &Path) -> Result<(), Failure> {
    let wrong = |why: &str| Err(Failure::usage(format_args!("--report {}: {why}", file.display())));
    match std::fs::metadata(file) {
        Ok(there) if !there.is_file() => return wrong("it is no regular file"),
        _ => {}
    }
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            wrong("there is no such folder")
        }
        _ => Ok(()),
    }
}

fn compare(old: &Path, new: &Path) -> Result<(), Failure> {
    let (old, new) = (Report::read(old)?, Report::read(new)?);
    for difference in compare::differences(&old, &new) {
        output::notice(&difference);
    }
    let mut out = output::stdout();
    compare::write(&old, &new, Look::of_stdout(), &mut out)?;
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::report::tests::{loaded, outcome};
    use super::*;

    /// A pipe whose reader is gone.
    struct Unread;

    impl Write for Unread {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_report_is_kept_and_failures_are_told_though_nobody_reads_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        let told = tell(loaded(), Some(&file), &outcome(2), &mut Unread).unwrap_err();
        assert_eq!(told.to_string(), "1 of 5 requests failed");
        assert_eq!(Report::read(&file).unwrap().answered, 4);
    }
}
