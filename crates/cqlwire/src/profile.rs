//! How a request is executed, unless it says otherwise itself.

use std::time::Duration;

use cqlwire_codec::{Consistency, SerialConsistency};

/// How a request is executed. Each session has one as its default; each request may differ.
/// The defaults are meant for production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionProfile {
    /// How many replicas must agree. Default `LOCAL_QUORUM`.
    pub consistency: Consistency,
    /// The consistency of the Paxos phase of conditional statements. Default `LOCAL_SERIAL`.
    pub serial_consistency: Option<SerialConsistency>,
    /// How long one request may take with all its attempts: a statement, or one page of a stream.
    /// Default 10 s, more than a server takes before it gives up (2 s for writes, 5 s for reads,
    /// unless configured otherwise), so that its answer arrives.
    pub timeout: Duration,
    /// How long one attempt may take, within the timeout of the whole: what is silent for longer is
    /// given up, and the request sent to another host, if it is idempotent. Default `None`: as long
    /// as the whole. At least 1 ms, what is less is taken for that. Shorter than what the servers take before they give up (5 s for reads, 2 s for
    /// writes, unless configured otherwise), it has a slow cluster do everything twice.
    pub attempt_timeout: Option<Duration>,
    /// How long a whole stream may take, from its first page to its last. Default `None`: as long
    /// as its pages come in time, however many they are.
    pub stream_timeout: Option<Duration>,
    /// How many pages a stream asks for ahead of the one that is being read, as far as the
    /// session's budget has room. Default 1; 0 asks for a page only when it is waited for.
    pub prefetch_pages: u8,
    /// How many rows a page is to have, at least 1. Default 5,000.
    pub page_size: u32,
    /// Is it idempotent: may it be sent again although it may have been done already? Then a lost
    /// connection, and too few replicas in time, are no reason to fail while there is another host.
    /// Default `None`: a statement that begins with `SELECT` is, and no other, since only its user
    /// knows of a write. `Some(false)` holds for `SELECT`, too.
    pub idempotent: Option<bool>,
    /// Have the server trace the request. Default no.
    pub tracing: bool,
}

impl Default for ExecutionProfile {
    fn default() -> Self {
        Self {
            consistency: Consistency::LocalQuorum,
            serial_consistency: Some(SerialConsistency::LocalSerial),
            timeout: Duration::from_secs(10),
            attempt_timeout: None,
            stream_timeout: None,
            prefetch_pages: 1,
            page_size: 5_000,
            idempotent: None,
            tracing: false,
        }
    }
}
