//! Sending the rows of one statement, or, where nothing is to be written, seeing them come.

use std::sync::Arc;
use std::time::Duration;

use cqlwire::{Error, ErrorKind, PreparedStatement, Session};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::mpsc::Receiver;

use super::again::Pause;
use super::blame::Blame;
use super::feed::LoadRow;
use super::ledger::{Ledger, Stop};
use crate::exit::Failure;
use crate::transfer::{Bar, Target};

/// Rows as they come, each taken for being sent, until no more are wanted.
fn rows(
    mut batches: Receiver<Vec<LoadRow>>,
    ledger: &Ledger,
) -> impl Stream<Item = LoadRow> + Send + use<> {
    let batches = stream::poll_fn(move |context| batches.poll_recv(context));
    let rows = batches.flat_map(stream::iter).map(|mut row| {
        row.ticket.take();
        row
    });
    rows.take_until(Box::pin(ledger.until_stopped()))
}

/// One statement, and how it is sent.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) prepared: PreparedStatement,
    pub(super) target: Target,
    pub(super) is_idempotent: bool,
    pub(super) concurrency: usize,
    /// How long a row goes again that fails for what passes.
    pub(super) retry_for: Duration,
}

impl Sending {
    /// Writes all rows; those that are at fault themselves are rejected. One that fails for what passes goes
    /// again for a while. With one that fails for anything else, no more are wanted, and those on their way
    /// are waited for.
    pub(super) async fn run(
        &self,
        session: &Session,
        batches: Receiver<Vec<LoadRow>>,
        ledger: &Arc<Ledger>,
        bar: &Bar,
    ) -> Result<(), Failure> {
        let rows = rows(batches, ledger);
        let load = session.insert_stream(&self.prepared, rows);
        let mut load = load.idempotent(self.is_idempotent).concurrency(self.concurrency);
        // Dropped before the load, whose rows say that they are written when they are dropped.
        let mut given_up = GivenUp(Some(Arc::clone(ledger)));
        let (mut ended, mut pause) = (Ok(()), Pause::default());
        loop {
            match load.next_failure().await {
                Ok(Some(failed)) => {
                    let failed = (failed.row, failed.error);
                    let again = self.again(session, ledger, bar, failed, &mut pause);
                    let Err((row, error)) = again.await else { continue };
                    if self.is_of_row(session, error.kind()).await {
                        row.ticket.reject(reason(&error));
                        continue;
                    }
                    row.ticket.leave();
                    ledger.stop(Stop::Failed);
                    ended = ended.and_then(|()| Err(failure(error)));
                }
                Ok(None) => break,
                Err(error) => {
                    ledger.stop(Stop::Failed);
                    ended = ended.and_then(|()| Err(error.into()));
                    break;
                }
            }
        }
        given_up.0 = None;
        ended
    }

    /// Is it the row's own fault that it was not written?
    async fn is_of_row(&self, session: &Session, kind: &ErrorKind) -> bool {
        match Blame::of(kind) {
            Blame::Row => true,
            Blame::Others => false,
            Blame::RowUnlessAltered(host) => self.target.is_as_it_was(session, host).await,
        }
    }
}

/// Why a row was not written, as far as anybody knows.
fn reason(error: &Error) -> String {
    match error.may_have_been_applied() {
        true => format!("{error}; it may have been written all the same"),
        false => error.to_string(),
    }
}

/// Why the load ends with a row that is not at fault.
fn failure(error: Error) -> Failure {
    let reason = reason(&error);
    Failure::new(Failure::from(error).exit, reason)
}

/// A load that is dropped in the middle.
struct GivenUp(Option<Arc<Ledger>>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        if let Some(ledger) = &self.0 {
            ledger.abandon();
        }
    }
}

/// Lets all rows pass.
pub(super) async fn pass(batches: Receiver<Vec<LoadRow>>, ledger: &Ledger) {
    rows(batches, ledger)
        .for_each(|row| {
            drop(row);
            std::future::ready(())
        })
        .await;
}

#[cfg(test)]
mod tests {
    use cqlwire::TimeoutPhase;

    use super::*;
    use crate::exit::Exit;

    #[test]
    fn what_ends_a_load_says_whether_the_row_may_be_written() {
        let timeout =
            |phase| failure(ErrorKind::Timeout { phase, host: None, of_attempt: false }.into());
        let failed = timeout(TimeoutPhase::Response);
        assert_eq!(failed.exit, Exit::TimedOut);
        let ends = "it may have been written all the same";
        assert!(failed.to_string().ends_with(ends), "{failed}");
        assert!(!timeout(TimeoutPhase::Queue).to_string().ends_with(ends));
    }
}
