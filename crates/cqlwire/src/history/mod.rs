//! What happens to one request, for whoever asked to see it: the log of slow requests, the session's
//! observers, a trace. It is in a box that exists only if somebody did; else each of the places where
//! something happens costs a branch.
//!
//! ```text
//!   begin (who would like to know?) --> turn, prepared, sent, failed, response ... --> end --+
//!     |                                                                                      |
//!     +-- nobody: nothing is written down                    dropped: cancelled --> tell <---+
//! ```

mod asked;
mod beginning;
mod report;
mod span;
mod timed;
mod trace_context;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cqlwire_cluster::{Host, Routing, Topology};
use cqlwire_codec::CustomPayload;
use cqlwire_net::{RequestKind, Timeline};
use tokio::time::Instant;

pub(crate) use self::asked::AskedReport;
pub(crate) use self::beginning::Beginning;
pub use self::report::{Candidate, ReportHost, RequestEnding, RequestReport, Step, StepKind};
use self::span::RequestSpan;
pub(crate) use self::span::are_wanted;
use self::timed::TimedAttempt;
pub(crate) use self::trace_context::TraceContext;
use crate::cql::Outline;
use crate::error::{AttemptFailure, Error};
use crate::observer::Observers;
use crate::request_log::RequestLog;

/// What happens to one request. Shared by its executions, if there are several.
pub(crate) struct History {
    begun: Instant,
    kind: RequestKind,
    statement: Arc<Outline>,
    keyspace: Option<Arc<str>>,
    span: RequestSpan,
    steps: Mutex<Vec<Step>>,
    /// Its attempts, if whoever asked for it would like to know when each got how far.
    timed: Mutex<Vec<TimedAttempt>>,
    log: Arc<RequestLog>,
    observers: Option<Arc<Observers>>,
    /// Whoever asked for this one.
    asked: Option<Arc<AskedReport>>,
}

/// The history of a request that has not ended. Dropped, the request was cancelled.
pub(crate) struct Watched {
    history: Arc<History>,
    ending: RequestEnding,
    /// What its servers get along with it, if its trace context goes there too.
    payload: Option<CustomPayload>,
}

impl Watched {
    #[cold]
    pub(crate) fn begin(
        beginning: &Beginning<'_>,
        log: Arc<RequestLog>,
        observers: Option<Arc<Observers>>,
        trace_context: Option<&TraceContext>,
    ) -> Box<Self> {
        let Beginning { kind, statement, keyspace, custom_payload, .. } = beginning;
        let span = RequestSpan::new(beginning, &log);
        let payload = trace_context.filter(|_| !beginning.is_joint).and_then(|context| {
            span.seen_by_callers(|span| context.payload(span, *custom_payload, &log))
        });
        let history = History {
            begun: Instant::now(),
            kind: *kind,
            statement: Arc::clone(statement),
            keyspace: keyspace.clone(),
            span,
            steps: Mutex::default(),
            timed: Mutex::default(),
            log,
            observers,
            asked: beginning.asked.clone(),
        };
        let (history, ending) = (Arc::new(history), RequestEnding::Cancelled);
        Box::new(Self { history, ending, payload })
    }

    pub(crate) fn history(&self) -> Arc<History> {
        Arc::clone(&self.history)
    }

    /// What its servers get along with it, instead of what its user says alone.
    pub(crate) const fn payload(&self) -> Option<&CustomPayload> {
        self.payload.as_ref()
    }

    /// The same, for whoever keeps it until it is sent.
    pub(crate) const fn take_payload(&mut self) -> Option<CustomPayload> {
        self.payload.take()
    }

    /// It has its outcome.
    #[cold]
    pub(crate) fn end(&mut self, error: Option<&Error>) {
        self.ending = match error {
            None => RequestEnding::Ok,
            Some(error) => RequestEnding::Failed(error.clone()),
        };
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let ending = std::mem::replace(&mut self.ending, RequestEnding::Cancelled);
        self.history.tell(ending);
    }
}

impl History {
    /// Its turn has come, for which it had to wait.
    pub(crate) fn turn(&self) {
        self.note(StepKind::Turn);
    }

    /// Its text is prepared, for which it had to wait.
    pub(crate) fn prepared(&self) {
        self.note(StepKind::Prepared);
    }

    /// Its text had been prepared before.
    pub(crate) fn known(&self) {
        self.note(StepKind::Known);
    }

    /// Its partition is here, as far as is known. Only for whoever asked for this one.
    pub(crate) fn routed(&self, topology: &Topology, routing: &Routing<'_>) {
        if self.asked.is_none() {
            return;
        }
        let candidates = match (routing.keyspace, routing.token) {
            (Some(keyspace), Some(token)) => {
                topology.replicas(keyspace, token).map(|host| Candidate::from(&**host)).collect()
            }
            _ => Vec::new(),
        };
        self.note(StepKind::Routed { token: routing.token, replicas: candidates });
    }

    /// Where it is noted how far the next attempt has got when. Only for whoever asked for this one.
    pub(crate) fn timeline(&self) -> Option<Arc<Timeline>> {
        self.asked.as_ref().map(|_| Arc::default())
    }

    /// The host has it.
    pub(crate) fn sent(&self, host: &Host, timeline: Option<Arc<Timeline>>) {
        self.note(StepKind::Sent(host.into()));
        if let Some(timeline) = timeline {
            let attempt = TimedAttempt::new(host, self.begun.elapsed(), timeline);
            self.timed.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
        }
    }

    /// The host prepares a statement of it first.
    pub(crate) fn teaching(&self, host: &Host) {
        self.note(StepKind::Teaching(host.into()));
    }

    /// The attempt at this host came to this.
    pub(crate) fn failed(&self, host: &Host, failure: &AttemptFailure) {
        self.note(StepKind::Failed(host.into(), failure.clone()));
    }

    /// It waits so long before it is sent again.
    pub(crate) fn pause(&self, length: Duration) {
        self.note(StepKind::Pause(length));
    }

    /// No host was left: the plan begins anew.
    pub(crate) fn plan_anew(&self) {
        self.note(StepKind::PlanAnew);
    }

    /// Another execution begins beside, since its host has gone quiet, or for the time that passed.
    pub(crate) fn beside(&self, for_silence: bool) {
        self.note(StepKind::Beside { for_silence });
    }

    /// The host responded with so many bytes.
    pub(crate) fn response(&self, host: &Host, bytes: usize) {
        self.note(StepKind::Response { host: host.into(), bytes });
    }

    /// The response of the host has been decoded, or could not be. Only for whoever asked for this one.
    pub(crate) fn decoded(&self, host: &Host) {
        if self.asked.is_some() {
            self.note(StepKind::Decoded(host.into()));
        }
    }

    fn note(&self, kind: StepKind) {
        let step = Step { at: self.begun.elapsed(), kind };
        self.span.step(&step);
        self.steps().push(step);
    }

    /// It is over: whoever asked is told.
    fn tell(&self, ending: RequestEnding) {
        let report = RequestReport {
            kind: self.kind,
            statement: Arc::clone(&self.statement.text),
            keyspace: self.keyspace.clone(),
            took: self.begun.elapsed(),
            steps: self.all_steps(),
            ending,
        };
        self.span.end(&report);
        self.log.ended(&report);
        if let Some(asked) = &self.asked {
            asked.put(report.clone());
        }
        if let Some(observers) = &self.observers {
            observers.request(report);
        }
    }

    /// Those that were written down, and those of attempts that were timed, in order.
    fn all_steps(&self) -> Vec<Step> {
        let mut steps = std::mem::take(&mut *self.steps());
        let timed = std::mem::take(&mut *self.timed.lock().unwrap_or_else(PoisonError::into_inner));
        for (number, attempt) in timed.iter().enumerate() {
            attempt.join(number, &mut steps, self.begun.into_std());
        }
        steps
    }

    fn steps(&self) -> MutexGuard<'_, Vec<Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statement = &self.history.statement.text;
        f.debug_struct("Watched").field("statement", statement).finish_non_exhaustive()
    }
}
