//! One operation on its way: the hosts that are left to try, those that were, and what is waited
//! for now.

use std::sync::Arc;
use std::task::{Context, Poll};

use cqlwire_cluster::{Host, Plan, Turn};
use cqlwire_codec::{Consistency, StatementKind, Token};
use cqlwire_net::Deadline;

use super::send::{
    Draft, NotSent, Sent, Timing, connection_to, measure_part, measure_whole, send_to,
};
use crate::error::{Attempt, Error, ErrorKind};
use crate::history::History;
use crate::operation::{Agreeing, Failure, HostResponse, Operation};
use crate::prepared::PreparedStatement;
use crate::shared::Shared;
use crate::timed::Timed;

/// More than any setting: the plan does not begin anew.
const MAX_PLANS: u8 = u8::MAX - 1;

/// See the [module](self).
pub(crate) struct Run {
    /// Made when the first host is chosen.
    pub(super) plan: Option<Plan>,
    /// Where the partition of the operation is on the ring, if that is known.
    token: Option<Token>,
    pub(crate) deadline: Deadline,
    /// Does the time of the next attempt, or the one under way, say how long the whole takes?
    pub(super) is_whole: bool,
    pub(super) step: Step,
    /// What there is once the first attempt has not been enough.
    again: Option<Box<Again>>,
    /// What happens to it, if anybody would like to know.
    pub(super) history: Option<Arc<History>>,
}

/// What is known of the attempts before, and so of the next one.
#[derive(Default)]
pub(super) struct Again {
    pub(super) attempts: Vec<Attempt>,
    /// How often the host that has its turn was asked to prepare which statement in this turn.
    pub(super) prepares: Vec<(PreparedStatement, u8)>,
    /// The next host is for a retry, for which the budget has not been asked yet.
    pub(super) owes_retry: bool,
    /// At which it is sent, if not at its own.
    pub(super) consistency: Option<Consistency>,
    /// How often its plan was begun anew.
    pub(super) plans_anew: u8,
    /// How many of the attempts came before that.
    pub(super) before_plan: u8,
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
    Agreeing(Box<(Option<Box<HostResponse>>, Agreeing)>),
}

/// A host prepares a statement of the operation, which it will be asked next.
pub(super) struct Preparing {
    pub(super) host: Arc<Host>,
    pub(super) statement: PreparedStatement,
    /// That of the attempt.
    pub(super) deadline: Deadline,
    /// What it came to; `None` if the deadline passed before that.
    pub(super) taught: Timed<Result<(), Failure>>,
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
    pub(crate) const fn new(deadline: Deadline, history: Option<Arc<History>>) -> Self {
        Self {
            plan: None,
            token: None,
            deadline,
            is_whole: true,
            step: Step::Next,
            again: None,
            history,
        }
    }

    /// Another one beside this, which goes to hosts that this has not been at, and does not begin
    /// its plan anew; `None` as long as this has no plan.
    pub(crate) fn beside(&self) -> Option<Self> {
        let plan = self.plan.clone()?;
        let mut beside = Self::new(self.deadline, self.history.clone());
        (beside.plan, beside.token, beside.is_whole) = (Some(plan), self.token, false);
        let consistency = self.consistency();
        *beside.again() = Again { consistency, plans_anew: MAX_PLANS, ..Again::default() };
        Some(beside)
    }

    /// What is known of the attempts before.
    pub(super) fn again(&mut self) -> &mut Again {
        self.again.get_or_insert_default()
    }

    pub(super) fn attempts(&self) -> &[Attempt] {
        self.again.as_ref().map_or(&[], |again| &again.attempts)
    }

    /// How often the host that has its turn was asked to prepare which statement in this turn.
    pub(super) fn prepares(&self) -> &[(PreparedStatement, u8)] {
        self.again.as_ref().map_or(&[], |again| &again.prepares)
    }

    /// At which it is sent, if not at its own.
    pub(super) fn consistency(&self) -> Option<Consistency> {
        self.again.as_ref()?.consistency
    }

    pub(crate) const fn history(&self) -> Option<&Arc<History>> {
        self.history.as_ref()
    }

    /// Its time does not say how long the whole takes.
    pub(crate) const fn set_not_whole(&mut self) {
        self.is_whole = false;
    }

    #[inline]
    pub(crate) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The host that the other one is at is none for this.
    pub(crate) fn leave_to(&mut self, other: &Self) {
        if let (Some(plan), Some(others)) = (&mut self.plan, &other.plan) {
            plan.leave_to(others);
        }
    }

    /// Does a host have it that has gone quiet, or is that asked to prepare its statement?
    #[inline]
    pub(crate) fn is_at_a_quiet_host(&self) -> bool {
        if let Step::Asked(sent) = &self.step {
            return sent.request.is_quiet();
        }
        self.is_prepared_at_a_quiet_host()
    }

    #[inline(never)]
    fn is_prepared_at_a_quiet_host(&self) -> bool {
        match &self.step {
            Step::Preparing(preparing) => preparing.host.pool().has_quiet(),
            Step::Asked(_) | Step::Next | Step::Pausing(_) | Step::Agreeing(_) => false,
        }
    }

    /// It has been handed to a host a moment ago. Nobody is woken for what was so before: if the host
    /// is quiet, whoever polls looks once more.
    pub(super) fn look_once_more(&self, context: &Context<'_>) {
        if self.is_at_a_quiet_host() {
            context.waker().wake_by_ref();
        }
    }

    /// Is there another host for it, which has not gone quiet?
    pub(crate) fn may_go_elsewhere<O: Operation>(&self, shared: &Shared, operation: &O) -> bool {
        let Some(mut plan) = self.plan.clone() else { return false };
        let mut request = operation.routing();
        request.token = self.token;
        let (policy, own) = (operation.load_balancing(), operation.connections());
        let next = shared.cluster().next_host(&mut plan, policy, &request, own);
        let Ok(Some(Turn { host, .. })) = next else { return false };
        connection_to(host, operation).is_ok_and(|connection| !connection.is_quiet())
    }

    /// From now on attempts have until then. One under way keeps the deadline that it was sent with.
    pub(crate) const fn set_deadline(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// Hands the operation to the next host that takes it. Pending once one has: whoever polls is
    /// woken for its response. On its own, so that polls which find a response do not make room for a
    /// request.
    #[inline(never)]
    pub(super) fn next_host<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        let mut request = operation.routing();
        let mut draft = Draft::blank();
        let plan = match &mut self.plan {
            Some(plan) => plan,
            none => {
                self.token = request.token.or_else(|| draft.encode_early(operation, shared));
                if let Some(history) = &self.history {
                    request.token = self.token;
                    history.routed(&shared.cluster().topology(), &request);
                }
                none.insert(shared.cluster().plan(operation.pinned()))
            }
        };
        request.token = self.token;
        let (policy, own) = (operation.load_balancing(), operation.connections());
        let (host, offer) = match shared.cluster().next_host(plan, policy, &request, own) {
            Ok(Some(Turn { host, offer, .. })) => (host, offer),
            Ok(None) => return Poll::Ready(self.plan_anew(shared, operation)),
            Err(panicked) => return Poll::Ready(Err(self.end(operation.kind(), panicked.into()))),
        };
        if let Some(again) = &mut self.again {
            again.prepares.clear();
            self.is_whole &= again.attempts.is_empty();
            if again.owes_retry || again.consistency.is_some() {
                let host = Arc::clone(host);
                draft.give_back();
                return Poll::Ready(self.retry_on(shared, operation, host));
            }
        }
        let deadline = operation.deadline_of_attempt(self.deadline);
        let measure = match self.is_whole {
            true => measure_whole(operation, deadline),
            false => measure_part(operation, deadline),
        };
        let watcher = Some(context);
        let asked = |sent| self.step = Step::Asked(sent);
        let timeline = self.history.as_ref().and_then(|history| history.timeline());
        let timing = Timing { deadline, measure, timeline: timeline.as_ref() };
        let draft_and_offer = (&mut draft, offer.as_ref());
        let sent = send_to(host, operation, draft_and_offer, shared, &timing, watcher, asked);
        draft.give_back();
        if let Err(why) = sent {
            let host = Arc::clone(host);
            return Poll::Ready(self.not_sent(shared, operation, host, why));
        }
        if let Some(history) = &self.history {
            history.sent(host, timeline);
        }
        Poll::Pending
    }

    /// Hands the operation to this host once more.
    #[cold]
    pub(super) fn ask_again<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        host: Arc<Host>,
    ) -> Result<(), Error> {
        let changed = self.consistency().map(|consistency| operation.at(consistency));
        let sent = changed.as_ref().unwrap_or(operation);
        let deadline = operation.deadline_of_attempt(self.deadline);
        self.is_whole = false;
        let measure = measure_part(operation, deadline);
        let (mut draft, asked) = (Draft::blank(), |sent| self.step = Step::Asked(sent));
        let timeline = self.history.as_ref().and_then(|history| history.timeline());
        let timing = Timing { deadline, measure, timeline: timeline.as_ref() };
        let taken = send_to(&host, sent, (&mut draft, None), shared, &timing, None, asked);
        draft.give_back();
        match taken {
            Ok(()) => {
                if let Some(history) = &self.history {
                    history.sent(&host, timeline);
                }
                Ok(())
            }
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
                self.prepare_on(shared, operation, host, &statement);
                Ok(())
            }
            NotSent::Failed(failure) => self.go_on(shared, operation, host, failure),
        }
    }

    /// The session has been closed before anything was sent, or before another attempt was made.
    #[cold]
    pub(super) fn closed(&mut self, of: StatementKind) -> Error {
        let kind = self.said_by_the_last().unwrap_or(ErrorKind::SessionClosed);
        self.end(of, kind)
    }

    /// The error that it ends with: after which attempts, and how long it took.
    #[cold]
    pub(crate) fn end(&mut self, of: StatementKind, kind: ErrorKind) -> Error {
        let attempts = self.again.as_mut().map(|again| std::mem::take(&mut again.attempts));
        Error::after(kind, of, attempts.unwrap_or_default(), Some(self.deadline.elapsed()))
    }
}

pub(super) fn name_of(host: &Host) -> Arc<str> {
    host.address().to_string().into()
}
