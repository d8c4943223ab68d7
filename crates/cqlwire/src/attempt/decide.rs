//! What to do after an attempt that failed: one total function of what is known of it.
//!
//! A request that may have been done is sent again only if it may be done twice: no policy is asked
//! about that. Whether a server's error means that it was done is the codec's table
//! ([`ServerError::applied`]); the rest is said by how far the request had got.
//!
//! [`ServerError::applied`]: cqlwire_codec::ServerError::applied

use std::time::Duration;

use cqlwire_codec::{Applied, Consistency, ErrorCode, StatementKind};
use cqlwire_net::{RefusedBecause, RequestFailure};
use uuid::Uuid;

use crate::error::{Attempt, AttemptFailure};
use crate::operation::Failure;
use crate::retry::{FailedAttempt, RetryPolicy, RetryVerdict, ask};

/// How to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// This is the error.
    Fail,
    /// The policy panicked, and said this.
    Panicked(String),
    /// The next host of the plan has its turn: as a retry, of what was sent, or as before.
    NextHost { again: bool },
    /// The same host is asked again, so much later, at this consistency if it is another one.
    SameHost { after: Duration, at: Option<Consistency> },
    /// The same host prepares the statement, and is asked once more.
    Reprepare,
}

/// What is known of the operation beside the attempt that failed.
#[derive(Copy, Clone, Debug)]
pub(super) struct Circumstances<'a> {
    /// May it be done twice?
    pub(super) idempotent: bool,
    pub(super) kind: StatementKind,
    /// That of the attempt.
    pub(super) consistency: Consistency,
    /// It is a prepared statement, which has not been prepared too often by now.
    pub(super) may_prepare: bool,
    /// The host of the attempt.
    pub(super) host: Uuid,
    /// How often it was sent, and how often to this host, this time included.
    pub(super) attempts: u32,
    pub(super) attempts_at_host: u32,
    /// The attempts before.
    pub(super) previous: &'a [Attempt],
    /// How long to wait if it is the same host that is asked again.
    pub(super) pause: Duration,
}

impl Circumstances<'_> {
    /// What it does, as far as an error's meaning goes. A read that its user does not want twice may
    /// do anything.
    const fn kind(&self) -> StatementKind {
        match self.kind {
            StatementKind::Read if !self.idempotent => StatementKind::Unknown,
            kind => kind,
        }
    }
}

pub(super) fn decide(
    failure: &Failure,
    known: &Circumstances<'_>,
    policy: &dyn RetryPolicy,
) -> Decision {
    let failure = match failure {
        Failure::Final(_) => return Decision::Fail,
        Failure::Values(_) if known.may_prepare => return Decision::Reprepare,
        Failure::Values(_) => return Decision::Fail,
        Failure::Attempt(failure) => failure,
    };
    let may_repeat = match failure {
        // No connection takes it.
        AttemptFailure::Refused(RefusedBecause::TooLarge { .. }) => false,
        // It is what another execution came to, and no attempt of this one.
        AttemptFailure::Execution(_) => false,
        AttemptFailure::NoResponse(error) => match &error.failure {
            RequestFailure::Unsent(_) => return Decision::NextHost { again: false },
            RequestFailure::ConnectionLost(_) => known.idempotent && !error.failure.would_recur(),
            // The deadline of the whole, or what would be the same anywhere.
            _ => false,
        },
        AttemptFailure::TimedOut(error) if error.may_have_been_applied() => known.idempotent,
        AttemptFailure::Server { error, .. } if error.code == ErrorCode::Unprepared => {
            let next = Decision::NextHost { again: false };
            return if known.may_prepare { Decision::Reprepare } else { next };
        }
        AttemptFailure::Server { error, .. } => {
            let harmless = known.idempotent || error.applied(known.kind()) == Applied::No;
            harmless && !error.is_about_the_request()
        }
        // It was not sent.
        AttemptFailure::NotConnected(_)
        | AttemptFailure::Refused(_)
        | AttemptFailure::NotInVersion(_)
        | AttemptFailure::Prepare(_)
        | AttemptFailure::TimedOut(_)
        | AttemptFailure::Forgotten { .. }
        | AttemptFailure::Contact(_) => return Decision::NextHost { again: failure.was_sent() },
    };
    if may_repeat { by_policy(failure, known, policy) } else { Decision::Fail }
}

/// What the policy wants, of a request that may be sent again.
fn by_policy(
    failure: &AttemptFailure,
    known: &Circumstances<'_>,
    policy: &dyn RetryPolicy,
) -> Decision {
    let failed = FailedAttempt {
        host: known.host,
        statement: known.kind,
        idempotent: known.idempotent,
        consistency: known.consistency,
        attempts: known.attempts,
        attempts_at_host: known.attempts_at_host,
        previous: known.previous,
        ..FailedAttempt::new(failure)
    };
    let same_host = |at| Decision::SameHost { after: known.pause, at };
    match ask(policy, &failed) {
        Ok(RetryVerdict::Fail) => Decision::Fail,
        Ok(RetryVerdict::NextHost) => Decision::NextHost { again: true },
        Ok(RetryVerdict::SameHost) => same_host(None),
        Ok(RetryVerdict::SameHostAt(consistency)) => same_host(Some(consistency)),
        Err(message) => Decision::Panicked(message),
    }
}

#[cfg(test)]
mod tests;
