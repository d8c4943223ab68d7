//! `cqlwire export` and `cqlwire count`: a table read in parallel, to a file or to a number.
//!
//! `shape.rs` says which columns there are, `writer.rs` makes a file of rows (`write.rs` lines, `parquet/`
//! Parquet), `sink.rs` is where it goes (`place.rs` says what is there), and
//! `progress.rs` what a second run needs: what is left of the scan, and how many bytes were written until
//! then. What was written after that is cut off, so that each row is there once.

mod args;
#[cfg(feature = "parquet")]
mod parquet;
mod place;
mod progress;
mod running;
mod shape;
mod sink;
mod write;
mod writer;

use std::io::Write;
use std::time::Duration;

use cqlwire::{Scan, Session};

use self::args::Reading;
pub(crate) use self::args::{Args, CountArgs};
use self::place::Place;
use self::running::Running;
use crate::connect::ConnectionArgs;
use crate::exit::Failure;
use crate::output;
use crate::transfer::{Bar, FileFormat, PACE, Target, check_replaceable};

/// How long the session may take to end, once all is done.
const CLOSING: Duration = Duration::from_secs(10);

/// Exports the table, and says how that went.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    args.dialect.check()?;
    args.progress.as_deref().map_or(Ok(()), check_replaceable)?;
    if args.progress.is_some() && FileFormat::of(args.format, &args.file) == FileFormat::Parquet {
        return Err(Failure::usage(
            "--progress is of CSV and JSON: a Parquet file says at its end where everything in it is, so \
             that no second run can go on with a part of one",
        ));
    }
    if args.progress.is_some() && !matches!(Place::of(&args.file)?, Place::File(_)) {
        return Err(Failure::usage("--progress is of a file: nothing is taken back from a pipe"));
    }
    let session = connection.connect().await?;
    let outcome = export(&session, args).await;
    session.close(CLOSING).await;
    outcome
}

async fn export(session: &Session, args: &Args) -> Result<(), Failure> {
    Running::begin(session, args).await?.run().await
}

/// Says how many rows there are.
pub(crate) async fn count(connection: &ConnectionArgs, args: &CountArgs) -> Result<(), Failure> {
    let session = connection.connect().await?;
    let outcome = count_rows(&session, args).await;
    session.close(CLOSING).await;
    let rows = outcome?;
    let mut stdout = output::stdout();
    writeln!(stdout, "{rows}")?;
    Ok(stdout.flush()?)
}

async fn count_rows(session: &Session, args: &CountArgs) -> Result<u64, Failure> {
    let target = Target::find(session, &args.table).await?;
    // One column of the key is less than all columns, and is never null.
    let key = target.table.partition_key().iter().take(1).map(|column| &*column.name);
    let scan = session.scan(&target.name()).columns(key);
    let scan = match &args.condition {
        Some(condition) => scan.filtering(condition),
        None => scan,
    };
    let mut pages = reading(scan, &args.reading).pages();
    let bar = Bar::of(Some(running::WHOLE));
    let mut pace = tokio::time::interval(PACE);
    let mut rows = 0;
    loop {
        tokio::select! {
            biased;
            page = pages.try_next() => match page? {
                Some(page) => rows += page.len() as u64,
                None => return Ok(rows),
            },
            _ = pace.tick() => running::show(&bar, &pages.progress()),
        }
    }
}

fn reading<'a>(scan: Scan<'a>, reading: &Reading) -> Scan<'a> {
    let scan = scan.page_size(reading.page_size);
    match reading.parallel {
        Some(ranges) => scan.parallel(ranges),
        None => scan,
    }
}
