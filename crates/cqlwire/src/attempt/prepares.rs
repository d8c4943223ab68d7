//! What a host is asked to prepare for an operation, before it is asked to execute it.
//!
//! A server names one statement that it does not know, however many of a batch it has forgotten. So
//! once it has named one, all others of the operation are in doubt, too, and are taught at once: one
//! round more, not one for each.

use std::sync::Arc;

use cqlwire_cluster::Host;
use cqlwire_codec::StatementKind;
use cqlwire_net::{Deadline, Reached, RequestError, RequestFailure};
use futures_util::future::{join, join_all};
use tokio::runtime::Handle;

use super::decide::{Decision, decide};
use super::run::{Preparing, Run, Step, name_of};
use super::teach::teach;
use super::teachings::Teaching;
use crate::error::{AttemptFailure, Error, ErrorKind, TimeoutPhase};
use crate::operation::{Failure, Operation, PrepareOperation};
use crate::prepared::PreparedStatement;
use crate::retry::DefaultRetryPolicy;
use crate::shared::Shared;

/// How often one host is asked to prepare a statement for one operation in one turn. Once is enough,
/// unless another call learns meanwhile, from a response that is late, that the host had forgotten
/// it; or the host has more statements to hold than it can, and forgets it at once.
const MAX_PREPARES: u8 = 3;

/// How many statements a host is taught at once for one operation. Of a batch of more, those beyond
/// have their turn when it is asked again.
const MOST_AT_ONCE: usize = 128;

impl Run {
    /// How often the host that has its turn was asked to prepare this statement.
    pub(super) fn times_prepared(&self, statement: &PreparedStatement) -> u8 {
        let known = self.prepares().iter().find(|(known, _)| known.text() == statement.text());
        known.map_or(0, |(_, times)| *times)
    }

    /// May the host that has its turn be asked to prepare this statement once more?
    pub(super) fn may_prepare(&self, statement: &PreparedStatement) -> bool {
        self.times_prepared(statement) < MAX_PREPARES
    }

    /// The host does not know this statement any more: the others of the operation are in doubt, too,
    /// unless they were prepared in this turn. None of them is executed there, by anybody, before the
    /// host has been asked what it makes of it.
    #[cold]
    pub(super) fn forgotten<O: Operation>(
        &self,
        operation: &O,
        host: &Host,
        statement: &PreparedStatement,
    ) {
        statement.forgotten_by(host.id());
        if self.times_prepared(statement) == 0 {
            // One that comes often is in doubt from when it comes first, and takes up no more room.
            let is_in_doubt = |other: &&PreparedStatement| {
                other.metadata_on(host.id()).is_some() && self.times_prepared(other) == 0
            };
            let others = operation.statements().filter(is_in_doubt);
            others.take(MOST_AT_ONCE).for_each(|other| other.forgotten_by(host.id()));
        }
    }

    /// Has this host prepare a statement of the operation, unless it forgets it each time; and beside
    /// it the others that the host has to be asked about.
    #[cold]
    pub(super) fn prepare_on<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
        statement: &PreparedStatement,
    ) {
        let times = self.times_prepared(statement);
        if times >= MAX_PREPARES {
            return self.try_next(&host, AttemptFailure::Forgotten { times });
        }
        self.count_prepare(statement);
        let deadline = operation.deadline_of_attempt(self.deadline);
        let mut beside = Vec::new();
        for other in operation.statements() {
            let is_new = self.times_prepared(other) == 0 && beside.len() + 1 < MOST_AT_ONCE;
            if is_new && other.metadata_on(host.id()).is_none() {
                self.count_prepare(other);
                beside.push(teach(shared, &host, other, 0, deadline));
            }
        }
        self.teach_on(shared, deadline, host, (statement, times), beside);
    }

    fn count_prepare(&mut self, statement: &PreparedStatement) {
        let prepares = &mut self.again().prepares;
        match prepares.iter_mut().find(|(known, _)| known.text() == statement.text()) {
            Some((_, times)) => *times += 1,
            None => prepares.push((statement.clone(), 1)),
        }
    }

    /// Teaches the host a statement that it was taught so often in this turn before, beside others.
    fn teach_on(
        &mut self,
        shared: &Arc<Shared>,
        deadline: Deadline,
        host: Arc<Host>,
        (statement, times): (&PreparedStatement, u8),
        beside: Vec<Teaching>,
    ) {
        self.history.iter().for_each(|history| history.teaching(&host));
        let teaching = teach(shared, &host, statement, times, deadline);
        let taught = Box::pin(all_taught(teaching, beside, deadline, shared.runtime.clone()));
        let statement = statement.clone();
        self.step = Step::Preparing(Box::new(Preparing { host, statement, deadline, taught }));
    }

    /// The host will not prepare the statement. That is a failure of its PREPARE, which executes
    /// nothing: the next host has its turn, unless it would say the same.
    #[cold]
    fn not_prepared(
        &mut self,
        of: StatementKind,
        host: &Host,
        failure: Failure,
    ) -> Result<(), Error> {
        if let (Some(history), Failure::Attempt(failure)) = (&self.history, &failure) {
            history.failed(host, failure);
        }
        let known = self.circumstances(&PrepareOperation::default(), host, None);
        match (decide(&failure, &known, &DefaultRetryPolicy), failure) {
            (Decision::NextHost { .. } | Decision::SameHost { .. }, Failure::Attempt(failure)) => {
                let failure = AttemptFailure::Prepare(Box::new(failure));
                self.again().owes_retry |= failure.was_sent();
                self.try_next(host, failure);
                Ok(())
            }
            (_, failure) => Err(self.end(of, failure.into_kind(name_of(host))).of_prepare()),
        }
    }

    /// The host has prepared the statement, or will not: with what it said, it is asked once more.
    #[cold]
    pub(super) fn taught<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        asked: Preparing,
        taught: Option<Result<(), Failure>>,
        may_send: bool,
    ) -> Result<(), Error> {
        let Preparing { host, statement, deadline, .. } = asked;
        let has_time = |deadline: Deadline| !deadline.remaining().is_zero();
        match taught {
            Some(Ok(())) if !may_send => Err(self.closed(operation.kind())),
            Some(Ok(())) => self.ask_again(shared, operation, host),
            // Whoever began it had less time.
            Some(Err(failure)) if failure.is_timeout() && has_time(deadline) => {
                // The host has forgotten nothing meanwhile.
                let times = self.times_prepared(&statement).saturating_sub(1);
                let deadline = operation.deadline_of_attempt(self.deadline);
                self.teach_on(shared, deadline, host, (&statement, times), Vec::new());
                Ok(())
            }
            Some(Err(failure)) if !failure.is_timeout() || !has_time(self.deadline) => {
                self.not_prepared(operation.kind(), &host, failure)
            }
            None if !has_time(self.deadline) => {
                let (phase, of_attempt) = (TimeoutPhase::Prepare, false);
                let kind = ErrorKind::Timeout { phase, host: Some(name_of(&host)), of_attempt };
                Err(self.end(operation.kind(), kind).of_prepare())
            }
            // The time of the attempt has passed, and not that of the whole.
            None | Some(Err(_)) => {
                let failure = RequestFailure::DeadlinePassed(Reached::Written);
                let (host_name, elapsed) = (name_of(&host), self.deadline.elapsed());
                let error = Box::new(RequestError { host: host_name, elapsed, failure });
                let failure = Failure::Attempt(AttemptFailure::TimedOut(error));
                self.not_prepared(operation.kind(), &host, failure)
            }
        }
    }
}

/// What the first comes to, once all are done. What the others come to is seen when the operation is
/// encoded: a host that was not taught one of them is asked for that by itself.
async fn all_taught(
    first: Teaching,
    beside: Vec<Teaching>,
    deadline: Deadline,
    home: Handle,
) -> Option<Result<(), Failure>> {
    if beside.is_empty() {
        return first.within(deadline, &home).await;
    }
    let beside = join_all(beside.into_iter().map(|other| other.within(deadline, &home)));
    join(first.within(deadline, &home), beside).await.0
}
