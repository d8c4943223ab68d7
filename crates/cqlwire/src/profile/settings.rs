//! What of a profile is plain: each request has a copy of its own.

use std::time::Duration;

use cqlwire_codec::{Consistency, SerialConsistency};

use crate::timestamps::ClientTimestamps;

/// What each of these is, [`ExecutionProfile`](super::ExecutionProfile) says.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestSettings {
    pub(crate) consistency: Consistency,
    pub(crate) serial_consistency: SerialConsistency,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) stream_timeout: Option<Duration>,
    pub(crate) prefetch_pages: u8,
    /// At least 1: servers take anything below for no paging at all.
    pub(crate) page_size: u32,
    /// `None`: if it begins with `SELECT`.
    pub(crate) idempotent: Option<bool>,
    pub(crate) tracing: bool,
    pub(crate) client_timestamps: ClientTimestamps,
}

impl Default for RequestSettings {
    fn default() -> Self {
        Self {
            consistency: Consistency::LocalQuorum,
            serial_consistency: SerialConsistency::LocalSerial,
            timeout: Duration::from_secs(10),
            attempt_timeout: None,
            stream_timeout: None,
            prefetch_pages: 1,
            page_size: 5_000,
            idempotent: None,
            tracing: false,
            client_timestamps: ClientTimestamps::AsNeeded,
        }
    }
}
