//! How a load goes on, polled by whoever awaits it.
//!
//! ```text
//!   starting --(text prepared)--> running --no more rows, or stopped--> the last ones --> over
//!
//!   source --room--> window --a request may go--> flights --written-----> counted
//!                      ^                             |
//!                      +------ goes once more -------+--failed--> failures, given out one by one
//! ```
//!
//! There is no task: everything happens when it is polled, so what is dropped goes nowhere.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::failure::{FailedRow, LoadError};
use super::flight::{Flight, Group};
use super::guarded::Guarded;
use super::progress::LoadProgress;
use super::window::HeldRow;
use super::{Load, MOST_POLLS};
use crate::batch::Batch;
use crate::error::Result;
use crate::execution::Execution;

impl<R> Load<'_, R> {
    /// The next row that failed, with why; `None` once all rows have their outcome.
    ///
    /// The load goes on while this is awaited, and only then: requests that are on their way stay
    /// there, and nothing else is sent. It stops only where it is told to
    /// ([`max_failures`](Self::max_failures)).
    ///
    /// # Errors
    ///
    /// It took no more rows before it came to the end of its source: the statement cannot be
    /// prepared, or writes nothing; [`total_timeout`](Self::total_timeout) passed
    /// ([`Timeout`](crate::ErrorKind::Timeout)); too many rows failed
    /// ([`TooManyFailures`](crate::ErrorKind::TooManyFailures)); the session was closed. That is said once,
    /// after each row that was taken has its outcome, and all failures were given out.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing is lost: the next call goes on. To end the load, drop the load itself.
    pub async fn next_failure(&mut self) -> Result<Option<FailedRow<R>>> {
        let max_failures = self.settings.max_failures.unwrap_or(u64::MAX);
        poll_fn(|context| self.poll_on(max_failures, true, context)).await;
        match self.failures.pop_front() {
            Some(failure) => Ok(Some(failure)),
            None => self.said_once().map(|()| None),
        }
    }

    /// Goes on until each row has its outcome, or, if that is asked for, until there is a failure to
    /// be given out.
    fn poll_on(
        &mut self,
        max_failures: u64,
        until_failure: bool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        ready!(self.poll_start(context));
        let mut is_empty = false;
        loop {
            if until_failure && !self.failures.is_empty() {
                return Poll::Ready(());
            }
            self.stop_if_due(max_failures);
            ready!(self.crowd.poll(context));
            loop {
                // What may share a request is looked for among all that there is room for.
                while self.take_row(&mut is_empty, context) {}
                if !self.send_one() {
                    break;
                }
            }
            match self.flights.poll_next(&mut self.polls, context) {
                Poll::Ready(Some((landed, outcome))) => self.land(landed, outcome),
                Poll::Pending => {
                    self.polls = MOST_POLLS;
                    return Poll::Pending;
                }
                Poll::Ready(None) if self.intake.is_closed() => {
                    self.counters.end();
                    return Poll::Ready(());
                }
                Poll::Ready(None) => ready!(self.poll_end(context)),
            }
        }
    }

    /// Takes a row from the source, if there is room, and one.
    fn take_row(&mut self, is_empty: &mut bool, context: &mut Context<'_>) -> bool {
        let (Some(prepared), false) = (&self.prepared, *is_empty || self.is_late()) else {
            return false;
        };
        let can_go = self.flights.len() < self.width.now();
        let shared = self.shared;
        let schema = || shared.cluster().schema();
        let taken =
            self.intake.poll_row(prepared, schema, &self.settings, can_go, &self.counters, context);
        *is_empty = taken.is_pending();
        matches!(taken, Poll::Ready(true))
    }

    /// Sends the first row of the window, with those that go with it, if a request may go.
    fn send_one(&mut self) -> bool {
        if self.flights.len() >= self.width.now() {
            return false;
        }
        let mut group = self.spare.pop().unwrap_or_else(|| self.new_group());
        let Some(first) = self.intake.window.take(self.settings.group, &mut group.rows) else {
            self.spare.push(group);
            return false;
        };
        if group.rows.is_empty() {
            self.spare.push(group);
            self.send_alone(first);
        } else {
            group.rows.push(first);
            self.send_together(group);
        }
        true
    }

    fn new_group(&self) -> Group<Guarded<R>> {
        let keyspace = self.settings.options.keyspace.to_shared();
        Group { batch: Batch::new(self.shared, keyspace).unlogged(), rows: Vec::new() }
    }

    fn send_alone(&mut self, row: HeldRow<Guarded<R>>) {
        let HeldRow { row, number, bytes, .. } = row;
        let statement = self.statement;
        let (as_values, options) = (self.intake.as_values, self.options());
        let execution = Execution::with_options(self.shared, statement, row, as_values, options);
        self.flights.push(Flight::Alone { execution, number, bytes });
    }

    /// Rows whose values turn out not to fit go alone: what is known of the statement may be out of
    /// date.
    fn send_together(&mut self, mut group: Group<Guarded<R>>) {
        let Some(prepared) = &self.prepared else { return };
        let (Group { batch, rows }, as_values) = (&mut group, self.intake.as_values);
        batch.clear();
        let misfits =
            rows.extract_if(.., |row| batch.add_known(prepared, as_values(&row.row)).is_err());
        for row in misfits {
            self.intake.window.put_back(HeldRow { place: None, ..row });
        }
        if group.rows.is_empty() {
            return self.spare.push(group);
        }
        let sending = group.batch.send(self.shared, self.options());
        self.flights.push(Flight::Together { group, sending });
    }
}

impl<R> Future for Load<'_, R> {
    type Output = Result<LoadProgress, LoadError<R>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let load = &mut *self;
        let max_failures = load.settings.max_failures.unwrap_or(0);
        ready!(load.poll_on(max_failures, false, context));
        load.owes_error = false;
        let (stopped, failures) = (load.stopped.clone(), std::mem::take(&mut load.failures));
        let progress = load.counters.progress();
        let error = LoadError::of(stopped, failures.into(), progress);
        Poll::Ready(error.map_or(Ok(progress), Err))
    }
}
