//! An export that runs: page by page, each written as a whole, so that what is left of the scan and what is
//! written go together.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use cqlwire::{ScanPages, ScanProgress, Session};

use super::args::Args;
use super::progress::{Progress, of};
use super::reading;
use super::shape::Shape;
use super::sink::{Known, Sink};
use super::writer::Writer;
use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::transfer::{Bar, FileFormat, PACE, Target, say};

/// How often what is needed to go on is kept.
const KEEPING: Duration = Duration::from_secs(1);

/// What the bar counts to.
pub(super) const WHOLE: u64 = 1000;

/// See the [module](self).
pub(super) struct Running {
    pages: ScanPages,
    writer: Writer,
    sink: Sink,
    progress: Progress,
    progress_file: Option<PathBuf>,
    began: Instant,
    kept: Instant,
}

impl Running {
    /// Begins it, or goes on where a run before has stopped.
    pub(super) async fn begin(session: &Session, args: &Args) -> Result<Self, Failure> {
        let target = Target::find(session, &args.table).await?;
        let shape = Shape::new(args, FileFormat::of(args.format, &args.file), &target)?;
        let of = of(args, &shape, &target.name());
        let before = match &args.progress {
            Some(path) => Progress::read(path, &of)?,
            None => None,
        };
        let writer = Writer::new(&shape, args)?;
        let is_new = before.is_none();
        let progress = match before {
            Some(progress) => progress,
            None => {
                let scan = session.scan(&target.name());
                let scan = scan.columns(shape.columns.clone()).selectors(shape.selectors.clone());
                let scan = match &args.condition {
                    Some(condition) => scan.filtering(condition),
                    None => scan,
                };
                let plan = reading(scan, &args.reading).plan().await?;
                Progress::at_start(of, plan)
            }
        };
        // A file that nothing is known of may be that of another export. One that is known of from now on
        // is there before its progress, which says that it is.
        let known = match &args.progress {
            None => Known::ToNobody,
            Some(_) if is_new => Known::FromNowOn,
            Some(_) => Known::Since(progress.bytes()),
        };
        let mut sink = Sink::open(&args.file, known)?;
        if progress.bytes() == 0 {
            sink.write(writer.begin())?;
        }
        let pages = reading(session.resume_scan(&progress.plan), &args.reading).pages();
        let (began, kept) = (Instant::now(), Instant::now());
        let progress_file = args.progress.clone();
        let mut running = Self { pages, writer, sink, progress, progress_file, began, kept };
        if is_new && running.progress_file.is_some() {
            running.keep()?;
            running.sink.is_known();
        }
        Ok(running)
    }

    /// Writes all rows.
    pub(super) async fn run(mut self) -> Result<(), Failure> {
        let bar = Bar::of(Some(WHOLE));
        let mut pace = tokio::time::interval(PACE);
        let mut interrupts = Interrupts::new()?;
        loop {
            tokio::select! {
                biased;
                interrupted = interrupts.next() => {
                    let exit = interrupted?;
                    self.keep()?;
                    drop(bar);
                    return Err(self.interrupted(exit));
                }
                page = self.pages.try_next() => match page {
                    Ok(Some(page)) => {
                        self.sink.write(self.writer.page(&page)?)?;
                        self.progress.rows += page.len() as u64;
                        if self.kept.elapsed() >= KEEPING {
                            self.keep()?;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        self.keep()?;
                        return Err(error.into());
                    }
                },
                _ = pace.tick() => show(&bar, &self.pages.progress()),
            }
        }
        self.keep()?;
        drop(bar);
        self.finish()
    }

    /// Keeps what a second run needs.
    fn keep(&mut self) -> Result<(), Failure> {
        self.kept = Instant::now();
        let Some(path) = &self.progress_file else { return Ok(()) };
        let written = self.sink.sync()?;
        self.progress.plan = self.pages.plan().unwrap_or_else(|| self.progress.plan.clone());
        let saved = self.progress.save(path, written);
        saved.map_err(|error| Failure::refused(format_args!("{}: {error}", path.display())))
    }

    fn interrupted(&self, exit: Exit) -> Failure {
        let rows = self.progress.rows;
        let goes_on = match (self.progress_file.is_some(), &self.writer) {
            (true, _) => "a second run goes on there",
            (false, Writer::Lines(..)) => "--progress would have let a second run go on there",
            #[cfg(feature = "parquet")]
            (false, Writer::Parquet(..)) => {
                "a part of a Parquet file is of no use, and is not kept"
            }
        };
        Failure::new(exit, format_args!("interrupted after {rows} rows; {goes_on}"))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.sink.write(&self.writer.end()?)?;
        self.sink.finish()?;
        if let Some(path) = &self.progress_file {
            std::fs::remove_file(path)?;
        }
        say(&format!("{} rows, in {:.1?}", self.progress.rows, self.began.elapsed()));
        Ok(())
    }
}

/// How far a scan has got.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
pub(super) fn show(bar: &Bar, progress: &ScanProgress) {
    bar.show((progress.part * WHOLE as f64) as u64, format!("{} rows", progress.rows));
}
