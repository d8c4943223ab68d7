//! Users: each call is made, perhaps let go of, and what comes of it is compared with what is true.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cqlwire::{Error, ErrorKind, PreparedStatement, Result, Session, TimeoutPhase};
use cqlwire_testkit::cancel::Cancellable;
use tokio::time::{Instant, timeout};

use super::model::{Fate, Model, PREPARES};
use super::plan::{LettingGo, Setup};
use super::world::World;

/// How late an answer to a caller may be: deadlines are filed in steps of some milliseconds.
const SLACK: Duration = Duration::from_millis(50);

/// The timeout of what has none of its own.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Users of one session.
#[derive(Clone)]
pub(crate) struct Users {
    pub(crate) session: Session,
    pub(crate) world: Arc<World>,
    pub(crate) setup: Arc<Setup>,
    prepared: Arc<Mutex<HashMap<String, PreparedStatement>>>,
}

/// What is asked for by one request, and what can be said of it.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) call: i64,
    /// The values by which its writes are told from others.
    pub(crate) writes: &'a [i64],
    pub(crate) timeout: Duration,
    /// How much longer than its timeout it may take.
    pub(crate) more: Duration,
    /// It may have been waited for by itself before anybody asked for it.
    pub(crate) is_ahead: bool,
    /// Nobody counts it by itself.
    pub(crate) uncounted: bool,
    pub(crate) letting_go: Option<LettingGo>,
}

impl<'a> Request<'a> {
    pub(crate) const fn new(call: i64, timeout: Duration) -> Self {
        let more = Duration::ZERO;
        Self {
            call,
            writes: &[],
            timeout,
            more,
            is_ahead: false,
            uncounted: false,
            letting_go: None,
        }
    }

    pub(crate) const fn writes(mut self, writes: &'a [i64]) -> Self {
        self.writes = writes;
        self
    }

    pub(crate) const fn let_go(mut self, at: Option<LettingGo>) -> Self {
        self.letting_go = at;
        self
    }
}

impl Users {
    pub(crate) fn new(session: Session, world: Arc<World>, setup: Setup) -> Self {
        Self { session, world, setup: Arc::new(setup), prepared: Arc::default() }
    }

    pub(crate) fn model(&self) -> &Model {
        &self.world.model
    }

    /// Makes a request, and looks at when it ends, and how. `None`: it was let go of, or failed.
    pub(crate) async fn ask<T>(
        &self,
        request: Request<'_>,
        future: impl Future<Output = Result<T>>,
    ) -> Option<T> {
        let started = Instant::now();
        let outcome = let_go(request.letting_go, future).await;
        let took = started.elapsed();
        let call = request.call;
        self.model().note(|| match &outcome {
            Some(Ok(_)) => format!("{call} ok after {took:?}"),
            Some(Err(error)) => format!("{call} failed after {took:?}: {error}"),
            None => format!("{call} let go of after {took:?}"),
        });
        let unpolled = outcome.is_none() && request.letting_go.is_some_and(LettingGo::unpolled);
        if !unpolled && !request.uncounted {
            let seen = outcome.as_ref().map(|outcome| outcome.as_ref().map(drop));
            self.model().state().seen.note(seen);
        }
        self.check_time(&request, took, outcome.as_ref().and_then(|own| own.as_ref().err()));
        match outcome {
            Some(Ok(output)) => {
                request.writes.iter().for_each(|write| self.model().tell(*write, Fate::Done));
                return Some(output);
            }
            Some(Err(error)) => self.failed(call, request.writes, &error),
            None if unpolled => {
                request.writes.iter().for_each(|write| self.model().tell(*write, Fate::NotSent));
            }
            None => {}
        }
        None
    }

    fn check_time(&self, request: &Request<'_>, took: Duration, error: Option<&Error>) {
        let Request { call, timeout, more, .. } = *request;
        if took > timeout + more + SLACK {
            self.model().wrong(format!("{call} took {took:?}, its timeout is {timeout:?}"));
        }
        if let Some(error) = error
            && let ErrorKind::Timeout { phase, of_attempt: false, .. } = error.kind()
            && *phase != TimeoutPhase::Retry
            && !request.is_ahead
            && took < timeout
        {
            self.model().wrong(format!("{call} timed out after {took:?} of {timeout:?}: {error}"));
        }
        // Nobody in its way but a few others: it is not to wait for anything but its servers.
        let soon = Duration::from_millis(self.setup.slowest * 4 + 50);
        if self.setup.calm && self.setup.stream_ids > 100 && took > soon + more {
            self.model()
                .wrong(format!("{call} took {took:?} of servers with which nothing is wrong"));
        }
    }

    /// Looks at the error of a call that was to write this.
    pub(crate) fn failed(&self, call: i64, writes: &[i64], error: &Error) {
        let fate = match error.kind() {
            ErrorKind::SessionClosed => Fate::NotSent,
            _ if error.may_have_been_applied() => Fate::Open,
            _ => Fate::NotDone,
        };
        writes.iter().for_each(|write| self.model().tell(*write, fate));
        if !self.is_explained(call, error) {
            self.model().wrong(format!("{call}: nothing explains this error: {error}"));
        }
    }

    /// Is there a reason for such an error?
    fn is_explained(&self, call: i64, error: &Error) -> bool {
        let (own, of_prepares) = (self.model().said(call), self.model().said(PREPARES));
        let something_is_wrong = !self.setup.calm;
        match error.kind() {
            ErrorKind::Server { error, .. } => {
                let code = error.code.code();
                own.codes.contains(&code) || of_prepares.codes.contains(&code)
            }
            ErrorKind::Timeout { .. }
            | ErrorKind::ConnectionLost { .. }
            | ErrorKind::NoHostAvailable { .. } => something_is_wrong || self.session.is_closed(),
            ErrorKind::Overloaded { .. } => self.setup.max_requests.is_some(),
            ErrorKind::SessionClosed => self.session.is_closed(),
            ErrorKind::Decode(_)
            | ErrorKind::Value { .. }
            | ErrorKind::UnexpectedResponse(_)
            | ErrorKind::NoColumns { .. }
            | ErrorKind::KeyspaceSwitched { .. }
            | ErrorKind::MorePages { .. } => own.lied || of_prepares.lied,
            ErrorKind::Encode(_) => of_prepares.lied,
            _ => false,
        }
    }

    /// The statement of this text: from those that there are, or from a server.
    pub(crate) async fn prepared(&self, call: i64, text: String) -> Option<PreparedStatement> {
        let lock = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&text) {
            return Some(known.clone());
        }
        let request = Request::new(call, DEFAULT_TIMEOUT);
        let statement = self.ask(request, self.session.prepare(&text)).await?;
        lock().insert(text, statement.clone());
        Some(statement)
    }
}

/// Drops the future when it is to be dropped; `None` if it was not done by then.
pub(crate) async fn let_go<F: Future>(when: Option<LettingGo>, future: F) -> Option<F::Output> {
    match when {
        None => Some(future.await),
        Some(LettingGo::At(cut)) => Cancellable::at(future, cut).await,
        Some(LettingGo::After(millis)) => timeout(Duration::from_millis(millis), future).await.ok(),
    }
}
