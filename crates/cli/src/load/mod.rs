//! `cqlwire load`: a file of CSV or JSON lines into a table.
//!
//! ```text
//!   thread "feed"                              task                               thread "keeper"
//!   input --records--> rows ---- channels ---> sending: one load a statement
//!                       |  \                      |                                rejected lines
//!                       |   `-- ledger: entered   +-- written, rejected             and progress
//!                       |            ^------------'         |                            ^
//!                       `--- wrong: rejected                `--- ledger, in order -------'
//! ```
//!
//! `input` cuts the input into records, `mapping.rs` says which field goes where, `row.rs` makes bind values
//! of a record (`write_time.rs` that of its write time), `feed.rs` hands them on, `sending.rs` sends them, `again.rs` once more if that may help, `blame.rs` says whose fault it is
//! that one was not written, `ledger` knows which lines have their
//! outcome, and `keeper.rs` keeps that for a second run (`rejected.rs`, `progress.rs`).

mod again;
mod args;
mod blame;
mod feed;
mod input;
mod keeper;
mod ledger;
mod mapping;
mod plan;
mod progress;
mod rejected;
mod row;
mod running;
mod sending;
mod write_time;

use std::path::Path;
use std::time::Duration;

use cqlwire::Session;

pub(crate) use self::args::Args;
use self::plan::Plan;
use crate::connect::ConnectionArgs;
use crate::exit::Failure;
use crate::transfer::{beside, check_replaceable};

/// How long the session may take to end, once all is done.
const CLOSING: Duration = Duration::from_secs(10);

/// Loads the file, and says how that went.
pub(crate) async fn run(connection: &ConnectionArgs, args: &Args) -> Result<(), Failure> {
    args.dialect.check()?;
    args.progress.as_deref().map_or(Ok(()), check_replaceable)?;
    check_apart(args.progress.as_deref(), args.rejected.as_deref())?;
    let session = connection.connect().await?;
    let outcome = load(&session, args).await;
    session.close(CLOSING).await;
    outcome
}

/// A progress takes the place of its file again and again, and would take rejected lines along.
fn check_apart(progress: Option<&Path>, rejected: Option<&Path>) -> Result<(), Failure> {
    let (Some(progress), Some(rejected)) = (progress, rejected) else { return Ok(()) };
    let place = std::path::absolute(progress)?;
    for taken in [rejected.to_owned(), beside(rejected, ".reasons")] {
        if std::path::absolute(&taken)? == place {
            let taken = taken.display();
            return Err(Failure::usage(format_args!(
                "{taken} is for rejected lines, and is no file for --progress, too"
            )));
        }
    }
    Ok(())
}

async fn load(session: &Session, args: &Args) -> Result<(), Failure> {
    Plan::new(session, args).await?.run(session).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_and_rejected_lines_have_files_of_their_own() {
        let apart = |progress: &str, rejected: &str| {
            check_apart(Some(Path::new(progress)), Some(Path::new(rejected))).is_ok()
        };
        assert!(apart("progress", "bad.csv"));
        assert!(!apart("bad.csv", "./bad.csv"));
        assert!(!apart("bad.csv.reasons", "bad.csv"));
        assert_eq!(check_apart(None, Some(Path::new("bad.csv"))), Ok(()));
    }
}
