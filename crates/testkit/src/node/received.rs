//! What a node remembers of its clients.

use bytes::Bytes;
use cqlwire_codec::request::{BindValue, BoundValue, RequestMessage};
use cqlwire_codec::{
    Compression, Consistency, CustomPayload, Envelope, EnvelopeFlags, Opcode, ProtocolVersion,
    SerialConsistency, StreamId, request,
};

/// A request that a node has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// On which connection, counted from 0 in the order in which the node accepted them.
    pub connection: usize,
    /// On which stream.
    pub stream: StreamId,
    /// In which version.
    pub version: ProtocolVersion,
    /// What it was.
    pub opcode: Opcode,
    /// The text of the statement; of an EXECUTE the one that was prepared, of a BATCH all of them.
    /// None of an EXECUTE, or of a BATCH, with an id that the node does not know.
    pub statements: Vec<String>,
    /// The values of a QUERY, an EXECUTE or, one statement after the other, a BATCH; null and unset
    /// are `None`.
    pub values: Vec<Option<Bytes>>,
    /// Which of these are unset, counted from 0.
    pub unset: Vec<usize>,
    /// The names that the values have, if they were sent with names.
    pub names: Vec<String>,
    /// Which page of the result was asked for, counted from 0; `None` for requests without paging.
    pub page: Option<u32>,
    /// The keyspace that its unqualified names mean: that which it names, else that of its connection;
    /// of an EXECUTE, that in which the statement was prepared.
    pub runs_in: Option<String>,
    /// What else it says of how it is to be executed.
    pub fields: RequestFields,
}

/// The fields of a QUERY, an EXECUTE, a BATCH or a PREPARE that say how it is to be executed, as a
/// server of its version reads them; of other requests, and of one that no server would read, all
/// are as if they were not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFields {
    /// How many replicas are to agree.
    pub consistency: Option<Consistency>,
    /// The consistency of the Paxos phase.
    pub serial_consistency: Option<SerialConsistency>,
    /// How many rows a page is to have.
    pub page_size: Option<i32>,
    /// The write time, in microseconds since 1970.
    pub timestamp_micros: Option<i64>,
    /// The keyspace of unqualified names, if the request has one of its own.
    pub keyspace: Option<String>,
    /// What the server is to take for now, in seconds since 1970 (v5).
    pub now_in_seconds: Option<i32>,
    /// Whether it is to be traced.
    pub tracing: bool,
    /// What is for the server's query handler (v4 and newer).
    pub custom_payload: Option<CustomPayload>,
}

/// What there is to know of values beside their bytes.
#[derive(Default)]
pub(super) struct ValueMarks {
    pub(super) unset: Vec<usize>,
    pub(super) names: Vec<String>,
}

impl ValueMarks {
    fn of(values: impl IntoIterator<Item = BoundValue>) -> Self {
        let mut marks = Self::default();
        for (at, value) in values.into_iter().enumerate() {
            marks.unset.extend((value.value == BindValue::Unset).then_some(at));
            marks.names.extend(value.name);
        }
        marks
    }
}

impl RequestFields {
    pub(super) fn of(envelope: &Envelope) -> (Self, ValueMarks) {
        let tracing = envelope.header.flags.contains(EnvelopeFlags::TRACING);
        let custom_payload = request::custom_payload(envelope).unwrap_or_default();
        match request::decode(envelope) {
            Ok(
                RequestMessage::Query { parameters, .. }
                | RequestMessage::Execute { parameters, .. },
            ) => {
                let fields = Self {
                    consistency: Some(parameters.consistency),
                    serial_consistency: parameters.serial_consistency,
                    page_size: parameters.page_size,
                    timestamp_micros: parameters.timestamp_micros,
                    keyspace: parameters.keyspace,
                    now_in_seconds: parameters.now_in_seconds,
                    tracing,
                    custom_payload,
                };
                (fields, ValueMarks::of(parameters.values))
            }
            Ok(RequestMessage::Batch(batch)) => {
                let fields = Self {
                    consistency: Some(batch.consistency),
                    serial_consistency: batch.serial_consistency,
                    page_size: None,
                    timestamp_micros: batch.timestamp_micros,
                    keyspace: batch.keyspace,
                    now_in_seconds: batch.now_in_seconds,
                    tracing,
                    custom_payload,
                };
                let values = batch.statements.into_iter().flat_map(|statement| statement.values);
                (fields, ValueMarks::of(values))
            }
            Ok(RequestMessage::Prepare { keyspace, .. }) => {
                let fields = Self { keyspace, tracing, custom_payload, ..Self::default() };
                (fields, ValueMarks::default())
            }
            _ => {
                let fields = Self { tracing, custom_payload, ..Self::default() };
                (fields, ValueMarks::default())
            }
        }
    }
}

/// A connection that a node has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Whether it is still there.
    pub open: bool,
    /// The version, once STARTUP has come.
    pub version: Option<ProtocolVersion>,
    /// The compression that STARTUP asked for.
    pub compression: Option<Compression>,
    /// The keyspace that was chosen by `USE`.
    pub keyspace: Option<String>,
    /// The events that it has registered for.
    pub events: Vec<String>,
    /// How many requests have not been answered.
    pub owed: usize,
}
