//! The policy that takes less than it was asked for.

use cqlwire_codec::{
    Consistency, ErrorCode, ServerError, ServerErrorDetail, StatementKind, WriteType,
};

use super::default::lacks_only_data;
use super::{DefaultRetryPolicy, FailedAttempt, RetryPolicy, RetryVerdict};

/// At a lower consistency, where too few replicas are there for the one that was asked for.
///
/// # Deprecated
///
/// It is here for programs that come from a driver which has it, and not meant for new ones. What is
/// read at the lower consistency may be stale, and what is written may be lost with one host, at the
/// very moment when hosts are failing, and nobody is told: it breaks what the higher consistency was
/// chosen for. If the lower one will do, ask for it in the first place, and have its latency on all
/// days; if it will not, let the request fail; if it depends, catch the error and ask again with
/// [`Execution::consistency`](crate::Execution::consistency), where it is known what a stale answer
/// means. (It carries no `#[deprecated]`, since it will not be removed.)
///
/// # What it does
///
/// | what happened | then, once |
/// |---|---|
/// | `UNAVAILABLE` | same host, at what the replicas that are up can do |
/// | `READ_TIMEOUT`: too few replicas | same host, at what those that responded can do |
/// | `READ_TIMEOUT`: enough, but not the one with the data | same host |
/// | `WRITE_TIMEOUT` of an unlogged batch | same host, at what those that confirmed can do |
/// | `WRITE_TIMEOUT` of the log of a batch | same host |
/// | other `WRITE_TIMEOUT` | that is the error |
/// | anything else | as [`DefaultRetryPolicy`] |
///
/// A `LOCAL_` consistency becomes `LOCAL_ONE`, and no request leaves its data center by it. Others
/// become `TWO` or `ONE` or `THREE`. What Paxos decides (a statement with `IF`, a read at a serial
/// consistency) stays as it is, and so does a transaction of Cassandra 6.
#[derive(Copy, Clone, Debug, Default)]
#[doc(alias = "DowngradingConsistencyRetryPolicy")]
#[doc(alias = "ConsistencyDowngradingRetryPolicy")]
pub struct DowngradingRetryPolicy;

impl RetryPolicy for DowngradingRetryPolicy {
    fn decide(&self, failed: &FailedAttempt<'_>) -> RetryVerdict {
        let Some(error) = failed.server_error() else { return as_default(failed) };
        let about_replicas = matches!(
            error.code,
            ErrorCode::Unavailable | ErrorCode::ReadTimeout | ErrorCode::WriteTimeout
        );
        if !about_replicas || is_by_paxos(failed) {
            return as_default(failed);
        }
        if failed.attempts > 1 { RetryVerdict::Fail } else { lower(error, failed.consistency) }
    }
}

fn as_default(failed: &FailedAttempt<'_>) -> RetryVerdict {
    DefaultRetryPolicy.decide(failed)
}

/// Is it decided by Paxos, or by what decides transactions? What is not known may be one of these.
fn is_by_paxos(failed: &FailedAttempt<'_>) -> bool {
    matches!(failed.statement, StatementKind::Conditional | StatementKind::Unknown)
        || matches!(failed.consistency, Consistency::Serial | Consistency::LocalSerial)
}

fn lower(error: &ServerError, from: Consistency) -> RetryVerdict {
    match &error.detail {
        ServerErrorDetail::Unavailable { required, alive, .. } => at_most(*alive, *required, from),
        ServerErrorDetail::ReadTimeout { .. } if lacks_only_data(error) => RetryVerdict::SameHost,
        ServerErrorDetail::ReadTimeout { replicas, .. } => {
            at_most(replicas.received, replicas.required, from)
        }
        ServerErrorDetail::WriteTimeout { write_type: WriteType::BatchLog, .. } => {
            RetryVerdict::SameHost
        }
        ServerErrorDetail::WriteTimeout {
            replicas, write_type: WriteType::UnloggedBatch, ..
        } => at_most(replicas.received, replicas.required, from),
        _ => RetryVerdict::Fail,
    }
}

/// At what so many replicas can do, if that is less than was asked for.
fn at_most(replicas: i32, required: i32, from: Consistency) -> RetryVerdict {
    if replicas >= required {
        return RetryVerdict::Fail;
    }
    let is_local = matches!(from, Consistency::LocalQuorum | Consistency::LocalOne);
    RetryVerdict::SameHostAt(match replicas {
        // It says how many of one data center there are; in another there may be more.
        _ if from == Consistency::EachQuorum => Consistency::One,
        ..=0 => return RetryVerdict::Fail,
        _ if is_local => Consistency::LocalOne,
        1 => Consistency::One,
        2 => Consistency::Two,
        _ => Consistency::Three,
    })
}

#[cfg(test)]
mod tests {
    use cqlwire_codec::{Prefixes, Replicas};

    use super::*;
    use crate::error::AttemptFailure;

    fn said(code: ErrorCode, detail: ServerErrorDetail) -> AttemptFailure {
        let error = Box::new(ServerError { detail, ..ServerError::new(code, "") });
        AttemptFailure::Server { error, prefixes: Prefixes::NONE }
    }

    fn unavailable(consistency: Consistency, required: i32, alive: i32) -> AttemptFailure {
        let detail = ServerErrorDetail::Unavailable { consistency, required, alive };
        said(ErrorCode::Unavailable, detail)
    }

    fn verdict(failure: &AttemptFailure, consistency: Consistency) -> RetryVerdict {
        let failed = FailedAttempt { consistency, ..FailedAttempt::new(failure) };
        DowngradingRetryPolicy.decide(&failed)
    }

    #[test]
    fn it_takes_what_there_is_and_stays_in_its_data_center() {
        use Consistency::{
            All, EachQuorum, LocalOne, LocalQuorum, LocalSerial, One, Quorum, Three, Two,
        };
        use RetryVerdict::{Fail, NextHost, SameHostAt};
        for (consistency, required, alive, right) in [
            (Quorum, 2, 1, SameHostAt(One)),
            (Quorum, 3, 2, SameHostAt(Two)),
            (All, 5, 4, SameHostAt(Three)),
            (LocalQuorum, 2, 1, SameHostAt(LocalOne)),
            (LocalQuorum, 3, 2, SameHostAt(LocalOne)),
            (EachQuorum, 2, 0, SameHostAt(One)),
            (Quorum, 2, 0, Fail),
            (One, 1, 0, Fail),
            (LocalOne, 1, 0, Fail),
            (Two, 2, 2, Fail),
            (LocalSerial, 2, 1, NextHost),
        ] {
            let failure = unavailable(consistency, required, alive);
            assert_eq!(verdict(&failure, consistency), right, "{consistency} {alive}");
        }
    }

    #[test]
    fn a_timeout_is_taken_for_less_only_where_nothing_is_said_to_be_done_that_is_not() {
        use RetryVerdict::{Fail, SameHost, SameHostAt};
        let consistency = Consistency::Quorum;
        let read = |received, data_present| {
            let replicas = Replicas { consistency, received, required: 2 };
            let detail = ServerErrorDetail::ReadTimeout { replicas, data_present };
            verdict(&said(ErrorCode::ReadTimeout, detail), consistency)
        };
        assert_eq!(read(1, false), SameHostAt(Consistency::One));
        assert_eq!(read(2, false), SameHost);
        assert_eq!(read(2, true), Fail);
        assert_eq!(read(0, false), Fail);
        let write = |write_type| {
            let replicas = Replicas { consistency, received: 1, required: 2 };
            let detail =
                ServerErrorDetail::WriteTimeout { replicas, write_type, contentions: None };
            verdict(&said(ErrorCode::WriteTimeout, detail), consistency)
        };
        assert_eq!(write(WriteType::UnloggedBatch), SameHostAt(Consistency::One));
        assert_eq!(write(WriteType::BatchLog), SameHost);
        for other in [WriteType::Simple, WriteType::Batch, WriteType::Counter, WriteType::Cas] {
            assert_eq!(write(other), Fail);
        }
    }

    #[test]
    fn it_does_so_once_and_not_with_what_paxos_decides() {
        let failure = unavailable(Consistency::Quorum, 2, 1);
        let consistency = Consistency::Quorum;
        let first = FailedAttempt { consistency, ..FailedAttempt::new(&failure) };
        let policy = DowngradingRetryPolicy;
        let second = FailedAttempt { attempts: 2, ..first };
        assert_eq!(policy.decide(&second), RetryVerdict::Fail);
        // What is not known may be a transaction.
        for statement in [StatementKind::Conditional, StatementKind::Unknown] {
            let decided = FailedAttempt { statement, ..first };
            assert_eq!(policy.decide(&decided), RetryVerdict::NextHost, "{statement:?}");
        }
    }
}
