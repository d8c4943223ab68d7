//! The CQL native protocol: bytes to envelopes, segments, messages and values, and back. No I/O, no clock.

mod consistency;
mod envelope;
mod error;
mod framing;
mod opcode;
mod paging_state;
mod request_envelope;
mod rows;
mod stream_id;
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
pub use opcode::Opcode;
pub use paging_state::PagingState;
pub use request_envelope::RequestEnvelope;
pub use rows::{ColumnIndex, RawCell, Row, RowCells, RowCursor, RowIter};
pub use stream_id::StreamId;
pub use types::{ColumnSpec, ColumnType, TypeReader, UserType};
pub use value::{
    DecodeRow, DecodeValue, EncodeValue, EncodeValues, InvalidValue, TypeMismatch, ValueError,
    ValueProblem,
};
pub use version::ProtocolVersion;
pub use wire::CustomPayload;
