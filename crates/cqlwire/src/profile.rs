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
    /// How long the whole may take: waiting, every attempt, every page on its own. Default 10 s,
    /// more than a server takes before it gives up (2 s for writes, 5 s for reads, unless
    /// configured otherwise), so that its answer arrives.
    pub timeout: Duration,
    /// How many rows a page is to have, at least 1. Default 5,000.
    pub page_size: u32,
    /// May the request be sent again although it may have been done already? Default no.
    pub idempotent: bool,
    /// Have the server trace the request. Default no.
    pub tracing: bool,
}

impl Default for ExecutionProfile {
    fn default() -> Self {
        Self {
            consistency: Consistency::LocalQuorum,
            serial_consistency: Some(SerialConsistency::LocalSerial),
            timeout: Duration::from_secs(10),
            page_size: 5_000,
            idempotent: false,
            tracing: false,
        }
    }
}
