//! What to do after an attempt that failed: one total function of what is known of it.
//!
//! A request that may have been done is sent again only if it may be done twice. Whether a server's
//! error means that it was done is the codec's table ([`ServerError::applied`]); the rest is said
//! by how far the request had got.
//!
//! [`ServerError::applied`]: cqlwire_codec::ServerError::applied

use cqlwire_codec::{Applied, ErrorCode, ServerError, StatementKind};
use cqlwire_net::{RefusedBecause, RequestFailure};

use crate::error::AttemptFailure;
use crate::operation::Failure;

/// How to go on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// This is the error.
    Fail,
    /// The next host of the plan has its turn.
    NextHost,
    /// The same host prepares the statement, and is asked once more.
    Reprepare,
}

/// What is known of the operation beside the attempt that failed.
#[derive(Copy, Clone, Debug)]
pub(super) struct Circumstances {
    /// Its user says that it may be done twice.
    pub(super) idempotent: bool,
    pub(super) kind: StatementKind,
    /// It is a prepared statement, which has not been prepared too often by now.
    pub(super) may_prepare: bool,
    /// A host before this one found too few replicas alive.
    pub(super) was_unavailable: bool,
}

impl Circumstances {
    /// Those of the PREPARE that has to come before a statement.
    pub(super) const OF_PREPARE: Self = Self {
        idempotent: true,
        kind: StatementKind::Read,
        may_prepare: false,
        was_unavailable: false,
    };

    /// May it be done twice? Reading changes nothing.
    const fn is_repeatable(self) -> bool {
        self.idempotent || matches!(self.kind, StatementKind::Read)
    }
}

pub(super) fn decide(failure: &Failure, known: Circumstances) -> Decision {
    match failure {
        Failure::Final(_) => Decision::Fail,
        Failure::Values(_) if known.may_prepare => Decision::Reprepare,
        Failure::Values(_) => Decision::Fail,
        Failure::Attempt(failure) => match failure {
            // No connection takes it.
            AttemptFailure::Refused(RefusedBecause::TooLarge { .. }) => Decision::Fail,
            // It was not sent.
            AttemptFailure::NotConnected(_)
            | AttemptFailure::Refused(_)
            | AttemptFailure::Prepare(_)
            | AttemptFailure::Forgotten { .. }
            | AttemptFailure::Contact(_) => Decision::NextHost,
            AttemptFailure::NoResponse(error) => without_response(&error.failure, known),
            AttemptFailure::Server { error, .. } => after_error(error, known),
        },
    }
}

/// How far it had got tells whether it may be sent again.
fn without_response(failure: &RequestFailure, known: Circumstances) -> Decision {
    match failure {
        RequestFailure::Unsent(_) => Decision::NextHost,
        RequestFailure::ConnectionLost(_) if known.is_repeatable() && !failure.would_recur() => {
            Decision::NextHost
        }
        _ => Decision::Fail,
    }
}

fn after_error(error: &ServerError, known: Circumstances) -> Decision {
    if error.code == ErrorCode::Unprepared {
        return if known.may_prepare { Decision::Reprepare } else { Decision::NextHost };
    }
    // Two coordinators that see too few replicas see the same replicas.
    let seen_twice = error.code == ErrorCode::Unavailable && known.was_unavailable;
    let harmless = known.idempotent || error.applied(known.kind) == Applied::No;
    if harmless && !seen_twice && error.another_host_may_succeed() {
        Decision::NextHost
    } else {
        Decision::Fail
    }
}

#[cfg(test)]
mod tests;
