//! From one request to one answer: host after host, as long as that is safe.
//!
//! ```text
//!   plan --> host --> connection --> send --> answer --------------------------> done
//!             ^                       |         |  unprepared: PREPARE, once more
//!             |     not sent, for sure|         |  overloaded, bootstrapping: not executed
//!             +-----------------------+---------+
//!             |     lost on the way, or too few replicas in time; and idempotent
//!             +-----------------------+
//!   anything else ends it, as the error that it is
//! ```

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use cqlwire_cluster::{Host, Plan};
use cqlwire_codec::{Envelope, ErrorCode, Response, ResultResponse, ServerError};
use cqlwire_net::{Deadline, Reached, RefusedBecause, Request, RequestError, RequestFailure};

use super::Answer;
use super::ask::{Ask, AskPrepare, Encoded};
use crate::core::Core;
use crate::error::{Attempt, AttemptFailure, Error, ErrorKind, TimeoutPhase};
use crate::prepared::ResultColumns;
use crate::{PreparedStatement, scratch};

/// How often a connection of one host is picked before another host has its turn: those that were
/// lost a moment ago may still be offered.
const MAX_PICKS: u32 = 3;

/// Why an attempt was not the last.
pub(super) enum Failure {
    /// Another host may be tried.
    Next(AttemptFailure),
    /// No other attempt would be right.
    Final(ErrorKind),
    /// The host does not know the statement.
    Unprepared(Box<ServerError>),
}

impl<E: Into<ErrorKind>> From<E> for Failure {
    fn from(kind: E) -> Self {
        Self::Final(kind.into())
    }
}

/// The way of one request: the hosts that are left to try, and those that were.
pub(crate) struct Trail {
    plan: Plan,
    attempts: Vec<Attempt>,
    deadline: Deadline,
}

/// A request that a host has taken.
pub(super) struct Sent {
    host: Arc<Host>,
    request: Request,
    known: Option<Arc<ResultColumns>>,
}

impl Trail {
    /// Before the first host of a fresh plan.
    pub(crate) fn new(core: &Core, deadline: Deadline) -> Self {
        Self { plan: core.cluster().plan(), attempts: Vec::new(), deadline }
    }

    /// From one request to one answer.
    pub(crate) async fn run<A: Ask>(&mut self, ask: &A) -> Result<Answer, Error> {
        let sent = self.send(ask)?;
        match sent.answer(ask).await {
            Ok(answer) => Ok(answer),
            Err((host, failure)) => self.go_on(ask, host, failure).await,
        }
    }

    /// Hands the request to the next host that takes it.
    pub(super) fn send<A: Ask>(&mut self, ask: &A) -> Result<Sent, Error> {
        while let Some(host) = self.plan.next() {
            match send_to(&host, ask, self.deadline) {
                Ok((request, known)) => return Ok(Sent { host, request, known }),
                Err(failure) => self.note(&host, failure)?,
            }
        }
        Err(self.exhausted())
    }

    /// Goes on after a failed attempt, as long as that is right.
    pub(super) async fn go_on<A: Ask>(
        &mut self,
        ask: &A,
        mut host: Arc<Host>,
        mut failure: Failure,
    ) -> Result<Answer, Error> {
        loop {
            if let (Failure::Unprepared(_), Some(prepared)) = (&failure, ask.prepared()) {
                match prepare_again(&host, prepared, ask, self.deadline).await {
                    Ok(answer) => return Ok(answer),
                    Err(other) => failure = other,
                }
            }
            self.note(&host, failure)?;
            match self.send(ask)?.answer(ask).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => (host, failure) = failed,
            }
        }
    }

    /// Remembers a failed attempt.
    ///
    /// # Errors
    ///
    /// It was the last.
    fn note(&mut self, host: &Host, failure: Failure) -> Result<(), Error> {
        match failure {
            Failure::Next(failure) => {
                self.attempts.push(Attempt { host: name_of(host), failure });
                Ok(())
            }
            Failure::Final(kind) => Err(self.end(kind)),
            Failure::Unprepared(error) => {
                Err(self.end(ErrorKind::Server { host: name_of(host), error }))
            }
        }
    }

    /// No host is left. What the last one failed with says more than that there is no other.
    fn exhausted(&mut self) -> Error {
        let plan_was_empty = self.attempts.is_empty();
        let failed = |attempt: &mut Attempt| match &attempt.failure {
            AttemptFailure::Server(error) => !refuses_to_execute(error.code),
            _ => false,
        };
        let kind = match self.attempts.pop_if(failed) {
            Some(Attempt { host, failure: AttemptFailure::Server(error) }) => {
                ErrorKind::Server { host, error }
            }
            _ => ErrorKind::NoHostAvailable { plan_was_empty },
        };
        self.end(kind)
    }

    /// The error that it ends with: after which attempts, and how long it took.
    #[cold]
    pub(crate) fn end(&mut self, kind: ErrorKind) -> Error {
        let attempts = std::mem::take(&mut self.attempts);
        Error::after(kind, attempts, Some(self.deadline.elapsed()))
    }
}

impl Sent {
    /// The answer, or why it is none, once it is there.
    pub(super) fn poll<A: Ask>(
        &mut self,
        ask: &A,
        context: &mut Context<'_>,
    ) -> Poll<Result<Answer, Failure>> {
        Pin::new(&mut self.request).poll(context).map(|outcome| self.settle(ask, outcome))
    }

    async fn answer<A: Ask>(mut self, ask: &A) -> Result<Answer, (Arc<Host>, Failure)> {
        let answer = poll_fn(|context| self.poll(ask, context)).await;
        answer.map_err(|failure| (self.host, failure))
    }

    pub(super) fn host(&self) -> Arc<Host> {
        Arc::clone(&self.host)
    }

    fn settle<A: Ask>(
        &mut self,
        ask: &A,
        outcome: Result<Envelope, RequestError>,
    ) -> Result<Answer, Failure> {
        let envelope = outcome.map_err(|error| no_answer(&self.host, ask, error))?;
        let version = envelope.header.version;
        let decoded = envelope.into_response().map_err(ErrorKind::from)?;
        if let Response::Error(error) = decoded.response {
            return Err(refused_by_server(&self.host, ask, error));
        }
        if let (Some(prepared), Response::Result(ResultResponse::Rows(rows))) =
            (ask.prepared(), &decoded.response)
        {
            prepared.follow(&rows.metadata);
        }
        Ok(Answer { host: Arc::clone(&self.host), version, decoded, known: self.known.take() })
    }
}

/// Tells a host a statement that it does not know, or no longer, and asks it once more.
async fn prepare_again<A: Ask>(
    host: &Arc<Host>,
    prepared: &PreparedStatement,
    ask: &A,
    deadline: Deadline,
) -> Result<Answer, Failure> {
    tracing::debug!(host = %host.endpoint(), "preparing a statement again");
    let answer = once(host, &AskPrepare { text: prepared.text() }, deadline).await?;
    if !prepared.is_still(&answer.into_prepared()?) {
        return Err(Failure::Final(ErrorKind::StatementChanged { host: name_of(host) }));
    }
    once(host, ask, deadline).await
}

/// One request to one host.
async fn once<A: Ask>(host: &Arc<Host>, ask: &A, deadline: Deadline) -> Result<Answer, Failure> {
    let (request, known) = send_to(host, ask, deadline)?;
    let sent = Sent { host: Arc::clone(host), request, known };
    sent.answer(ask).await.map_err(|(_, failure)| failure)
}

/// Encodes the request for a connection of the host, and hands it over.
fn send_to<A: Ask>(
    host: &Host,
    ask: &A,
    deadline: Deadline,
) -> Result<(Request, Option<Arc<ResultColumns>>), Failure> {
    let mut refused = RefusedBecause::Ended;
    for _ in 0..MAX_PICKS {
        let connection = host.pool().pick();
        let connection =
            connection.map_err(|error| Failure::Next(AttemptFailure::NotConnected(error)))?;
        let Encoded { envelope, known } = ask.encode(&connection, scratch::take())?;
        match connection.send(envelope, deadline) {
            Ok(sent) => {
                if let Some(buffer) = sent.buffer {
                    scratch::give_back(buffer);
                }
                return Ok((sent.request, known));
            }
            Err(error) => {
                refused = error.because;
                scratch::give_back(error.envelope.into_buffer());
            }
        }
    }
    Err(Failure::Next(AttemptFailure::Refused(refused)))
}

/// A request without an answer: whether another host may be asked depends on how far it had got.
#[cold]
fn no_answer<A: Ask>(host: &Host, ask: &A, error: RequestError) -> Failure {
    let host = name_of(host);
    match error.failure {
        RequestFailure::DeadlinePassed(reached) => {
            let phase = match reached {
                Reached::Waiting => TimeoutPhase::Queue,
                Reached::Queued => TimeoutPhase::Write,
                Reached::Written => TimeoutPhase::Response,
            };
            Failure::Final(ErrorKind::Timeout { phase, host: Some(host) })
        }
        RequestFailure::ConnectionLost(end) if !ask.is_idempotent() || end.would_recur() => {
            Failure::Final(ErrorKind::ConnectionLost { host, end })
        }
        RequestFailure::ResponseTooLarge { declared, limit } => {
            Failure::Final(ErrorKind::ResponseTooLarge { host, declared, limit })
        }
        _ => Failure::Next(AttemptFailure::NoResponse(Box::new(error))),
    }
}

/// An ERROR: most are final. Those that say that nothing was executed, because of the state of
/// this one host, are not; nor, of a request that may be executed twice, those that another host
/// may not meet.
#[cold]
fn refused_by_server<A: Ask>(host: &Host, ask: &A, error: Box<ServerError>) -> Failure {
    let may_pass =
        refuses_to_execute(error.code) || ask.is_idempotent() && depends_on_coordinator(error.code);
    match error.code {
        ErrorCode::Unprepared => Failure::Unprepared(error),
        _ if may_pass => Failure::Next(AttemptFailure::Server(error)),
        _ => Failure::Final(ErrorKind::Server { host: name_of(host), error }),
    }
}

/// Does this error say that the host did not even begin?
const fn refuses_to_execute(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Overloaded | ErrorCode::IsBootstrapping)
}

/// May it be the host's own view of the replicas, or its own failure, that made it fail?
const fn depends_on_coordinator(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Unavailable
            | ErrorCode::ReadTimeout
            | ErrorCode::WriteTimeout
            | ErrorCode::ServerError
    )
}

fn name_of(host: &Host) -> Arc<str> {
    host.endpoint().to_string().into()
}
