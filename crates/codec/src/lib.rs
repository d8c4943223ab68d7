//! The CQL native protocol: bytes to envelopes, segments, messages and values, and back. No I/O, no
//! clock.
//!
//! This is the codec of the `cqlwire` driver, and good enough to be used alone: by a proxy, a
//! sniffer, a test server, another driver. It speaks v3, v4 and v5 of the protocol as Cassandra 2.1
//! to 5.0 speak them, as a client and as a server, and it never reads a socket or a clock.
//!
//! # What is on the wire
//!
//! A **message** says something: QUERY, RESULT, ERROR. It travels in an **envelope**: nine bytes of
//! header, which name the version, the stream (responses come in any order) and the kind of the
//! message, and the message as body. v3 and v4 send envelopes as they are, each body compressed or
//! not. v5 packs them into **segments**, each with two checksums: many small envelopes into one, a
//! large one over several, compressed as a whole. (The specification says *frame* for the segment
//! of v5, and for the envelope of v3 and v4; nothing here is called a frame.)
//!
//! ```text
//!            ┌────────────────────────┐ ┌────────────────────────┐ ┌─────────────
//!  envelopes │ header │ body: message │ │ header │ body: message │ │ header │ body:
//!            └────────────────────────┘ └────────────────────────┘ └─────────────
//!            ╲___________________________________________________╱ ╲____ ____ ___
//!                 self-contained: whole envelopes, back to back     slices of one
//!            ┌─────────────────────────────────────────────────┐   ┌─────────────
//!  segments  │ length, flag, CRC-24 │ payload (LZ4?) │ CRC-32  │   │ length, …
//!            └─────────────────────────────────────────────────┘   └─────────────
//! ```
//!
//! Byte by byte, and for the fields of a segment bit by bit (numbers of an envelope are big-endian,
//! those of a segment little-endian):
//!
//! ```text
//!  envelope  │ version 1 │ flags 1 │ stream 2 │ opcode 1 │ length 4 │ body: length bytes │
//!            top bit of the version: 0 request, 1 response
//!
//!  segment   │ length 17 │ self-contained 1 │ padding 6 │ CRC-24 │ payload: length bytes │ CRC-32 │
//!            with LZ4: │ compressed 17 │ uncompressed 17 │ self-contained 1 │ padding 5 │ ...
//! ```
//!
//! The body of a response may begin with prefixes, each announced by a flag and in this order: the id
//! of a trace, warnings, a custom payload. Of a request only the last can be there. Then comes the
//! message, and what follows it is ignored.
//!
//! On v5 the handshake is bare: the first segment comes after the READY or AUTHENTICATE that answers
//! STARTUP, in both directions. Whoever owns a connection switches there
//! ([`EnvelopeDecoder::switch_to_segments`]), even if the segment's bytes have come already.
//! [`Handshake`] tells the moment to those who only look on.
//!
//! # Reading
//!
//! [`EnvelopeDecoder`] takes envelopes out of a buffer, however the bytes came in;
//! [`decode_response`] and [`request::decode`] read their messages. The rows of a page stay in its
//! bytes until they are asked for, and can borrow from them:
//!
//! ```
//! use bytes::BytesMut;
//! use cqlwire_codec::{
//!     DecoderSettings, EnvelopeDecoder, Response, ResultResponse, RowIter, decode_response,
//! };
//!
//! // A page of one row, as a server of v4 sends it: the int 7 in the column ks.t.k.
//! let mut buffer = BytesMut::from(
//!     &b"\x84\0\0\x01\x08\0\0\0\x24\0\0\0\x02\0\0\0\x01\0\0\0\x01\
//!        \0\x02ks\0\x01t\0\x01k\0\x09\0\0\0\x01\0\0\0\x04\0\0\0\x07"[..],
//! );
//! let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
//! let envelope = decoder.decode(&mut buffer)?.expect("all of it is there");
//! let Response::Result(ResultResponse::Rows(rows)) = decode_response(&envelope)?.response else {
//!     panic!("not a page of rows");
//! };
//! let columns = rows.metadata.columns.as_deref().expect("the page describes its rows");
//! for row in RowIter::<(i32,)>::new(columns, rows.row_count, &rows.content)? {
//!     assert_eq!(row?, (7,));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Rows are read as tuples, by the positions of their columns; as structs, by their names, with the
//! macros of `cqlwire-derive` or a [`RowPlanner`]; or as they are ([`Row`]).
//!
//! # Writing
//!
//! A request is a struct that borrows what it says. [`encode_request`] makes a whole
//! [`RequestEnvelope`] of it, in a buffer that can be used again and again; the stream is put in when
//! the envelope is copied to where it goes out from. [`SegmentEncoder`] packs what has gathered there.
//! For a server there is [`encode_response`].
//!
//! ```
//! use bytes::BytesMut;
//! use cqlwire_codec::{
//!     Consistency, ProtocolVersion, Query, QueryParameters, RequestOptions, SegmentEncoder,
//!     StreamId, encode_request,
//! };
//!
//! let query = Query {
//!     statement: "SELECT name FROM stars WHERE id = ?",
//!     parameters: QueryParameters::new(Consistency::LocalQuorum, &(42_i32,)),
//! };
//! let (version, options) = (ProtocolVersion::V5, RequestOptions::default());
//! let request = encode_request(&query, version, &options, BytesMut::new())?;
//!
//! let mut outgoing = BytesMut::new();
//! request.copy_to(StreamId::new(1), &mut outgoing);
//!
//! let (mut wire, mut ends) = (BytesMut::new(), Vec::new());
//! SegmentEncoder::new(None).encode(&outgoing, &mut wire, &mut ends);
//! assert_eq!(wire.len(), 6 + outgoing.len() + 4);
//! # Ok::<(), cqlwire_codec::EncodeError>(())
//! ```
//!
//! # Errors, and what they end
//!
//! * [`FramingError`]: the bytes cannot be trusted any more. Ends the connection.
//! * [`DecodeError`]: a body is not what it should be. Ends the request that it answers, nothing
//!   else.
//! * [`ValueError`]: a cell is no value of its type. Ends nothing; the row beside it can be read.
//! * [`EncodeError`]: what was asked for cannot be said in this version. Nothing was written.
//!
//! What a later server adds is none of these: unknown events, error codes, consistency levels and
//! types of write keep their raw form, and a type that only has a class is opaque bytes.
//!
//! # Limits
//!
//! Any bytes give a result or an error: no panic, no recursion without a bound, and no memory for a
//! length that is only declared. A message costs a small multiple of the bytes that it came in.
//!
//! | what | limit | where it is set |
//! |---|---|---|
//! | body of an envelope, compressed or not | 256 MiB | [`DecoderSettings::max_envelope_bytes`] |
//! | payload of a segment | 131,071 bytes | the protocol |
//! | body of a request | 2 GiB - 1 | [`RequestOptions::max_body_bytes`] |
//! | levels of a type | 64 | fixed |
//! | types in the metadata of a result | 1,000,000 | fixed |
//! | rows | what their cells pay for: four bytes each | the protocol |
//!
//! # Features
//!
//! All of them add something and change nothing; none is on by default.
//!
//! * `snappy`: Snappy, beside LZ4, as a compression of v3 and v4.
//! * `tokio-codec`: `ClientCodec` and `ServerCodec`, the codec traits of tokio-util with the
//!   handshake in them.
//! * `chrono`, `jiff`, `time`: timestamp, date and time as types of these crates.
//! * `bigdecimal`, `rust_decimal`, `num-bigint`: decimal and varint as types of these crates.
//! * `serde`: values and rows of whatever type ([`CqlValue`], [`CqlRow`]) as data for serde.
//! * `serde_json`: text that holds JSON.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(unnameable_types)]

mod consistency;
mod envelope;
mod envelope_writer;
mod error;
mod framing;
mod handshake;
mod one_line;
mod opcode;
mod paging_state;
pub mod request;
mod request_envelope;
mod response;
mod rows;
mod secret;
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

/// The buffers that [`EncodeValue`] and [`EncodeValues`] write to.
pub use bytes;
pub use consistency::{Consistency, SerialConsistency};
pub use envelope::{Direction, Envelope, EnvelopeFlags, EnvelopeHeader, HEADER_LEN};
pub use error::{DecodeError, DecodeErrorKind, EncodeError, FramingError};
pub use framing::{
    Arrival, Compression, DecoderSettings, EnvelopeDecoder, LARGE_BODY, Oversized, SegmentEncoder,
    SegmentEnd,
};
pub use handshake::{Agreement, Handshake};
pub use one_line::{in_one_line, without_secrets};
pub use opcode::Opcode;
pub use paging_state::PagingState;
pub use request::{
    AuthResponse, Batch, BatchMark, BatchStatement, BatchStatementKind, BatchStatements, BatchType,
    BatchValues, EncodeRequest, Execute, Options, Prepare, Query, QueryParameters, Register,
    RequestOptions, Startup, encode_request,
};
pub use request_envelope::RequestEnvelope;
pub use response::{
    Applied, BindMetadata, Decoded, ErrorCode, Event, EventKind, Failures, PlainResponse, Prefixes,
    Prepared, Replicas, Response, ResultResponse, Rows, RowsMetadata, SchemaChange,
    SchemaChangeKind, SchemaTarget, ServerError, ServerErrorDetail, StatementKind, StatusChange,
    Supported, TopologyChange, WriteType, decode_response, encode_response,
};
pub use rows::{
    ArrangedCells, ColumnIndex, ColumnMarkers, ColumnNames, Columns, NamedColumns, RawCell, Row,
    RowCells, RowCursor, RowIter, RowPlan, RowPlanner,
};
pub use stream_id::StreamId;
pub use token::{PartitionKeyHasher, Token};
#[cfg(feature = "tokio-codec")]
pub use tokio_codec::{ClientCodec, CodecError, ServerCodec};
pub use types::{
    ColumnSpec, ColumnType, CqlTypeError, FindUserType, Measured, TypeExtent, TypeReader, UserType,
};
pub use value::{
    Counter, CqlDate, CqlDecimal, CqlDuration, CqlRow, CqlTime, CqlTimestamp, CqlUserType,
    CqlValue, CqlVarint, DecodeRow, DecodeValue, EncodeValue, EncodeValues, EncodedValues,
    FieldCell, FieldCells, FieldCheck, InvalidValue, ListIter, MapIter, MaybeUnset, Misplaced,
    MissingColumn, MissingField, NamedFields, NamedValues, ParseValueError, ShowValue,
    TypeMismatch, Undecoded, Unset, ValueError, ValueProblem, ValuesByName, check_fields,
    check_optional_fields, encode_by_name, encode_fields, missing_field, type_of_fields,
    variant_bytes, variant_text,
};
pub use version::ProtocolVersion;
pub use wire::CustomPayload;
