//! One operation on its way: the hosts that are left to try, those that were, and what is waited
//! for now.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_cluster::{Host, Plan, Turn};
use cqlwire_codec::{Consistency, EncodeError, Envelope, SchemaChange, StatementKind, Token};
use cqlwire_net::{Deadline, Request, RequestError};

use super::decide::{Decision, decide};
use super::send::{Draft, HeadStart, NotSent, Sent, send_to};
use crate::error::{Attempt, AttemptFailure, Error, ErrorKind};
use crate::operation::{Agreeing, Failure, HostResponse, Operation, PrepareOperation, agree, read};
use crate::prepared::PreparedStatement;
use crate::retry::DefaultRetryPolicy;
use crate::shared::Shared;
use crate::timed::Timed;

/// How often one host is asked to prepare a statement for one operation. Once is enough, unless
/// another call learns meanwhile, from a response that is late, that the host had forgotten it.
const MAX_PREPARES: u8 = 3;

/// See the [module](self).
pub(crate) struct Run {
    /// Made when the first host is chosen.
    pub(super) plan: Option<Plan>,
    /// Where the partition of the operation is on the ring, if that is known.
    token: Option<Token>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) deadline: Deadline,
    /// How often the host that has its turn was asked to prepare which statement in this turn.
    prepares: Vec<(PreparedStatement, u8)>,
    /// The next host is for a retry, for which the budget has not been asked yet.
    pub(super) owes_retry: bool,
    /// At which it is sent, if not at its own.
    pub(super) consistency: Option<Consistency>,
    /// How often its plan was begun anew.
    pub(super) plans_anew: u16,
    pub(super) step: Step,
}

/// ```text
///   next --> asked ------------------------------------------> done
///    ^        |  ^  |                                           ^
///    +--------+  |  +--> agreeing (it changed the schema) ------+
///    |           |
///    +------- preparing
///
///   next or asked --> pausing --> next, asked
/// ```
pub(super) enum Step {
    /// The next host of the plan has its turn.
    Next,
    /// A host has the operation.
    Asked(Sent),
    /// A host has the PREPARE of its statement.
    Preparing(Box<Preparing>),
    /// Nobody has it for a while.
    Pausing(Box<Pausing>),
    /// It is done, and the servers are to agree on the schema.
    Agreeing(Box<(Option<HostResponse>, Agreeing)>),
}

/// A host prepares a statement of the operation, which it will be asked next.
pub(super) struct Preparing {
    host: Arc<Host>,
    statement: PreparedStatement,
    request: Request,
    /// The values did not fit what was known of the statement. If that is what it is still, this is
    /// the error.
    because: Option<EncodeError>,
}

/// It waits before it is sent again.
pub(super) struct Pausing {
    pub(super) pause: Timed<()>,
    /// To this host; else its plan begins anew.
    pub(super) host: Option<Arc<Host>>,
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
            owes_retry: false,
            consistency: None,
            plans_anew: 0,
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
                Step::Next | Step::Pausing(_) if !may_send => {
                    return Poll::Ready(Err(self.closed(operation.kind())));
                }
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
                    let outcome = ready!(Pin::new(&mut preparing.request).poll(context));
                    if let Step::Preparing(preparing) =
                        std::mem::replace(&mut self.step, Step::Next)
                    {
                        self.prepared(shared, operation, *preparing, outcome)?;
                    }
                }
                Step::Pausing(pausing) => {
                    ready!(pausing.pause.as_mut().poll(context));
                    match pausing.host.take() {
                        Some(host) => {
                            self.ask(shared, operation, host, &mut HeadStart::default())?;
                        }
                        None => self.step = Step::Next,
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
                if self.consistency.is_some() {
                    head_start.draft = None;
                }
                none.insert(shared.cluster().plan(operation.pinned()))
            }
        };
        request.token = self.token;
        let host = match shared.cluster().next_host(plan, &request) {
            Ok(Some(Turn { host, connection, .. })) => {
                head_start.connection = connection;
                Arc::clone(host)
            }
            Ok(None) => return self.plan_anew(shared, operation),
            Err(panicked) => return Err(self.end(operation.kind(), panicked.into())),
        };
        if self.owes_retry {
            self.pay_for_retry(shared, operation.kind())?;
        }
        self.prepares.clear();
        self.ask(shared, operation, host, &mut head_start)
    }

    /// Hands the operation to this host.
    fn ask<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
        head_start: &mut HeadStart,
    ) -> Result<(), Error> {
        let deadline = self.of_attempt(operation);
        let changed = self.consistency.map(|consistency| operation.at(consistency));
        let sent = changed.as_ref().unwrap_or(operation);
        match send_to(&host, sent, head_start, shared, deadline) {
            Ok((request, metadata)) => {
                self.step = Step::Asked(Sent { host, request, metadata });
                Ok(())
            }
            Err(NotSent::Unprepared(statement)) => {
                self.prepare_on(shared, operation, host, statement, None)
            }
            Err(NotSent::Failed(failure)) => self.go_on(shared, operation, host, failure),
        }
    }

    /// How often the host that has its turn was asked to prepare this statement.
    pub(super) fn times_prepared(&self, statement: &PreparedStatement) -> u8 {
        let known = self.prepares.iter().find(|(known, _)| known.text() == statement.text());
        known.map_or(0, |(_, times)| *times)
    }

    /// Has this host prepare a statement of the operation.
    #[cold]
    pub(super) fn prepare_on<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
        statement: PreparedStatement,
        because: Option<EncodeError>,
    ) -> Result<(), Error> {
        let times = self.times_prepared(&statement);
        if times >= MAX_PREPARES {
            self.try_next(&host, AttemptFailure::Forgotten { times });
            return Ok(());
        }
        self.prepares.retain(|(known, _)| known.text() != statement.text());
        self.prepares.push((statement.clone(), times + 1));
        tracing::debug!(host = %host.address(), "preparing a statement again");
        let prepare = PrepareOperation { text: statement.text() };
        let deadline = self.of_attempt(operation);
        match send_to(&host, &prepare, &mut HeadStart::default(), shared, deadline) {
            Ok((request, _)) => {
                let preparing = Preparing { host, statement, request, because };
                self.step = Step::Preparing(Box::new(preparing));
                Ok(())
            }
            // It is not a prepared statement itself.
            Err(NotSent::Unprepared(_)) => {
                self.try_next(&host, AttemptFailure::Forgotten { times: times + 1 });
                Ok(())
            }
            Err(NotSent::Failed(failure)) => self.not_prepared(operation, &host, failure),
        }
    }

    /// The host will not prepare the statement. That is a failure of its PREPARE, which executes
    /// nothing: the next host has its turn, unless it would say the same.
    #[cold]
    fn not_prepared<O: Operation>(
        &mut self,
        operation: &O,
        host: &Host,
        failure: Failure,
    ) -> Result<(), Error> {
        let failure = self.by_which_deadline(operation, failure);
        let known = self.circumstances(&PrepareOperation { text: "" }, host, None);
        match (decide(&failure, &known, &DefaultRetryPolicy::default()), failure) {
            (Decision::NextHost { .. } | Decision::SameHost { .. }, Failure::Attempt(failure)) => {
                let failure = AttemptFailure::Prepare(Box::new(failure));
                self.owes_retry |= failure.was_sent();
                self.try_next(host, failure);
                Ok(())
            }
            (_, failure) => {
                Err(self.end(operation.kind(), failure.into_kind(name_of(host))).of_prepare())
            }
        }
    }

    /// The host has prepared the statement, or will not: with what it said, it is asked once more.
    #[cold]
    fn prepared<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        preparing: Preparing,
        outcome: Result<Envelope, RequestError>,
    ) -> Result<(), Error> {
        let Preparing { host, statement, because, .. } = preparing;
        let response = read(shared, &host, outcome, None, None);
        let said = response.and_then(|said| said.into_prepared().map_err(Failure::Final));
        let said = match said {
            Ok(said) => said,
            Err(failure) => return self.not_prepared(operation, &host, failure),
        };
        let schema = shared.cluster().schema();
        let learnt = statement.learn(host.id(), said, &schema);
        match because {
            // The values do not fit, and it is not for what was known of the statement.
            Some(error) if !learnt => Err(self.end(operation.kind(), error.into())),
            _ => self.ask(shared, operation, host, &mut HeadStart::default()),
        }
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

pub(super) fn name_of(host: &Host) -> Arc<str> {
    host.address().to_string().into()
}
