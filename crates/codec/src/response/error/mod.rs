//! ERROR: why a server did not do what it was asked (v5 §8).
//!
//! An error keeps its code and its text whatever else of it can be read: a code that is not known
//! here and details that are cut off are errors of the server all the same, not of the connection.

mod applied;
mod code;
mod read;

use std::fmt;
use std::net::IpAddr;

use bytes::Bytes;

pub use self::applied::{Applied, StatementKind};
pub use self::code::ErrorCode;
pub(super) use self::read::read;
use super::names::names;
use crate::{Consistency, in_one_line};

/// What a server said of a request that failed (v5 §8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// Which error it is.
    pub code: ErrorCode,
    /// Its text, for people; what was not UTF-8 in it is replaced.
    pub message: String,
    /// What this error says beyond its text.
    pub detail: ServerErrorDetail,
}

/// What some errors say beyond their text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerErrorDetail {
    /// Nothing, or nothing that could be read.
    None,
    /// Too few replicas are up.
    Unavailable {
        /// The consistency asked for.
        consistency: Consistency,
        /// How many replicas it takes.
        required: i32,
        /// How many are up.
        alive: i32,
    },
    /// Too few replicas confirmed a write in time; it may be done all the same.
    WriteTimeout {
        /// How many did, and should have.
        replicas: Replicas,
        /// What was being written.
        write_type: WriteType,
        /// How many other proposals a conditional write met (v5).
        contentions: Option<u16>,
    },
    /// Too few replicas answered a read in time.
    ReadTimeout {
        /// How many did, and should have.
        replicas: Replicas,
        /// Was the replica that was asked for the data among them?
        data_present: bool,
    },
    /// Replicas failed in a read.
    ReadFailure {
        /// How many did answer, and should have.
        replicas: Replicas,
        /// The others.
        failures: Failures,
        /// Did the replica that was asked for the data answer?
        data_present: bool,
    },
    /// Replicas failed in a write; it may be done on others.
    WriteFailure {
        /// How many did confirm, and should have.
        replicas: Replicas,
        /// The others.
        failures: Failures,
        /// What was being written.
        write_type: WriteType,
    },
    /// A user's function failed.
    FunctionFailure {
        /// Its keyspace.
        keyspace: String,
        /// Its name.
        function: String,
        /// The types of its arguments, in CQL.
        arguments: Vec<String>,
    },
    /// Whether a conditional write is done is not known (v5).
    CasWriteUnknown {
        /// How many replicas did answer, and should have.
        replicas: Replicas,
    },
    /// What was to be created is there.
    AlreadyExists {
        /// The keyspace.
        keyspace: String,
        /// The table; `None` if it is the keyspace that is there.
        table: Option<String>,
    },
    /// The server does not know the prepared statement, or no longer does.
    Unprepared {
        /// Its id.
        id: Bytes,
    },
}

/// How many replicas did their part.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// The consistency asked for.
    pub consistency: Consistency,
    /// How many did.
    pub received: i32,
    /// How many it takes.
    pub required: i32,
}

/// The replicas that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: i32,
    /// Each with its reason (v5), 0 to 65,535: a number that servers add to with every release.
    pub reasons: Vec<(IpAddr, u16)>,
}

/// What was being written when a write failed: the names of v5 §8.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteType {
    /// One statement.
    Simple,
    /// A logged batch whose log is written: it will be done.
    Batch,
    /// A batch without a log.
    UnloggedBatch,
    /// A counter.
    Counter,
    /// The log of a logged batch.
    BatchLog,
    /// A conditional write.
    Cas,
    /// A materialised view.
    View,
    /// A table with change data capture.
    Cdc,
    /// Any other.
    Other(String),
}

names!(WriteType {
    Simple = "SIMPLE",
    Batch = "BATCH",
    UnloggedBatch = "UNLOGGED_BATCH",
    Counter = "COUNTER",
    BatchLog = "BATCH_LOG",
    Cas = "CAS",
    View = "VIEW",
    Cdc = "CDC",
});

impl ServerError {
    /// An error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: ServerErrorDetail::None }
    }
}

impl fmt::Display for ServerError {
    /// The name of the error, and its text with control characters escaped: it goes to terminals
    /// and logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, in_one_line(&self.message))
    }
}

impl std::error::Error for ServerError {}
