//! One operation on its way: the hosts that are left to try, those that were, and what is waited
//! for now.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_cluster::{Host, Plan, Turn};
use cqlwire_codec::{ErrorCode, SchemaChange, StatementKind, Token};
use cqlwire_net::{Deadline, RefusedBecause};

use super::decide::{Circumstances, Decision, decide};
use super::send::{Draft, HeadStart, NotSent, Sent, send_to};
use super::teach::teach;
use crate::error::{Attempt, AttemptFailure, Error, ErrorKind, TimeoutPhase};
use crate::operation::{Agreeing, Failure, HostResponse, Operation, agree, read};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;

/// How often one host is asked to prepare a statement for one operation. Once is enough, unless
/// another call learns meanwhile, from a response that is late, that the host had forgotten it.
const MAX_PREPARES: u8 = 3;

/// See the [module](self).
pub(crate) struct Run {
    /// Made when the first host is chosen.
    plan: Option<Plan>,
    /// Where the partition of the operation is on the ring, if that is known.
    token: Option<Token>,
    attempts: Vec<Attempt>,
    deadline: Deadline,
    /// How often the host that has its turn was asked to prepare which statement in this turn.
    prepares: Vec<(PreparedStatement, u8)>,
    step: Step,
}

/// ```text
///   next --> asked ------------------------------------------> done
///    ^        |  ^  |                                           ^
///    +--------+  |  +--> agreeing (it changed the schema) ------+
///    |           |
///    +------- preparing
/// ```
enum Step {
    /// The next host of the plan has its turn.
    Next,
    /// A host has the operation.
    Asked(Sent),
    /// A host has the PREPARE of its statement.
    Preparing(Box<Preparing>),
    /// It is done, and the servers are to agree on the schema.
    Agreeing(Box<(Option<HostResponse>, Agreeing)>),
}

/// A host prepares a statement of the operation, which it will be asked next.
struct Preparing {
    host: Arc<Host>,
    statement: PreparedStatement,
    /// What it came to; `None` if the deadline passed before that.
    taught: Pin<Box<dyn Future<Output = Option<Result<(), Failure>>> + Send>>,
}

impl Run {
    /// Before the first host is chosen.
    #[inline]
    pub(crate) const fn new(deadline: Deadline) -> Self {
        Self {
            plan: None,
            token: None,
            attempts: Vec::new(),
            deadline,
            prepares: Vec::new(),
            step: Step::Next,
        }
    }

    /// From now on attempts have until then. One under way keeps the deadline that it was sent with.
    pub(crate) const fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// The response, or why there is none, once that is known. The operation is the same each time.
    ///
    /// Without `may_send`, since the session has been closed, what is under way is waited for, and
    /// no other attempt is made.
    pub(crate) fn poll<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        may_send: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<HostResponse, Error>> {
        loop {
            match &mut self.step {
                Step::Next if !may_send => return Poll::Ready(Err(self.closed(operation.kind()))),
                Step::Next => self.next_host(shared, operation)?,
                Step::Asked(sent) => {
                    let outcome = ready!(Pin::new(&mut sent.request).poll(context));
                    let (prepared, metadata) = (operation.prepared(), sent.metadata.as_ref());
                    match read(shared, &sent.host, outcome, prepared, metadata) {
                        Ok(response) if let Some(change) = response.schema_change().cloned() => {
                            let agreeing = self.agreeing(shared, change);
                            self.step = Step::Agreeing(Box::new((Some(response), agreeing)));
                        }
                        Ok(response) => return Poll::Ready(Ok(response)),
                        Err(failure) => {
                            let host = Arc::clone(&sent.host);
                            self.go_on(shared, operation, host, failure)?;
                        }
                    }
                }
                Step::Preparing(preparing) => {
                    let taught = ready!(preparing.taught.as_mut().poll(context));
                    if let Step::Preparing(asked) = std::mem::replace(&mut self.step, Step::Next) {
                        self.taught(shared, operation, *asked, taught, may_send)?;
                    }
                }
                Step::Agreeing(waiting) => {
                    let (response, agreeing) = &mut **waiting;
                    let agreed = ready!(agreeing.as_mut().poll(context)).unwrap_or(false);
                    let Some(mut response) = response.take() else { return Poll::Pending };
                    response.set_schema_agreed(agreed);
                    return Poll::Ready(Ok(response));
                }
            }
        }
    }

    /// The servers agree on a schema that has changed.
    #[cold]
    fn agreeing(&self, shared: &Arc<Shared>, change: SchemaChange) -> Agreeing {
        agree(shared, change, self.deadline.within(shared.schema_agreement_timeout))
    }

    /// Hands the operation to the next host that takes it. On its own, so that polls which find a
    /// response do not make room for a request.
    #[inline(never)]
    fn next_host<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
    ) -> Result<(), Error> {
        let mut request = operation.routing();
        let mut head_start = HeadStart::default();
        let plan = match &mut self.plan {
            Some(plan) => plan,
            none => {
                if request.token.is_none() {
                    head_start.draft = Draft::of(operation, shared);
                }
                self.token = request.token.or_else(|| head_start.draft.as_ref()?.token());
                none.insert(shared.cluster().plan(operation.pinned()))
            }
        };
        request.token = self.token;
        let host = match shared.cluster().next_host(plan, &request) {
            Ok(Some(Turn { host, connection, .. })) => {
                head_start.connection = connection;
                host
            }
            Ok(None) => return Err(self.exhausted(operation.kind())),
            Err(panicked) => return Err(self.end(operation.kind(), panicked.into())),
        };
        self.prepares.clear();
        let asked = |sent| self.step = Step::Asked(sent);
        match send_to(host, operation, head_start, shared, self.deadline, asked) {
            Ok(()) => Ok(()),
            Err(why) => {
                let host = Arc::clone(host);
                self.not_sent(shared, operation, host, why)
            }
        }
    }

    /// Hands the operation to this host once more.
    #[cold]
    fn ask_again<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
    ) -> Result<(), Error> {
        let (head_start, asked) = (HeadStart::default(), |sent| self.step = Step::Asked(sent));
        match send_to(&host, operation, head_start, shared, self.deadline, asked) {
            Ok(()) => Ok(()),
            Err(why) => self.not_sent(shared, operation, host, why),
        }
    }

    /// The host did not get the operation.
    #[cold]
    fn not_sent<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
        why: NotSent,
    ) -> Result<(), Error> {
        match why {
            NotSent::Unprepared(statement) => {
                self.prepare_on(shared, host, &statement);
                Ok(())
            }
            NotSent::Failed(failure) => self.go_on(shared, operation, host, failure),
        }
    }

    /// An attempt has failed: what is right to do then.
    #[cold]
    fn go_on<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
        failure: Failure,
    ) -> Result<(), Error> {
        let statement = match &failure {
            Failure::Values(error) => operation.statement_of(error),
            failure => failure.unprepared_id().and_then(|id| {
                let forgotten = operation.statement_with_id(id, host.id());
                forgotten.inspect(|statement| statement.forgotten_by(host.id()))
            }),
        };
        let decision = decide(&failure, self.circumstances(operation, statement));
        match (decision, statement, failure) {
            (Decision::Reprepare, Some(statement), _) => {
                self.prepare_on(shared, host, statement);
                Ok(())
            }
            (Decision::NextHost, _, Failure::Attempt(failure)) => {
                self.try_next(&host, failure);
                Ok(())
            }
            (_, _, failure) => Err(self.end(operation.kind(), failure.into_kind(name_of(&host)))),
        }
    }

    /// The turn of this host is over, for this reason.
    fn try_next(&mut self, host: &Host, failure: AttemptFailure) {
        self.attempts.push(Attempt { host: name_of(host), failure });
        self.step = Step::Next;
    }

    /// What is known beside a failure, which may be about this statement.
    fn circumstances<O: Operation>(
        &self,
        operation: &O,
        statement: Option<&PreparedStatement>,
    ) -> Circumstances {
        let was_unavailable = self.attempts.iter().any(|attempt| {
            matches!(&attempt.failure, AttemptFailure::Server { error, .. }
                if error.code == ErrorCode::Unavailable)
        });
        Circumstances {
            idempotent: operation.is_idempotent(),
            kind: operation.kind(),
            may_prepare: statement.is_some_and(|statement| self.times_prepared(statement) == 0),
            was_unavailable,
        }
    }

    /// How often the host that has its turn was asked to prepare this statement.
    fn times_prepared(&self, statement: &PreparedStatement) -> u8 {
        let known = self.prepares.iter().find(|(known, _)| known.text() == statement.text());
        known.map_or(0, |(_, times)| *times)
    }

    /// Has this host prepare a statement of the operation, unless it forgets it each time.
    #[cold]
    fn prepare_on(&mut self, shared: &Arc<Shared>, host: Arc<Host>, statement: &PreparedStatement) {
        let times = self.times_prepared(statement);
        if times >= MAX_PREPARES {
            return self.try_next(&host, AttemptFailure::Forgotten { times });
        }
        self.prepares.retain(|(known, _)| known.text() != statement.text());
        self.prepares.push((statement.clone(), times + 1));
        let teaching = teach(shared, &host, statement, times, self.deadline);
        let (deadline, home) = (self.deadline, shared.runtime.clone());
        let taught = Box::pin(async move { teaching.within(deadline, &home).await });
        let statement = statement.clone();
        self.step = Step::Preparing(Box::new(Preparing { host, statement, taught }));
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
        match (decide(&failure, Circumstances::OF_PREPARE), failure) {
            (Decision::NextHost, Failure::Attempt(failure)) => {
                self.try_next(host, AttemptFailure::Prepare(Box::new(failure)));
                Ok(())
            }
            (_, failure) => Err(self.end(of, failure.into_kind(name_of(host))).of_prepare()),
        }
    }

    /// The host has prepared the statement, or will not: with what it said, it is asked once more.
    #[cold]
    fn taught<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        asked: Preparing,
        taught: Option<Result<(), Failure>>,
        may_send: bool,
    ) -> Result<(), Error> {
        let Preparing { host, statement, .. } = asked;
        match taught {
            Some(Ok(())) if !may_send => Err(self.closed(operation.kind())),
            Some(Ok(())) => self.ask_again(shared, operation, host),
            // Whoever began it had less time.
            Some(Err(failure)) if failure.is_timeout() && !self.deadline.remaining().is_zero() => {
                self.prepare_on(shared, host, &statement);
                Ok(())
            }
            Some(Err(failure)) => self.not_prepared(operation.kind(), &host, failure),
            None => {
                let phase = TimeoutPhase::Prepare;
                let kind = ErrorKind::Timeout { phase, host: Some(name_of(&host)) };
                Err(self.end(operation.kind(), kind).of_prepare())
            }
        }
    }

    /// No host is left.
    #[cold]
    fn exhausted(&mut self, of: StatementKind) -> Error {
        let kind = self.said_by_the_last().unwrap_or_else(|| {
            self.refused_by_all().unwrap_or_else(|| ErrorKind::NoHostAvailable {
                plan_was_empty: self.attempts.is_empty(),
            })
        });
        self.end(of, kind)
    }

    /// What the last attempt failed with, if that says more than that there is none after it.
    fn said_by_the_last(&mut self) -> Option<ErrorKind> {
        let says_more = |attempt: &mut Attempt| match &attempt.failure {
            AttemptFailure::Server { error, .. } => {
                !matches!(error.code, ErrorCode::Overloaded | ErrorCode::IsBootstrapping)
            }
            AttemptFailure::NoResponse(error) => error.may_have_been_applied(),
            _ => false,
        };
        let Attempt { host, failure } = self.attempts.pop_if(says_more)?;
        Some(Failure::Attempt(failure).into_kind(host))
    }

    /// The limit of a queue of ours that all hosts met.
    fn refused_by_all(&self) -> Option<ErrorKind> {
        let mut limits = self.attempts.iter().map(|attempt| match attempt.failure {
            AttemptFailure::Refused(RefusedBecause::Full(limit)) => Some(limit),
            _ => None,
        });
        let first = limits.next().flatten()?;
        limits.all(|limit| limit.is_some()).then_some(ErrorKind::Overloaded { limit: first.into() })
    }

    /// The session has been closed before anything was sent, or before another attempt was made.
    #[cold]
    fn closed(&mut self, of: StatementKind) -> Error {
        let kind = self.said_by_the_last().unwrap_or(ErrorKind::SessionClosed);
        self.end(of, kind)
    }

    /// The error that it ends with: after which attempts, and how long it took.
    #[cold]
    pub(crate) fn end(&mut self, of: StatementKind, kind: ErrorKind) -> Error {
        let attempts = std::mem::take(&mut self.attempts);
        Error::after(kind, of, attempts, Some(self.deadline.elapsed()))
    }
}

fn name_of(host: &Host) -> Arc<str> {
    host.address().to_string().into()
}
