//! Which writes have their time from the client.

use cqlwire_codec::StatementKind;

/// Which writes have their time from this client, instead of from the server that executes them.
///
/// Of two writes to one cell, the one with the higher time stays, whichever came last. So whose clock
/// it is decides which writes are lost, without a word, and each choice loses some:
///
/// | | loses |
/// |---|---|
/// | [`IfIdempotent`](Self::IfIdempotent), the default | what is written by the server's clock right after a write that has the client's, where the clocks differ |
/// | [`Never`](Self::Never) | what is written after a retry, once a server that slept executes the first attempt |
/// | [`Always`](Self::Always) | what is written by anybody else's clock, where that is behind; conditional writes right after plain ones |
///
/// * A request that may be sent twice may be executed late. A server that stops for seconds (a pause
///   of its virtual machine, a network that comes back) has the first attempt in its socket, executes
///   it when it goes on, and gives it the time of then: newer than what was written since the retry
///   was done elsewhere. With the time of the client both attempts are one write, as old as it is.
/// * A conditional statement (`IF`) has its time from Paxos, by the servers' clocks in milliseconds,
///   whatever the client says. One that follows a plain write within the same millisecond is older
///   than a time in microseconds of the client: it says `[applied]`, and is not seen. So is one whose
///   server's clock is behind the client's by more than what lies between the two.
/// * In the same way a plain write with the server's time loses against an earlier one with that of
///   a client whose clock is ahead. Clients that write the same cells should have the same setting,
///   and synchronized clocks.
///
/// So by default only those plain writes have the client's time that may be sent twice, since their
/// user said that they are idempotent ([`idempotent`](crate::ExecutionProfile::idempotent)). What is
/// left to their user: cells that are written both by such writes and by others, conditional or not.
/// Write them one way: say [`Never`](Self::Never) for a table with conditional statements, or say of
/// none of its plain writes that it is idempotent. And a program that sends a write again by itself,
/// after an error of which [`may_have_been_applied`](crate::Error::may_have_been_applied) is true,
/// gives both the same time by [`timestamp_micros`](crate::Execution::timestamp_micros).
///
/// What counts as a write is said by the text: INSERT, UPDATE and DELETE, and batches of them.
/// Conditional ones and counters have times of their own, whatever a client says, and nothing else has
/// one from here: TRUNCATE, a change of the schema, a transaction of Cassandra 6. `USING TIMESTAMP` in a text comes before
/// either clock.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientTimestamps {
    /// None: each server gives them its own time when it executes them.
    Never,
    /// Those that may be sent twice: plain writes that are said to be idempotent.
    #[default]
    IfIdempotent,
    /// All plain writes.
    Always,
}

impl ClientTimestamps {
    /// Do writes have it of which this is said?
    #[inline]
    pub(crate) const fn are_for(self, idempotent: Option<bool>) -> bool {
        match self {
            Self::Never => false,
            Self::IfIdempotent => matches!(idempotent, Some(true)),
            Self::Always => true,
        }
    }
}

/// Is it a write whose time is that of its request?
#[inline]
pub(crate) const fn has_a_time(kind: StatementKind) -> bool {
    matches!(kind, StatementKind::Write | StatementKind::LoggedBatch | StatementKind::UnloggedBatch)
}
