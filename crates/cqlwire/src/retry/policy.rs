//! What decides about a request that failed: from one failed attempt as data to a verdict.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cqlwire_codec::{Consistency, ErrorCode, StatementKind};
use cqlwire_net::panic_message;
use uuid::Uuid;

use crate::error::{Attempt, AttemptFailure};

/// Decides whether a request that failed is sent again, and where.
///
/// It is asked on the task of the caller, after each attempt that was sent, failed, and may be sent
/// again: the request is idempotent, or the server said that nothing of it was begun. Where that is
/// not so it is not asked, and it cannot have such a request sent again. Neither is it asked about
/// hosts that took nothing, since they are not connected for one: the next host has its turn then,
/// which is still the first attempt. Nor about a PREPARE that has to come before a statement, which
/// executes nothing. What it decides holds within the deadline, the
/// [settings](crate::RetrySettings) and the budget of the session.
///
/// It keeps nothing of a request: what it needs is in its argument. If it blocks or panics, its own
/// request alone is late or fails.
///
/// ```
/// use cqlwire::{ErrorCode, FailedAttempt, RetryPolicy, RetryVerdict};
///
/// /// Three attempts, each at another host; where the cluster has too much to do, only one.
/// #[derive(Debug)]
/// struct ThreeTimes;
///
/// impl RetryPolicy for ThreeTimes {
///     fn decide(&self, failed: &FailedAttempt<'_>) -> RetryVerdict {
///         match failed.server_error().map(|error| error.code) {
///             Some(ErrorCode::Overloaded) => RetryVerdict::Fail,
///             _ if failed.attempts < 3 => RetryVerdict::NextHost,
///             _ => RetryVerdict::Fail,
///         }
///     }
/// }
/// ```
///
/// There is no verdict by which a write that failed passes for one that succeeded, as `IGNORE` of
/// the Java driver does: whoever wrote would never learn of it. What a server said is in the error,
/// and whoever can do without the write can pass over that.
pub trait RetryPolicy: fmt::Debug + Send + Sync + 'static {
    /// What to do after this attempt.
    fn decide(&self, failed: &FailedAttempt<'_>) -> RetryVerdict;
}

impl<P: RetryPolicy + ?Sized> RetryPolicy for Arc<P> {
    fn decide(&self, failed: &FailedAttempt<'_>) -> RetryVerdict {
        P::decide(self, failed)
    }
}

/// What a policy decides.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryVerdict {
    /// This is the error of the request.
    Fail,
    /// It is sent to the next host of its plan, at once. If there is none, the plan begins anew
    /// after a pause, where that has a chance ([`RetrySettings`](crate::RetrySettings)).
    NextHost,
    /// It is sent to the same host, after a pause.
    SameHost,
    /// It is sent to the same host after a pause, at this consistency from now on.
    SameHostAt(Consistency),
}

/// An attempt that was sent and failed, and what is known of its request.
#[derive(Copy, Clone, Debug)]
#[non_exhaustive]
pub struct FailedAttempt<'a> {
    /// What it came to: [`Server`](AttemptFailure::Server) if the server said something,
    /// [`NoResponse`](AttemptFailure::NoResponse) if its connection was lost,
    /// [`TimedOut`](AttemptFailure::TimedOut) if its own deadline passed.
    pub failure: &'a AttemptFailure,
    /// The id of the host that it was sent to.
    pub host: Uuid,
    /// What the statement does, as far as its text tells.
    pub statement: StatementKind,
    /// Does it only read, or does its user say that it is idempotent? If not, this server said that
    /// nothing of it was begun.
    pub idempotent: bool,
    /// The consistency that it was sent at.
    pub consistency: Consistency,
    /// How often the request has been sent, to all hosts together, this time included; a PREPARE that
    /// failed before it counts.
    pub attempts: u32,
    /// How often it has been sent to this host, this time included.
    pub attempts_at_host: u32,
    /// The attempts before this one, and the hosts that were skipped, in order.
    pub previous: &'a [Attempt],
}

impl<'a> FailedAttempt<'a> {
    /// The first attempt of an idempotent read at `LOCAL_QUORUM`: for tests of policies, which
    /// change what they are about.
    pub const fn new(failure: &'a AttemptFailure) -> Self {
        Self {
            failure,
            host: Uuid::nil(),
            statement: StatementKind::Read,
            idempotent: true,
            consistency: Consistency::LocalQuorum,
            attempts: 1,
            attempts_at_host: 1,
            previous: &[],
        }
    }

    /// What the server said, if it said anything.
    pub const fn server_error(&self) -> Option<&'a cqlwire_codec::ServerError> {
        self.failure.server_error()
    }

    /// Has a server said this to an attempt before this one?
    pub fn was_said_before(&self, code: ErrorCode) -> bool {
        let said = |attempt: &Attempt| attempt.failure.server_error().map(|error| error.code);
        self.previous.iter().any(|attempt| said(attempt) == Some(code))
    }
}

/// Asks a policy.
///
/// # Errors
///
/// It panicked, and what it said.
pub(crate) fn ask(
    policy: &dyn RetryPolicy,
    failed: &FailedAttempt<'_>,
) -> Result<RetryVerdict, String> {
    let asked = || policy.decide(failed);
    catch_unwind(AssertUnwindSafe(asked)).map_err(|payload| panic_message(&*payload))
}
