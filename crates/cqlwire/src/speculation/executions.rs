//! The executions of one operation: nearly always one.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_codec::StatementKind;
use cqlwire_net::Deadline;

use super::policy::{SlowRequest, SpeculativePolicy};
use crate::attempt::Run;
use crate::error::{Error, ErrorKind};
use crate::history::History;
use crate::operation::{HostResponse, Operation};
use crate::shared::Shared;
use crate::timed::Timed;

/// How many executions there may be for hosts that have gone quiet, beside the first.
const MOST_FOR_SILENCE: u32 = 2;

/// See the [module](self).
pub(crate) struct Executions {
    /// The only one, as a rule; the one that won, once one has.
    first: Run,
    beside: Option<Box<Beside>>,
}

/// What there is once the first has no response in time.
#[derive(Default)]
struct Beside {
    /// Those that are under way, beside the first.
    runs: Vec<Run>,
    /// What those that have failed came to, the last one last.
    failed: Vec<Error>,
    first_has_failed: bool,
    /// How many have been begun for the time that passed.
    for_time: u32,
    /// How often one was to be begun for silence, whether or not the budget had it.
    for_silence: u32,
    /// Until another one is begun.
    timer: Option<Timed<()>>,
    /// That time has passed, and no other one has been begun since: there may have been no host.
    is_due: bool,
    /// The policy has no more, or the budget.
    no_more_for_time: bool,
}

impl Executions {
    /// Before the first host is chosen.
    #[inline]
    pub(crate) const fn new(deadline: Deadline, history: Option<Arc<History>>) -> Self {
        Self { first: Run::new(deadline, history), beside: None }
    }

    /// The same, of what had to wait before.
    #[cold]
    pub(crate) fn later(deadline: Deadline, history: Option<Arc<History>>) -> Self {
        let mut executions = Self::new(deadline, history);
        executions.first.set_not_whole();
        executions
    }

    /// Does the time that its last attempt took say how long the whole took?
    #[inline]
    pub(crate) const fn is_whole(&self) -> bool {
        self.first.is_whole()
    }

    pub(crate) const fn deadline(&self) -> Deadline {
        self.first.deadline
    }

    /// From now on attempts have until then.
    pub(crate) fn set_deadline(&mut self, deadline: Deadline) {
        self.first.set_deadline(deadline);
        let runs = self.beside.iter_mut().flat_map(|beside| &mut beside.runs);
        runs.for_each(|run| run.set_deadline(deadline));
    }

    /// The error that it ends with, though there was a response.
    #[cold]
    pub(crate) fn end(&mut self, of: StatementKind, kind: ErrorKind) -> Error {
        self.first.end(of, kind)
    }

    /// The first response that is no error, or, once all have failed, why there is none.
    ///
    /// Without `may_send`, since the session has been closed, what is under way is waited for, and
    /// nothing else is sent.
    #[inline]
    pub(crate) fn poll<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        may_send: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<HostResponse, Error>> {
        // Nothing is moved on the way of the usual case: the response goes where it is wanted.
        if self.stays_alone(shared, operation, may_send) {
            return self.first.poll(shared, operation, may_send, context);
        }
        self.poll_all(shared, operation, may_send, context)
    }

    /// Is there the first alone, and nothing that asks for another one?
    #[inline]
    fn stays_alone<O: Operation>(&self, shared: &Shared, operation: &O, may_send: bool) -> bool {
        let asks_for_another =
            || policy_of(shared, operation).is_some() || self.first.is_at_a_quiet_host();
        self.beside.is_none() && !(asks_for_another() && may_send && operation.is_idempotent())
    }

    #[cold]
    fn poll_all<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        may_send: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<HostResponse, Error>> {
        self.beside.get_or_insert_default();
        loop {
            if let Some(response) = self.poll_each(shared, operation, may_send, context) {
                self.beside = None;
                return Poll::Ready(Ok(response));
            }
            let Some(beside) = &mut self.beside else { return Poll::Pending };
            if beside.first_has_failed && beside.runs.is_empty() {
                return Poll::Ready(Err(self.failed()));
            }
            if !may_send || !beside.is_time(&self.first, shared, operation, context) {
                return Poll::Pending;
            }
            let Some(run) = self.first.beside() else { return Poll::Pending };
            beside.runs.push(run);
        }
    }

    /// The response of one of them, if one is there. That one is the first from then on, and the
    /// others are dropped: withdrawn if they were not sent, else orphaned.
    fn poll_each<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        may_send: bool,
        context: &mut Context<'_>,
    ) -> Option<HostResponse> {
        let beside = self.beside.as_mut()?;
        if !beside.first_has_failed {
            match self.first.poll_beside(shared, operation, may_send, context) {
                Poll::Ready(Ok(response)) => return Some(response),
                Poll::Ready(Err(error)) => {
                    beside.first_has_failed = true;
                    beside.failed.push(error);
                }
                Poll::Pending => {}
            }
        }
        let mut at = 0;
        while let Some(run) = beside.runs.get_mut(at) {
            match run.poll_beside(shared, operation, may_send, context) {
                Poll::Ready(Ok(response)) => {
                    shared.speculations.won();
                    self.first = beside.runs.swap_remove(at);
                    return Some(response);
                }
                Poll::Ready(Err(error)) => {
                    beside.runs.swap_remove(at);
                    beside.failed.push(error);
                }
                Poll::Pending => {
                    // None goes where another one is.
                    self.first.leave_to(run);
                    beside.leave_to(at);
                    at += 1;
                }
            }
        }
        None
    }

    /// What all of them came to: the last error, after what the others failed with.
    fn failed(&mut self) -> Error {
        let mut failed = self.beside.take().map(|beside| beside.failed).unwrap_or_default();
        let last = failed.pop().unwrap_or_else(|| ErrorKind::SessionClosed.into());
        last.after_others(failed)
    }
}

/// What says when there is another execution for the time that passes.
#[inline]
fn policy_of<'a, O: Operation>(
    shared: &'a Shared,
    operation: &'a O,
) -> Option<&'a dyn SpeculativePolicy> {
    operation.speculative_policy().or_else(|| shared.speculations.policy())
}

impl Beside {
    /// The others beside the first do not go where this one is.
    fn leave_to(&mut self, at: usize) {
        let (before, from) = self.runs.split_at_mut(at);
        if let Some((run, after)) = from.split_first_mut() {
            before.iter_mut().chain(after).for_each(|other| other.leave_to(run));
        }
    }

    /// Is it time for another one?
    fn is_time<O: Operation>(
        &mut self,
        first: &Run,
        shared: &Arc<Shared>,
        operation: &O,
        context: &mut Context<'_>,
    ) -> bool {
        let silent = self.is_silent(first) && self.for_silence < MOST_FOR_SILENCE;
        if !silent && self.poll_time(shared, operation, context).is_pending()
            || !first.may_go_elsewhere(shared, operation)
        {
            return false;
        }
        let begins = if silent {
            self.for_silence += 1;
            shared.retries.may_go_beside(|| shared.begun())
        } else {
            self.is_due = false;
            let begins = shared.speculations.may_begin(|| shared.begun());
            self.no_more_for_time |= !begins;
            self.for_time += u32::from(begins);
            begins
        };
        if begins {
            shared.speculations.began(silent);
            first.history().into_iter().for_each(|history| history.beside(silent));
        }
        begins
    }

    /// Are the hosts of all that are under way quiet?
    fn is_silent(&self, first: &Run) -> bool {
        (self.first_has_failed || first.is_at_a_quiet_host())
            && self.runs.iter().all(Run::is_at_a_quiet_host)
    }

    /// Has the time passed that the policy says?
    fn poll_time<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if self.no_more_for_time {
            return Poll::Pending;
        }
        if self.is_due {
            return Poll::Ready(());
        }
        let timer = match &mut self.timer {
            Some(timer) => timer,
            none => {
                let number = self.for_time + 1;
                let (statement, kind) = (operation.kind(), operation.request_kind());
                let request = SlowRequest::new(statement, kind, number).of(shared.cluster());
                let delay = policy_of(shared, operation)
                    .and_then(|policy| shared.speculations.delay(policy, &request));
                let Some(delay) = delay else {
                    self.no_more_for_time = true;
                    return Poll::Pending;
                };
                let waiting = async move { tokio::time::sleep(delay).await };
                none.insert(operation.timed(&shared.runtime, waiting))
            }
        };
        ready!(timer.as_mut().poll(context));
        (self.timer, self.is_due) = (None, true);
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A reader who comes late gives all of them its time.
    #[test]
    fn g6_6_another_deadline_is_that_of_each_execution() {
        let [early, late] = [1, 60].map(|seconds| Deadline::after(Duration::from_secs(seconds)));
        let runs = vec![Run::new(early, None), Run::new(early, None)];
        let beside = Some(Box::new(Beside { runs, ..Beside::default() }));
        let mut executions = Executions { first: Run::new(early, None), beside };
        executions.set_deadline(late);
        let of_first = std::iter::once(&executions.first);
        let mut runs = of_first.chain(executions.beside.iter().flat_map(|beside| &beside.runs));
        assert!(runs.clone().count() == 3 && runs.all(|run| run.deadline.at() == late.at()));
    }
}
