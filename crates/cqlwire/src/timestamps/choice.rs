//! Which writes have their time from the client.

use cqlwire_codec::StatementKind;

/// Which writes have their time from this client, instead of from the server that executes them.
///
/// Of two writes to one cell, the one with the higher time stays, whichever came last. So whose clock
/// it is decides which writes are lost, without a word:
///
/// * A request that may be sent twice may be executed late. A server that stops for seconds (its
///   virtual machine is paused, a network comes back) has the first attempt in its socket, executes it
///   when it goes on, and gives it the time of then: newer than what was written since the retry was
///   done elsewhere. With the time of the client both attempts are one write, as old as it is.
/// * Servers count milliseconds, and a client microseconds. What a server gives its time to is older
///   than a write of the same millisecond that has the client's, though it came after: it is said to
///   be done, and is not seen. Of plain writes right after each other at a server nearby, the second
///   was lost 855 times of 3,000. A conditional statement (`IF`) has its time from Paxos, by the
///   servers' clocks, whatever the client says: it says `[applied]`, and was not seen 309 times of
///   3,000.
/// * Between clocks that are apart, the same is true of writes that are apart by less.
///
/// | | by which clock | loses |
/// |---|---|---|
/// | [`AsNeeded`](Self::AsNeeded), the default | that of the servers; of the session once a write may be sent twice | between clocks that are apart |
/// | [`Never`](Self::Never) | of each server | the same; and what is written after a retry, once a server that slept executes the first attempt |
/// | [`Always`](Self::Always) | of the session | between clocks that are apart, as those of clients are more often than those of servers |
///
/// So that a session which uses its own clock loses nothing to the milliseconds of servers, a
/// conditional statement is held back until the millisecond is over in which the session gave a time
/// last: for 1 ms or 2, and only where there was such a write just before.
///
/// What is left to the user is what a session does not see. Clients that write the same cells should
/// have the same setting, and all machines clocks that are synchronized: better than what lies between
/// two writes of one cell. A program that sends a write again by itself, after an error of which
/// [`may_have_been_applied`](crate::Error::may_have_been_applied) is true, gives both the same time by
/// [`timestamp_micros`](crate::Execution::timestamp_micros).
///
/// What counts as a plain write is said by the text: INSERT, UPDATE and DELETE without `IF`, and
/// batches of them. Conditional statements and counters have times of their own, whatever a client
/// says, and nothing else has one from here: TRUNCATE, a change of the schema, a transaction of
/// Cassandra 6. `USING TIMESTAMP` in a text comes before either clock.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientTimestamps {
    /// None: each server gives them its own time when it executes them.
    Never,
    /// Plain writes that may be sent twice, since they are said to be idempotent
    /// ([`idempotent`](crate::ExecutionProfile::idempotent)); and, from the first of these on, all
    /// plain writes of the session, so that they have their times by one clock.
    #[default]
    AsNeeded,
    /// All plain writes.
    Always,
}

impl ClientTimestamps {
    /// Do writes have it of which this is said, in a session that has given times before, or not?
    #[inline]
    pub(crate) fn are_for(self, idempotent: Option<bool>, in_use: impl FnOnce() -> bool) -> bool {
        match self {
            Self::Never => false,
            Self::AsNeeded => matches!(idempotent, Some(true)) || in_use(),
            Self::Always => true,
        }
    }
}

/// Is it a write whose time is that of its request?
#[inline]
pub(super) const fn has_a_time(kind: StatementKind) -> bool {
    matches!(kind, StatementKind::Write | StatementKind::LoggedBatch | StatementKind::UnloggedBatch)
}
