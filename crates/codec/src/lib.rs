//! The CQL native protocol: bytes to envelopes, segments, messages and values, and back. No I/O, no clock.

mod consistency;
mod envelope;
mod envelope_writer;
mod error;
mod framing;
mod handshake;
mod opcode;
mod paging_state;
pub mod request;
mod request_envelope;
mod response;
mod rows;
mod stream_id;
mod token;
#[cfg(feature = "tokio-codec")]
mod tokio_codec;
mod types;
mod value;
#[cfg(test)]
mod vectors;
mod version;
pub mod wire;

pub use consistency::{Consistency, SerialConsistency};
pub use envelope::{Direction, Envelope, EnvelopeFlags, EnvelopeHeader, HEADER_LEN};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, FramingError};
pub use framing::{Compression, DecoderSettings, EnvelopeDecoder, SegmentEncoder, SegmentEnd};
pub use handshake::{Agreement, Handshake};
pub use opcode::Opcode;
pub use paging_state::PagingState;
pub use request::{
    AuthResponse, Batch, BatchStatement, BatchStatementKind, BatchType, EncodeRequest, Execute,
    Options, Prepare, Query, QueryParameters, Register, RequestOptions, Startup, encode_request,
};
pub use request_envelope::RequestEnvelope;
pub use response::{
    BindMetadata, Decoded, ErrorCode, Event, EventKind, Failures, Prepared, Replicas, Response,
    ResultResponse, Rows, RowsMetadata, SchemaChange, SchemaChangeKind, SchemaTarget, ServerError,
    ServerErrorDetail, StatusChange, Supported, TopologyChange, WriteType, decode_response,
    encode_response,
};
pub use rows::{ColumnIndex, RawCell, Row, RowCells, RowCursor, RowIter};
pub use stream_id::StreamId;
pub use token::{PartitionKeyHasher, Token};
#[cfg(feature = "tokio-codec")]
pub use tokio_codec::{ClientCodec, CodecError, ServerCodec};
pub use types::{ColumnSpec, ColumnType, TypeReader, UserType};
pub use value::{
    Counter, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlUserType, CqlValue,
    CqlVarint, DecodeRow, DecodeValue, EncodeValue, EncodeValues, EncodedValues, FieldCell,
    FieldCells, FieldCheck, InvalidValue, ListIter, MapIter, MaybeUnset, Misplaced, NamedValues,
    TypeMismatch, Undecoded, Unset, ValueError, ValueProblem, check_fields, encode_fields,
    missing_field,
};
pub use version::ProtocolVersion;
pub use wire::CustomPayload;
