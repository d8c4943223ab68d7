//! What an error says about the request: whether anything of it was applied, and whether another
//! host may do better. The table and its reasons, with the places in the server that throw each
//! error, are in `docs/server-errors.md`; the test reads them from there.

use super::{ErrorCode, ServerError, ServerErrorDetail};

/// What a statement does, as far as it matters for what an error says of it.
///
/// If in doubt between [`Write`](Self::Write) and another, take the other: what the others promise
/// holds for it too. [`Unknown`](Self::Unknown) is always true.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// SELECT at any consistency, PREPARE, USE, DESCRIBE, LIST: what changes nothing.
    Read,
    /// INSERT, UPDATE or DELETE of one partition without a condition, of counters too. Its table
    /// may have views.
    Write,
    /// A logged batch without a condition.
    LoggedBatch,
    /// An unlogged or a counter batch without a condition. A single UPDATE or DELETE with `IN` on
    /// its partition key is one too: the server writes one partition after the other.
    UnloggedBatch,
    /// A statement with `IF`, or a batch with one (a lightweight transaction).
    #[doc(alias = "LWT")]
    #[doc(alias = "lightweight transaction")]
    Conditional,
    /// CREATE, ALTER or DROP of a keyspace, table, type, index, view or function.
    Schema,
    /// Anything: also TRUNCATE, and statements of roles and permissions.
    Unknown,
}

/// Was anything of a failed request applied?
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Applied {
    /// Nothing was, and nothing will be: it may be sent again, idempotent or not.
    No,
    /// All of it or a part may be, now or later: it may be sent again only if it is idempotent.
    Maybe,
}

impl ErrorCode {
    /// Was anything applied of a statement of this kind that got this error?
    pub const fn applied(self, kind: StatementKind) -> Applied {
        use StatementKind::{LoggedBatch, Read, Schema, Unknown, Write};
        match (self, kind) {
            (_, Read)
            // Thrown before anything is stored, of all statements.
            | (
                Self::ProtocolError
                | Self::BadCredentials
                | Self::FunctionFailure
                | Self::SyntaxError
                | Self::Unauthorized
                | Self::ConfigError
                | Self::AlreadyExists
                | Self::Unprepared,
                _,
            )
            // Live replicas are counted before the write, and before the batch log. The partitions
            // of an unlogged batch are counted one by one, and a commit counts once more.
            | (Self::Unavailable, Write | LoggedBatch) => Applied::No,
            // Of reads that come before the write. A schema change is followed by reads.
            (Self::IsBootstrapping | Self::ReadTimeout | Self::ReadFailure, Schema | Unknown) => {
                Applied::Maybe
            }
            (Self::IsBootstrapping | Self::ReadTimeout | Self::ReadFailure, _) => Applied::No,
            // ALTER ROLE can be refused in its second half.
            (Self::Invalid, Unknown) => Applied::Maybe,
            (Self::Invalid, _) => Applied::No,
            // OVERLOADED too: too many hints, noticed after the batch log or a view's was stored.
            (
                Self::ServerError
                | Self::Unavailable
                | Self::Overloaded
                | Self::TruncateError
                | Self::WriteTimeout
                | Self::WriteFailure
                | Self::CdcWriteFailure
                | Self::CasWriteUnknown
                | Self::Other(_),
                _,
            ) => Applied::Maybe,
        }
    }
}

/// What an error depends on.
enum Cause {
    /// On what the coordinator has to do, on what it knows of others, on which replicas it asked.
    Coordinator,
    /// On replicas that are the same whoever asks them.
    Replicas,
    /// On the request.
    Request,
    /// Nothing that a code tells.
    Unknown,
}

impl ServerError {
    /// Was anything applied of a statement of this kind that got this error?
    pub const fn applied(&self, kind: StatementKind) -> Applied {
        self.code.applied(kind)
    }

    /// May anything of a statement of this kind be applied, now or later? False for reads.
    pub const fn may_have_been_applied(&self, kind: StatementKind) -> bool {
        matches!(self.applied(kind), Applied::Maybe)
    }

    /// Has the same request a chance at another host? It has if the error depends on the
    /// coordinator: on what it has to do, on what it knows of others, or on which replicas it asked.
    ///
    /// This says nothing about whether the request may be sent again: see
    /// [`applied`](Self::applied).
    pub fn another_host_may_succeed(&self) -> bool {
        matches!(self.cause(), Cause::Coordinator)
    }

    /// Is it the request that is at fault, so that it would be the same at any host, at any time?
    pub fn is_about_the_request(&self) -> bool {
        matches!(self.cause(), Cause::Request)
    }

    fn cause(&self) -> Cause {
        match self.code {
            ErrorCode::ServerError
            | ErrorCode::Unavailable
            | ErrorCode::Overloaded
            | ErrorCode::IsBootstrapping
            | ErrorCode::TruncateError
            | ErrorCode::WriteTimeout
            | ErrorCode::ReadTimeout
            | ErrorCode::CasWriteUnknown => Cause::Coordinator,
            ErrorCode::ReadFailure if !self.every_replica_hit_a_limit() => Cause::Coordinator,
            // A write goes to all replicas, whoever sends it.
            ErrorCode::ReadFailure | ErrorCode::WriteFailure | ErrorCode::CdcWriteFailure => {
                Cause::Replicas
            }
            ErrorCode::ProtocolError
            | ErrorCode::BadCredentials
            | ErrorCode::FunctionFailure
            | ErrorCode::SyntaxError
            | ErrorCode::Unauthorized
            | ErrorCode::Invalid
            | ErrorCode::ConfigError
            | ErrorCode::AlreadyExists => Cause::Request,
            ErrorCode::Unprepared | ErrorCode::Other(_) => Cause::Unknown,
        }
    }

    /// Did every replica that failed a read meet a limit that the others have too? To ask those
    /// would only repeat an expensive read. Versions before v5 do not say.
    fn every_replica_hit_a_limit(&self) -> bool {
        match &self.detail {
            ServerErrorDetail::ReadFailure { failures, .. } => {
                !failures.reasons.is_empty()
                    && failures.reasons.iter().all(|(_, reason)| LIMITS.contains(reason))
            }
            _ => false,
        }
    }
}

/// Reasons of replicas (v5 §8): too many tombstones, too much data, too many files of an index.
const LIMITS: [u16; 3] = [1, 4, 7];
