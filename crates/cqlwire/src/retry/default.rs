//! The policy that a session has unless it is told otherwise.

use cqlwire_codec::{ErrorCode, ServerError, ServerErrorDetail};

use super::{FailedAttempt, RetryPolicy, RetryVerdict};

/// The next host, as long as another one may do better.
///
/// | what happened | then |
/// |---|---|
/// | the connection was lost; the deadline of the attempt passed | next host |
/// | `OVERLOADED`, `IS_BOOTSTRAPPING`, `SERVER_ERROR`, `TRUNCATE_ERROR`, `CAS_WRITE_UNKNOWN` | next host |
/// | `READ_FAILURE` | next host, unless each replica met a limit that all have |
/// | `READ_TIMEOUT`: enough replicas responded, but not the one with the data | same host, once; then as below |
/// | `UNAVAILABLE`, `READ_TIMEOUT`, `WRITE_TIMEOUT` | next host, once: two coordinators ask the same replicas |
/// | anything else | that is the error |
#[derive(Copy, Clone, Debug, Default)]
pub struct DefaultRetryPolicy;

impl RetryPolicy for DefaultRetryPolicy {
    fn decide(&self, failed: &FailedAttempt<'_>) -> RetryVerdict {
        let Some(error) = failed.server_error() else { return RetryVerdict::NextHost };
        let first_at_host = failed.attempts_at_host == 1;
        match error.code {
            ErrorCode::ReadTimeout if first_at_host && lacks_only_data(error) => {
                RetryVerdict::SameHost
            }
            ErrorCode::Unavailable | ErrorCode::ReadTimeout | ErrorCode::WriteTimeout
                if failed.was_said_before(error.code) =>
            {
                RetryVerdict::Fail
            }
            _ if error.another_host_may_succeed() => RetryVerdict::NextHost,
            _ => RetryVerdict::Fail,
        }
    }
}

/// Did enough replicas respond, with digests, while the one that was asked for the data did not?
/// The coordinator asks another one for it next time.
pub(super) const fn lacks_only_data(error: &ServerError) -> bool {
    match error.detail {
        ServerErrorDetail::ReadTimeout { replicas, data_present } => {
            !data_present && replicas.received >= replicas.required
        }
        _ => false,
    }
}
