//! A load that runs: threads and tasks begin, Ctrl-C and SIGTERM are heard, and in the end it is said how it went.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use cqlwire::Session;
use futures_util::future::try_join_all;
use tokio::sync::mpsc;

use super::feed::{Feed, LoadRow, Outlet};
use super::keeper::Keeper;
use super::ledger::{Ledger, Mark, Stop};
use super::plan::Plan;
use super::sending::{Sending, pass};
use crate::exit::Failure;
use crate::interrupts::Interrupts;
use crate::transfer::{Bar, PACE, say};

/// How many times rows are handed on before who reads has to wait for who sends.
const MOST_BATCHES: usize = 4;

/// What a load is told at its end by.
struct Told {
    rejected_file: Option<std::path::PathBuf>,
    has_progress: bool,
    max_rejected: u64,
    is_dry_run: bool,
    began: Instant,
    /// How many lines runs before have rejected.
    rejected_before: u64,
    /// Where a run before came to the end of the input, if one did.
    was_complete: Option<Mark>,
}

impl Plan {
    /// Writes all rows.
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        let ledger = Arc::new(Ledger::new(self.progress.mark, self.max_rejected));
        let told = Told {
            has_progress: self.progress_file.is_some(),
            rejected_file: self.rejected_file,
            max_rejected: self.max_rejected,
            is_dry_run: self.is_dry_run,
            began: Instant::now(),
            rejected_before: self.progress.rejected().lines,
            was_complete: self.progress.is_complete.then_some(self.progress.mark),
        };
        let bar = Bar::of(self.input_bytes);
        let keeper = Keeper {
            ledger: Arc::clone(&ledger),
            rejected: self.rejected,
            progress: self.progress,
            path: self.progress_file,
        };
        let keeper = spawn("keeper", || keeper.run())?;
        let (mut outlets, mut lanes) = (Vec::new(), Vec::new());
        for (lane, sending) in self.statements {
            let (sender, receiver) = mpsc::channel::<Vec<LoadRow>>(MOST_BATCHES);
            outlets.push(Outlet { lane, rows: Vec::new(), sender });
            lanes.push(send(session, sending, receiver, (&ledger, &bar), told.is_dry_run));
        }
        let (records, rows) = (self.records, self.rows);
        let feed = Feed { records, rows, ledger: Arc::clone(&ledger), outlets };
        let feed = spawn("feed", || feed.run())?;
        let sent = follow(try_join_all(lanes), &ledger, &bar, told.began).await;
        let read = match ledger.stopped() {
            // It may be waiting for an input that never comes.
            Some(_) if !feed.is_finished() => Ok(()),
            _ => join(feed),
        };
        ledger.close();
        let kept = join(keeper);
        drop(bar);
        kept?;
        told.outcome(&ledger, sent, read)
    }
}

async fn send(
    session: &Session,
    sending: Sending,
    batches: mpsc::Receiver<Vec<LoadRow>>,
    (ledger, bar): (&Arc<Ledger>, &Bar),
    is_dry_run: bool,
) -> Result<(), Failure> {
    if is_dry_run {
        pass(batches, ledger).await;
        return Ok(());
    }
    sending.run(session, batches, ledger, bar).await
}

/// Waits for all rows. With the first Ctrl-C or SIGTERM no more are read, and those on their way are waited for; with
/// the second one they are not.
async fn follow(
    sent: impl Future<Output = Result<Vec<()>, Failure>>,
    ledger: &Ledger,
    bar: &Bar,
    began: Instant,
) -> Result<(), Failure> {
    let mut sent = std::pin::pin!(sent);
    let mut pace = tokio::time::interval(PACE);
    let mut interrupts = Interrupts::new()?;
    let from = ledger.reached().line;
    loop {
        tokio::select! {
            biased;
            sent = &mut sent => return sent.map(drop),
            interrupted = interrupts.next() => {
                let exit = interrupted?;
                if matches!(ledger.stopped(), Some(Stop::Interrupted(_))) {
                    return Err(Failure::new(exit, "interrupted"));
                }
                ledger.stop(Stop::Interrupted(exit));
            }
            _ = pace.tick() => {
                let reached = ledger.reached();
                let rows = ledger.written();
                let rate = rate(reached.line - from, began);
                bar.show(reached.bytes, format!("{rows} rows, {rate} lines/s, {} rejected", ledger.rejected()));
            }
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
fn rate(done: u64, began: Instant) -> u64 {
    (done as f64 / began.elapsed().as_secs_f64().max(0.001)) as u64
}

fn spawn(
    name: &str,
    runs: impl FnOnce() -> Result<(), Failure> + Send + 'static,
) -> Result<JoinHandle<Result<(), Failure>>, Failure> {
    Ok(thread::Builder::new().name(name.to_owned()).spawn(runs)?)
}

fn join(thread: JoinHandle<Result<(), Failure>>) -> Result<(), Failure> {
    thread.join().unwrap_or_else(|_| Err(Failure::refused("a thread of the load panicked")))
}

impl Told {
    fn outcome(
        &self,
        ledger: &Ledger,
        sent: Result<(), Failure>,
        read: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (written, line) = (ledger.written(), ledger.reached().line);
        let (rejected_now, before) = (ledger.rejected(), self.rejected_before);
        let rejected = rejected_now + before;
        let elapsed = self.began.elapsed();
        let done = if self.is_dry_run { "rows are good" } else { "rows written" };
        say(&format!(
            "{written} {done}, {rejected_now} lines rejected{}, in {elapsed:.1?} ({}/s)",
            if before > 0 {
                format!(" ({rejected} with those of runs before)")
            } else {
                String::new()
            },
            rate(written, self.began)
        ));
        let goes_on = match self.has_progress {
            true => "a second run goes on there",
            false => "--progress would have let a second run go on there",
        };
        sent.map_err(|failed| {
            failed.within(format_args!("stopped: all before line {line} is done; {goes_on}"))
        })?;
        read?;
        // Lines that were rejected then are still so.
        if ledger.stopped().is_none() && self.was_complete == Some(ledger.reached()) {
            say("this load is complete: all of the input was dealt with before");
        }
        match ledger.stopped() {
            Some(Stop::Interrupted(exit)) => {
                let what = format!("interrupted: all before line {line} is done; {goes_on}");
                Err(Failure::new(exit, what))
            }
            Some(Stop::TooManyRejected) => Err(Failure::refused(format_args!(
                "more than {} lines were rejected (--max-rejected); all before line {line} is done; \
                 {goes_on}",
                self.max_rejected
            ))),
            Some(Stop::Failed) => Err(Failure::refused("the load has failed")),
            None if rejected == 0 => Ok(()),
            None => Err(Failure::refused(match &self.rejected_file {
                Some(file) => {
                    let file = file.display();
                    format!(
                        "{rejected} lines were rejected: they are in {file}, and why in {file}.reasons"
                    )
                }
                None => format!("{rejected} lines were rejected; --rejected FILE keeps them"),
            })),
        }
    }
}
