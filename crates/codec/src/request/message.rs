//! Requests as the server's half gives them: owned.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;

use super::{BatchType, BoundValue};
use crate::secret::fmt_token;
use crate::{Consistency, EventKind, PagingState, SerialConsistency};

/// A request, as a server gets it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestMessage {
    /// STARTUP (v5 §4.1.1): its options; servers take the keys in any case.
    Startup(BTreeMap<String, String>),
    /// OPTIONS (v5 §4.1.3).
    Options,
    /// REGISTER (v5 §4.1.8): which events.
    Register(Vec<EventKind>),
    /// `AUTH_RESPONSE` (v5 §4.1.2): the token; `None` if it was null, which a client must not send.
    AuthResponse(Option<Bytes>),
    /// QUERY (v5 §4.1.4).
    Query {
        /// The statement, in CQL.
        statement: String,
        /// Its values and options.
        parameters: DecodedParameters,
    },
    /// PREPARE (v5 §4.1.5).
    Prepare {
        /// The statement, in CQL.
        statement: String,
        /// The keyspace of unqualified names (v5).
        keyspace: Option<String>,
    },
    /// EXECUTE (v5 §4.1.6).
    Execute {
        /// The id of the prepared statement.
        id: Bytes,
        /// The id of the result metadata that the client has; always there on v5, never before.
        result_metadata_id: Option<Bytes>,
        /// Its values and options.
        parameters: DecodedParameters,
    },
    /// BATCH (v5 §4.1.7).
    Batch(DecodedBatch),
}

impl fmt::Debug for RequestMessage {
    /// As derived, but for the token: of this the length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Startup(options) => f.debug_tuple("Startup").field(options).finish(),
            Self::Options => f.write_str("Options"),
            Self::Register(events) => f.debug_tuple("Register").field(events).finish(),
            Self::AuthResponse(token) => fmt_token(f, "AuthResponse", token.as_deref()),
            Self::Query { statement, parameters } => {
                let mut query = f.debug_struct("Query");
                query.field("statement", statement).field("parameters", parameters).finish()
            }
            Self::Prepare { statement, keyspace } => {
                let mut prepare = f.debug_struct("Prepare");
                prepare.field("statement", statement).field("keyspace", keyspace).finish()
            }
            Self::Execute { id, result_metadata_id, parameters } => f
                .debug_struct("Execute")
                .field("id", id)
                .field("result_metadata_id", result_metadata_id)
                .field("parameters", parameters)
                .finish(),
            Self::Batch(batch) => f.debug_tuple("Batch").field(batch).finish(),
        }
    }
}

/// The values and the options of a QUERY or an EXECUTE, owned; see
/// [`QueryParameters`](super::QueryParameters) for what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented where the client sets them")]
pub struct DecodedParameters {
    pub consistency: Consistency,
    pub values: Vec<BoundValue>,
    pub skip_metadata: bool,
    pub page_size: Option<i32>,
    pub paging_state: Option<PagingState>,
    pub serial_consistency: Option<SerialConsistency>,
    pub timestamp_micros: Option<i64>,
    pub keyspace: Option<String>,
    pub now_in_seconds: Option<i32>,
}

/// A BATCH, owned; see [`Batch`](super::Batch) for what the fields mean.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented where the client sets them")]
pub struct DecodedBatch {
    pub batch_type: BatchType,
    pub statements: Vec<DecodedBatchStatement>,
    pub consistency: Consistency,
    pub serial_consistency: Option<SerialConsistency>,
    pub timestamp_micros: Option<i64>,
    pub keyspace: Option<String>,
    pub now_in_seconds: Option<i32>,
}

/// One statement of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedBatchStatement {
    /// The text, or the id.
    pub statement: DecodedStatement,
    /// Its values; they never have names.
    pub values: Vec<BoundValue>,
}

/// What a statement of a batch is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodedStatement {
    /// In CQL.
    Query(String),
    /// Prepared, by its id.
    Prepared(Bytes),
}
