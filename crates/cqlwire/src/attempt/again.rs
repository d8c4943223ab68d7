//! What follows from an attempt that failed: another one, a pause before it, or the error.
//!
//! The budget of the session is asked for each retry when it is about to be made, so that it is not
//! charged for those that there is no host for.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::Host;
use cqlwire_codec::{ErrorCode, StatementKind};
use cqlwire_net::{RefusedBecause, RequestFailure};

use super::decide::{Circumstances, Decision, decide};
use super::run::{Again, Pausing, Run, Step, name_of};
use crate::error::{Attempt, AttemptFailure, Error, ErrorKind};
use crate::operation::{Failure, Operation};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;

impl Run {
    /// An attempt has failed: what is right to do then.
    #[cold]
    pub(super) fn go_on<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
        failure: Failure,
    ) -> Result<(), Error> {
        let failure = self.by_which_deadline(operation, failure);
        let failure = failure.without_secrets_of(|| operation.texts());
        if let (Some(history), Failure::Attempt(failure)) = (&self.history, &failure) {
            history.failed(&host, failure);
        }
        let statement = match &failure {
            Failure::Values(error) => operation.statement_of(error),
            failure => failure.unprepared_id().and_then(|id| {
                let forgotten = operation.statement_with_id(id, host.id());
                forgotten.inspect(|statement| {
                    self.forgotten(operation, &host, statement);
                    shared.log.unprepared(host.address(), statement.text());
                })
            }),
        };
        let policy = operation.retry_policy().unwrap_or_else(|| shared.retries.policy());
        let mut known = self.circumstances(operation, &host, statement);
        known.pause = shared.retries.pause(known.attempts_at_host);
        // What the host said since then is what the values do not fit.
        let was_prepared = statement.is_some_and(|statement| self.times_prepared(statement) > 0);
        known.may_prepare &= !(was_prepared && matches!(failure, Failure::Values(_)));
        match (decide(&failure, &known, policy), statement, failure) {
            (Decision::Reprepare, Some(statement), _) => {
                self.prepare_on(shared, operation, host, statement);
                Ok(())
            }
            (Decision::NextHost { again }, _, Failure::Attempt(failure)) => {
                self.again().owes_retry |= again;
                self.try_next(&host, failure);
                Ok(())
            }
            (Decision::SameHost { after, at }, _, Failure::Attempt(failure)) => {
                self.again().attempts.push(Attempt { host: name_of(&host), failure });
                if after >= self.deadline.remaining() {
                    return Err(self.end_with_last(operation.kind()));
                }
                self.pay_for_retry(shared, operation.kind())?;
                let before = self.consistency();
                self.again().consistency = at.or(before);
                self.pause(shared, operation, after, Some(host));
                Ok(())
            }
            (Decision::Panicked(message), _, Failure::Attempt(failure)) => {
                shared.retries.panicked();
                self.again().attempts.push(Attempt { host: name_of(&host), failure });
                Err(self.end(operation.kind(), ErrorKind::RetryPolicy { message }))
            }
            (_, _, failure) => Err(self.end(operation.kind(), failure.into_kind(name_of(&host)))),
        }
    }

    /// Hands the operation to the next host, as a retry or at another consistency than at first.
    #[cold]
    pub(super) fn retry_on<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
    ) -> Result<(), Error> {
        if self.again().owes_retry {
            self.pay_for_retry(shared, operation.kind())?;
        }
        self.ask_again(shared, operation, host)
    }

    /// The turn of this host is over, for this reason.
    pub(super) fn try_next(&mut self, host: &Host, failure: AttemptFailure) {
        self.again().attempts.push(Attempt { host: name_of(host), failure });
        self.step = Step::Next;
    }

    /// What is known beside a failure, which may be about this statement.
    pub(super) fn circumstances<O: Operation>(
        &self,
        operation: &O,
        host: &Host,
        statement: Option<&PreparedStatement>,
    ) -> Circumstances<'_> {
        let (name, mut before, mut at_host) = (name_of(host), 0, 0);
        for attempt in self.attempts().iter().filter(|attempt| attempt.was_sent()) {
            before += 1;
            at_host += u32::from(attempt.host == name);
        }
        Circumstances {
            idempotent: operation.is_idempotent(),
            kind: operation.kind(),
            consistency: self.consistency().unwrap_or_else(|| operation.routing().consistency),
            may_prepare: statement.is_some_and(|statement| self.may_prepare(statement)),
            host: host.id(),
            attempts: before + 1,
            attempts_at_host: at_host + 1,
            previous: self.attempts(),
            pause: Duration::ZERO,
        }
    }

    /// Says of a deadline that passed whether it was only that of the attempt.
    #[cold]
    fn by_which_deadline<O: Operation>(&self, operation: &O, failure: Failure) -> Failure {
        match failure {
            Failure::Attempt(AttemptFailure::NoResponse(error))
                if matches!(error.failure, RequestFailure::DeadlinePassed(_))
                    && operation.attempt_timeout().is_some()
                    && !self.deadline.remaining().is_zero() =>
            {
                Failure::Attempt(AttemptFailure::TimedOut(error))
            }
            other => other,
        }
    }

    /// Takes a retry from the budget, for what was sent and failed last.
    ///
    /// # Errors
    ///
    /// There is none left, of the session or of the request: it ends with that.
    #[cold]
    fn pay_for_retry(&mut self, shared: &Shared, of: StatementKind) -> Result<(), Error> {
        self.again().owes_retry = false;
        if self.has_attempts_left(shared) && shared.retries.may_retry(|| shared.begun()) {
            let failed = self.attempts().iter().rfind(|attempt| attempt.was_sent());
            failed.into_iter().for_each(|attempt| shared.retries.again_after(&attempt.failure));
            return Ok(());
        }
        Err(self.end_with_last(of))
    }

    fn has_attempts_left(&self, shared: &Shared) -> bool {
        let sent = self.attempts().iter().filter(|attempt| attempt.was_sent()).count();
        u32::try_from(sent).is_ok_and(|sent| sent < shared.retries.settings().max_attempts)
    }

    /// No host is left: the plan begins anew after a pause, if that has a chance and there is time;
    /// else that is the end.
    #[cold]
    pub(super) fn plan_anew<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
    ) -> Result<(), Error> {
        let retries = &shared.retries;
        let &mut Again { plans_anew, before_plan, .. } = self.again();
        let pause = retries.pause(u32::from(plans_anew) + 1);
        let mut of_plan = self.attempts().iter().skip(before_plan.into());
        let goes_on = of_plan.any(|attempt| attempt.failure.may_pass())
            && plans_anew + 1 < retries.settings().max_plans
            && self.has_attempts_left(shared)
            && pause < self.deadline.remaining()
            && retries.may_plan_anew(|| shared.begun());
        if !goes_on {
            return Err(self.exhausted(operation.kind()));
        }
        self.history.iter().for_each(|history| history.plan_anew());
        (self.is_whole, self.plan) = (false, None);
        let again = self.again();
        again.plans_anew += 1;
        again.owes_retry = false;
        // Why a host was skipped is said anew.
        again.attempts.retain(Attempt::was_sent);
        again.before_plan = u8::try_from(again.attempts.len()).unwrap_or(u8::MAX);
        self.pause(shared, operation, pause, None);
        Ok(())
    }

    fn pause<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        length: Duration,
        host: Option<Arc<Host>>,
    ) {
        self.history.iter().for_each(|history| history.pause(length));
        let closing = shared.cluster().closing();
        let pause = operation.timed(&shared.runtime, async move {
            tokio::select! {
                biased;
                // Nobody is asked any more.
                () = closing => {}
                () = tokio::time::sleep(length) => {}
            }
        });
        self.step = Step::Pausing(Box::new(Pausing { pause, host }));
    }

    /// The error of the last attempt is that of the whole.
    #[cold]
    fn end_with_last(&mut self, of: StatementKind) -> Error {
        let is_an_error_itself = |attempt: &mut Attempt| {
            matches!(
                attempt.failure,
                AttemptFailure::Server { .. }
                    | AttemptFailure::NoResponse(_)
                    | AttemptFailure::TimedOut(_)
            )
        };
        let Some(Attempt { host, failure }) = self.again().attempts.pop_if(is_an_error_itself)
        else {
            return self.exhausted(of);
        };
        self.end(of, Failure::Attempt(failure).into_kind(host))
    }

    /// No host is left.
    #[cold]
    fn exhausted(&mut self, of: StatementKind) -> Error {
        let plan_was_empty = self.attempts().is_empty();
        let kind = self
            .said_by_the_last()
            .or_else(|| self.refused_by_all())
            .or_else(|| self.not_in_version())
            .unwrap_or(ErrorKind::NoHostAvailable { plan_was_empty });
        self.end(of, kind)
    }

    /// What the last attempt failed with, if that says more than that there is none after it.
    pub(super) fn said_by_the_last(&mut self) -> Option<ErrorKind> {
        let says_more = |attempt: &mut Attempt| match &attempt.failure {
            AttemptFailure::Server { error, .. } => {
                !matches!(error.code, ErrorCode::Overloaded | ErrorCode::IsBootstrapping)
            }
            AttemptFailure::NoResponse(error) | AttemptFailure::TimedOut(error) => {
                error.may_have_been_applied()
            }
            _ => false,
        };
        let Attempt { host, failure } = self.again().attempts.pop_if(says_more)?;
        Some(Failure::Attempt(failure).into_kind(host))
    }

    /// What hosts cannot be told, if it is for that that there is none.
    fn not_in_version(&mut self) -> Option<ErrorKind> {
        let at = self.attempts().iter().rposition(|attempt| attempt.failure.is_not_in_version())?;
        let Attempt { host, mut failure } = self.again().attempts.remove(at);
        while let AttemptFailure::Prepare(inner) = failure {
            failure = *inner;
        }
        Some(Failure::Attempt(failure).into_kind(host))
    }

    /// The limit of a queue of ours that all hosts met.
    fn refused_by_all(&self) -> Option<ErrorKind> {
        let mut limits = self.attempts().iter().map(|attempt| match attempt.failure {
            AttemptFailure::Refused(RefusedBecause::Full(limit)) => Some(limit),
            _ => None,
        });
        let first = limits.next().flatten()?;
        limits.all(|limit| limit.is_some()).then_some(ErrorKind::Overloaded { limit: first.into() })
    }
}
