//! The settings of a profile that are data: those of requests that say nothing else.

use super::allowed::{Allowed, FLAG, count, one_of, time};
use super::held::Held;
use super::session::{LOAD_BALANCING, RETRY, SPECULATION};
use super::setting::{Setting, settings};
use super::value::Value;
use crate::profile::ExecutionProfile;

const CONSISTENCY: Allowed = one_of(&[
    "ANY",
    "ONE",
    "TWO",
    "THREE",
    "QUORUM",
    "ALL",
    "LOCAL_QUORUM",
    "EACH_QUORUM",
    "SERIAL",
    "LOCAL_SERIAL",
    "LOCAL_ONE",
]);

static SETTINGS: &[Setting<ExecutionProfile>] = settings!(ExecutionProfile:
    "consistency" CONSISTENCY => at settings.consistency;
    "serial_consistency" one_of(&["SERIAL", "LOCAL_SERIAL"]) => at settings.serial_consistency;
    "timeout" time(0) => at settings.timeout;
    "attempt_timeout" time(1).or_none() => at settings.attempt_timeout;
    "stream_timeout" time(0).or_none() => at settings.stream_timeout;
    "page_size" count(1, 2_147_483_647) => at settings.page_size;
    "prefetch_pages" count(0, 255) => at settings.prefetch_pages;
    "idempotent" FLAG.or_none() => at settings.idempotent;
    "tracing" FLAG => at settings.tracing;
    "client_timestamps" one_of(&["never", "as_needed", "always"])
        => at settings.client_timestamps;
    "retry_policy" RETRY.or_none() => by retry, put_retry;
    "speculative_policy" SPECULATION => by speculative, put_speculative;
    "load_balancing" LOAD_BALANCING.or_none() => by load_balancing, put_load_balancing;
);

/// All settings of a profile.
pub(super) fn all() -> impl Iterator<Item = &'static Setting<ExecutionProfile>> {
    SETTINGS.iter()
}

/// Two functions for a policy.
macro_rules! policy {
    ($policy:ident, $shown:ident, $put:ident) => {
        fn $shown(profile: &ExecutionProfile) -> Value {
            profile.policies().and_then(|policies| policies.$policy.clone()).shown()
        }

        fn $put(profile: &mut ExecutionProfile, value: Value) -> Result<(), String> {
            // One without policies of its own stays without: a request of it looks no further.
            if value != Value::None || profile.policies().is_some() {
                profile.policies_mut().$policy = Held::read(value)?;
            }
            Ok(())
        }
    };
}

policy!(retry, retry, put_retry);
policy!(speculative, speculative, put_speculative);
policy!(load_balancing, load_balancing, put_load_balancing);
