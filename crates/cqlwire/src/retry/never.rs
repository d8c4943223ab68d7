//! The policy that sends nothing twice.

use super::{FailedAttempt, RetryPolicy, RetryVerdict};

/// Nothing that was sent is sent again.
///
/// A host that took nothing, since it is not connected or its connection takes no more, is no
/// attempt: the next one has its turn all the same. A statement that the server has forgotten is
/// prepared and executed all the same, too.
#[derive(Copy, Clone, Debug, Default)]
#[doc(alias = "FallthroughRetryPolicy")]
pub struct NeverRetry;

impl RetryPolicy for NeverRetry {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        RetryVerdict::Fail
    }
}
