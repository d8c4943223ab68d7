//! The thread that keeps what a second run needs: first the rejected lines, then how far it has got, so that
//! what is said to be done is done.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Ledger, Stop};
use super::progress::Progress;
use super::rejected::RejectedLines;
use crate::exit::Failure;

/// How often it is kept: what a load that is killed may write twice is what it wrote since then.
const PACE: Duration = Duration::from_secs(1);

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) ledger: Arc<Ledger>,
    pub(super) rejected: RejectedLines,
    pub(super) progress: Progress,
    /// Where the progress is kept, if it is.
    pub(super) path: Option<PathBuf>,
}

impl Keeper {
    /// Goes on until the ledger is closed. Where something cannot be written, the load stops.
    pub(super) fn run(mut self) -> Result<(), Failure> {
        let kept = self.keep();
        if kept.is_err() {
            self.ledger.stop(Stop::Failed);
            // Whoever waits for room waits for what is due to be taken.
            while !self.ledger.take_due(PACE).is_last {}
        }
        kept?;
        self.rejected.finish().map_err(|error| failed("the rejected lines", &error))
    }

    fn keep(&mut self) -> Result<(), Failure> {
        self.save()?;
        let mut last = Instant::now();
        loop {
            let due = self.ledger.take_due(PACE);
            let rejected = self.rejected.write(&due.rejected);
            rejected.map_err(|error| failed("the rejected lines", &error))?;
            if due.is_last || last.elapsed() >= PACE {
                last = Instant::now();
                self.progress.mark = due.reached;
                self.progress.is_complete = due.is_complete;
                if due.is_last && self.rejected.so_far().is_nothing() {
                    // Its file is taken away, and its name may be that of another load's.
                    self.progress.rejected_file = None;
                }
                self.save()?;
            }
            if due.is_last {
                return Ok(());
            }
        }
    }

    fn save(&mut self) -> Result<(), Failure> {
        let Some(path) = &self.path else { return Ok(()) };
        let saved = self.rejected.sync().and_then(|synced| self.progress.save(path, synced));
        saved.map_err(|error| failed("the progress", &error))
    }
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::refused(format_args!("{what} cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::ledger::{Line, Mark, Ticket};
    use super::super::progress::RejectedSoFar;
    use super::*;

    const START: Mark = Mark { bytes: 0, line: 1, crc: 0 };

    /// What it came to, with one rejected line.
    fn kept(rejected: RejectedLines, path: &Path) -> (Result<(), Failure>, Option<Stop>) {
        let ledger = Arc::new(Ledger::new(START, 10));
        let mut progress = Progress::at_start("k.t".to_owned());
        assert!(!progress.goes_on_in(Some("bad.csv".to_owned())));
        let (to_keep, path) = (Arc::clone(&ledger), Some(path.to_owned()));
        let keeper = Keeper { ledger: to_keep, rejected, progress, path };
        let keeps = std::thread::spawn(|| keeper.run());
        let line =
            Line { start: START, end: Mark { bytes: 1, line: 2, crc: 0 }, raw: b"x".to_vec() };
        let number = ledger.try_enter(line).unwrap();
        Ticket::new(Arc::clone(&ledger), number).reject("wrong".to_owned());
        ledger.close();
        (keeps.join().unwrap(), ledger.stopped())
    }

    fn mark(path: &Path) -> Mark {
        Progress::read(path, "k.t").unwrap().unwrap().mark
    }

    #[test]
    fn what_cannot_be_kept_stops_the_load() {
        let folder = tempfile::tempdir().unwrap();
        let rejected =
            || RejectedLines::open(None, RejectedSoFar::default(), true, Vec::new()).unwrap();
        let path = folder.path().join("progress");
        let (kept_well, stopped) = kept(rejected(), &path);
        assert_eq!((kept_well, stopped, mark(&path).line), (Ok(()), None, 2));
        let progress = Progress::read(&path, "k.t").unwrap().unwrap();
        assert_eq!(progress.rejected_file, None, "nothing was written there");
        let (failed, stopped) = kept(rejected(), &folder.path().join("none").join("progress"));
        assert!(failed.is_err());
        assert_eq!(stopped, Some(Stop::Failed));
    }

    #[test]
    fn the_progress_is_never_ahead_of_the_rejected_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        let rejected = RejectedLines::into_read_only(&folder.path().join("bad.csv"));
        let (failed, stopped) = kept(rejected, &path);
        assert!(failed.is_err());
        assert_eq!((stopped, mark(&path)), (Some(Stop::Failed), START));
    }
}
