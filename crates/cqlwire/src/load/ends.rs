//! How a load begins, and what ends it: the end of its source, or something before that.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_cluster::Host;
use cqlwire_codec::StatementKind;
use cqlwire_net::Deadline;

use super::Load;
use crate::error::{Attempt, AttemptFailure, Error, ErrorKind, Result, TimeoutPhase};
use crate::operation::Statement;
use crate::prepare::prepare_in_turn;
use crate::shared::Shared;
use crate::timed::timed;

impl<R> Load<'_, R> {
    /// Has its statement prepared, if it is a text.
    pub(super) fn poll_start(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.prepared.is_some() || self.intake.is_closed() {
            return Poll::Ready(());
        }
        self.counters.begin();
        let total = self.settings.total_timeout;
        self.whole = self.whole.or_else(|| total.map(Deadline::after));
        let prepared = match self.statement {
            _ if writes_nothing(self.statement.kind()) => Err(writes_no_rows()),
            Statement::Prepared(prepared) => {
                let here = prepared.check_origin(self.settings.options.keyspace.origin());
                here.map(|()| prepared.clone()).map_err(Error::new)
            }
            Statement::Text(text) => {
                let (shared, options) = (self.shared, self.options());
                let preparing = self
                    .preparing
                    .get_or_insert_with(|| Box::pin(prepare_in_turn(shared, text, options)));
                ready!(preparing.as_mut().poll(context))
            }
        };
        self.preparing = None;
        match prepared {
            Ok(prepared) => self.prepared = Some(prepared),
            Err(error) => self.stop(error),
        }
        Poll::Ready(())
    }

    /// Takes no more rows, if that is not wanted any more.
    pub(super) fn stop_if_due(&mut self, max_failures: u64) {
        if self.intake.is_closed() {
            return;
        }
        let failed = self.counters.failures();
        if self.shared.is_closed() {
            self.stop(ErrorKind::SessionClosed.into());
        } else if self.is_late() {
            let (phase, host, of_attempt) = (TimeoutPhase::Load, None, false);
            let kind = ErrorKind::Timeout { phase, host, of_attempt };
            let elapsed = self.whole.map(Deadline::elapsed);
            self.stop(Error::after(kind, self.statement.kind(), Vec::new(), elapsed));
        } else if failed > max_failures {
            self.stop(ErrorKind::TooManyFailures { failed, limit: max_failures }.into());
        }
    }

    /// Has the time of the whole passed?
    pub(super) fn is_late(&self) -> bool {
        self.whole.is_some_and(|whole| whole.remaining().is_zero())
    }

    fn stop(&mut self, error: Error) {
        self.intake.close();
        (self.stopped, self.owes_error) = (Some(error), true);
    }

    /// Waits, with nothing on its way and nothing to take, for what ends it meanwhile.
    pub(super) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (shared, whole) = (self.shared, self.whole);
        let end = self.end.get_or_insert_with(|| {
            let closing = shared.cluster().closing();
            timed(&shared.runtime, async move {
                match whole {
                    None => closing.await,
                    Some(whole) => drop(tokio::time::timeout_at(whole.at().into(), closing).await),
                }
            })
        });
        let waited = ready!(end.as_mut().poll(context));
        self.end = None;
        if waited.is_none() {
            self.stop(nobody_to_ask(shared));
        }
        Poll::Ready(())
    }

    /// Why it took no more rows, the first time that this is asked once it is over.
    pub(super) fn said_once(&mut self) -> Result<()> {
        match &self.stopped {
            Some(error) if std::mem::take(&mut self.owes_error) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

/// The runtime of the session is gone, and with it all connections: no row that may come is written.
#[cold]
fn nobody_to_ask(shared: &Shared) -> Error {
    let skipped = |host: &Arc<Host>| {
        let failure = AttemptFailure::NotConnected(host.pool().pick().err()?);
        Some(Attempt { host: host.address().to_string().into(), failure })
    };
    let attempts: Vec<_> = shared.cluster().topology().hosts().iter().filter_map(skipped).collect();
    let kind = ErrorKind::NoHostAvailable { plan_was_empty: attempts.is_empty() };
    Error::after(kind, StatementKind::Write, attempts, None)
}

const fn writes_nothing(kind: StatementKind) -> bool {
    matches!(kind, StatementKind::Read | StatementKind::Schema)
}

#[cold]
fn writes_no_rows() -> Error {
    let why = "the statement writes no rows: it is none of INSERT, UPDATE and DELETE".to_owned();
    ErrorKind::Settings { setting: "insert_all".into(), why }.into()
}
