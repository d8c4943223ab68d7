//! `cassandra-protocol` packs segments that are read here, reads segments that are packed here, and
//! reads messages as they were meant.
//!
//! What it refuses (levels and codes of later servers, a CAS without its contentions) cannot be
//! compared. It panics on bytes that are not well formed, so it gets none: messages are made of the fuzzer's bytes,
//! and what it makes of them is written by it and read here again.

use std::collections::HashSet;

use bytes::BytesMut;
use cassandra_protocol::compression::Compression as TheirCompression;
use cassandra_protocol::frame::frame_decoder::{
    FrameDecoder, Lz4FrameDecoder, UncompressedFrameDecoder,
};
use cassandra_protocol::frame::frame_encoder::{
    FrameEncoder, Lz4FrameEncoder, UncompressedFrameEncoder,
};
use cassandra_protocol::frame::message_request::RequestBody;
use cassandra_protocol::frame::message_response::ResponseBody;
use cassandra_protocol::frame::message_result::{BodyResResultPrepared, ColSpec, ResResultBody};
use cassandra_protocol::frame::{Opcode as TheirOpcode, Serialize, Version};
use cassandra_protocol::types::CBytesShort;
use cqlwire_codec::request::{self, RequestMessage};
use cqlwire_codec::{
    ColumnSpec, Compression, Decoded, DecoderSettings, Direction, Envelope, EnvelopeDecoder,
    EnvelopeFlags, EnvelopeHeader, Event, EventKind, Opcode, Prepared, ProtocolVersion,
    RequestOptions, Response, ResultResponse, SchemaChange, SchemaChangeKind, SchemaTarget,
    SegmentEncoder, ServerErrorDetail, StatusChange, StreamId, TopologyChange, decode_response,
    encode_response,
};

use crate::encode;
use crate::envelopes::decode;
use crate::input::Input;
use crate::made::Made;
use crate::responses::envelope_of;

/// They take a \[short\] for a signed number.
const LONGEST: usize = 32_767;

/// Version; plain or LZ4; how many envelopes go together; what makes the messages.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let version = input.version();
    let compression = (input.byte() % 2 == 1).then_some(Compression::Lz4);
    let together = 1 + usize::from(input.byte() % 4);
    let mut made = Made::new(input.rest(), version).up_to(LONGEST);
    if let Ok(request) = made.request() {
        requests_agree(&request, version);
    }
    let responses: Vec<_> = (0..4).map_while(|_| made.response().ok()).collect();
    for response in &responses {
        responses_agree(response, version);
    }
    if version == ProtocolVersion::V5 {
        segments_agree(&responses, compression, together);
    }
}

fn segments_agree(responses: &[Decoded], compression: Option<Compression>, together: usize) {
    let envelopes: Vec<BytesMut> = responses.iter().filter_map(envelope).collect();
    for envelopes in envelopes.chunks(together) {
        let plain = envelopes.concat();
        let mut ours = BytesMut::new();
        SegmentEncoder::new(compression).encode(&plain, &mut ours, &mut Vec::new());
        let theirs = their_segments(envelopes, compression);
        let read_by_them = their_envelopes(&ours, compression);
        let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
        decoder.switch_to_segments(compression);
        let (read_by_us, end) = decode(decoder, &theirs);
        assert_eq!(end, Ok(()));
        assert_eq!(read_by_us.len(), envelopes.len());
        assert_eq!(read_by_them.len(), envelopes.len());
        for ((sent, we), they) in envelopes.iter().zip(&read_by_us).zip(&read_by_them) {
            assert_eq!(&envelope_of(sent), we);
            assert_eq!(they.stream_id, we.header.stream.raw());
            // They keep the tracing id and the warnings elsewhere.
            if we.header.flags == EnvelopeFlags::NONE {
                assert_eq!(they.body, we.body);
            }
        }
    }
}

/// The response as an envelope of v5; none if it is one that they read in another way.
fn envelope(response: &Decoded) -> Option<BytesMut> {
    if response.prefixes.tracing_id().is_some() || !response.prefixes.warnings().is_empty() {
        return None;
    }
    let mut out = BytesMut::new();
    let event = matches!(response.response, Response::Event(_));
    let stream = if event { StreamId::EVENT } else { StreamId::new(7) };
    encode_response(response, ProtocolVersion::V5, stream, None, &mut out)
        .expect("a response of this version");
    Some(out)
}

fn their_segments(envelopes: &[BytesMut], compression: Option<Compression>) -> Vec<u8> {
    let mut encoder: Box<dyn FrameEncoder> = match compression {
        None => Box::new(UncompressedFrameEncoder::default()),
        Some(_) => Box::new(Lz4FrameEncoder::default()),
    };
    let mut out = Vec::new();
    for envelope in envelopes {
        if !encoder.can_fit(envelope.len()) && encoder.has_envelopes() {
            out.extend_from_slice(encoder.finalize_self_contained());
            encoder.reset();
        }
        if encoder.can_fit(envelope.len()) {
            encoder.add_envelope(envelope.to_vec());
            continue;
        }
        let mut rest = &envelope[..];
        while !rest.is_empty() {
            let (taken, frame) = encoder.finalize_non_self_contained(rest);
            out.extend_from_slice(frame);
            encoder.reset();
            rest = &rest[taken..];
        }
    }
    if encoder.has_envelopes() {
        out.extend_from_slice(encoder.finalize_self_contained());
    }
    out
}

fn their_envelopes(
    bytes: &[u8],
    compression: Option<Compression>,
) -> Vec<cassandra_protocol::frame::Envelope> {
    let mut bytes = bytes.to_vec();
    match compression {
        None => UncompressedFrameDecoder::default().consume(&mut bytes, TheirCompression::None),
        Some(_) => Lz4FrameDecoder::default().consume(&mut bytes, TheirCompression::Lz4),
    }
    .expect("segments")
}

const fn their_version(version: ProtocolVersion) -> Version {
    match version {
        ProtocolVersion::V3 => Version::V3,
        ProtocolVersion::V4 => Version::V4,
        ProtocolVersion::V5 => Version::V5,
    }
}

fn their_opcode(opcode: Opcode) -> TheirOpcode {
    TheirOpcode::try_from(opcode.byte()).expect("an opcode")
}

/// An envelope of this body.
fn envelope_with(version: ProtocolVersion, opcode: Opcode, body: Vec<u8>) -> Envelope {
    let direction = if opcode.is_request() { Direction::Request } else { Direction::Response };
    let length = u32::try_from(body.len()).expect("a small body");
    let (flags, stream) = (EnvelopeFlags::NONE, StreamId::new(1));
    let header = EnvelopeHeader { version, direction, flags, stream, opcode, length };
    Envelope { header, body: body.into() }
}

/// They read the request, write it, and it is the same.
fn requests_agree(message: &RequestMessage, version: ProtocolVersion) {
    if !they_know_request(message) {
        return;
    }
    let encoded = encode::encode(message, version, &RequestOptions::default());
    let encoded = envelope_of(encoded.expect("a request of this version").as_bytes());
    let opcode = encoded.header.opcode;
    let theirs = RequestBody::try_from(&encoded.body, their_opcode(opcode), their_version(version));
    let Ok(theirs) = theirs else { return };
    let written = theirs.serialize_to_vec(their_version(version));
    let again = request::decode(&envelope_with(version, opcode, written));
    assert_eq!(again.map(as_they_keep), Ok(as_they_keep(message.clone())));
}

/// They forget that metadata was to be skipped, and the order of named values.
fn as_they_keep(mut message: RequestMessage) -> RequestMessage {
    if let RequestMessage::Query { parameters, .. } | RequestMessage::Execute { parameters, .. } =
        &mut message
    {
        parameters.skip_metadata = false;
        if parameters.values.iter().any(|value| value.name.is_some()) {
            parameters.values.sort_by(|one, other| one.name.cmp(&other.name));
        }
    }
    message
}

/// What they can say too.
fn they_know_request(message: &RequestMessage) -> bool {
    match message {
        RequestMessage::Register(events) => {
            !events.iter().any(|event| matches!(event, EventKind::Other(_)))
        }
        // Of two values of one name they keep one.
        RequestMessage::Query { parameters, .. } | RequestMessage::Execute { parameters, .. } => {
            let names: Vec<_> =
                parameters.values.iter().filter_map(|value| value.name.as_ref()).collect();
            names.iter().collect::<HashSet<_>>().len() == names.len()
        }
        _ => true,
    }
}

/// They read the response, write it, and it is the same.
fn responses_agree(decoded: &Decoded, version: ProtocolVersion) {
    let response = &decoded.response;
    if !they_know_response(response) {
        return;
    }
    let bare = Decoded::from(response.clone());
    let mut out = BytesMut::new();
    encode_response(&bare, version, StreamId::new(1), None, &mut out)
        .expect("a response of this version");
    let encoded = envelope_of(&out);
    let opcode = encoded.header.opcode;
    let theirs =
        ResponseBody::try_from(&encoded.body, their_opcode(opcode), their_version(version));
    let Ok(theirs) = theirs else { return };
    if let (
        Response::Result(ResultResponse::Prepared(ours)),
        ResponseBody::Result(ResResultBody::Prepared(theirs)),
    ) = (response, &theirs)
    {
        return same_prepared(ours, theirs);
    }
    let Some(written) = written_by_them(&theirs, their_version(version)) else { return };
    let again = decode_response(&envelope_with(version, opcode, written));
    assert_eq!(again.as_ref(), Ok(&bare));
}

/// What they read of a prepared statement. They do not write it so that it could be read again.
fn same_prepared(ours: &Prepared, theirs: &BodyResResultPrepared) {
    assert_eq!(their_id(&theirs.id), ours.id);
    let metadata_id = theirs.result_metadata_id.as_ref().map(their_id);
    assert_eq!(metadata_id.as_deref(), ours.result_metadata_id.as_deref());
    let key: Vec<i16> = ours.bind.partition_key.iter().map(|index| *index as i16).collect();
    // They keep an index that names no marker; we have no key then, as nothing can be routed by it.
    let markers = ours.bind.columns.len();
    if theirs.metadata.pk_indexes.iter().all(|index| usize::from(*index as u16) < markers) {
        assert_eq!(theirs.metadata.pk_indexes, key);
    } else {
        assert!(key.is_empty());
    }
    let names = |columns: &[ColSpec]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let our_names =
        |columns: &[ColumnSpec]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&theirs.metadata.col_specs), our_names(&ours.bind.columns));
    let result = ours.result.columns.as_deref().unwrap_or_default();
    assert_eq!(names(&theirs.result_metadata.col_specs), our_names(result));
}

fn their_id(id: &CBytesShort) -> Vec<u8> {
    id.clone().into_bytes().unwrap_or_default()
}

/// The bodies that they can also write.
fn written_by_them(body: &ResponseBody, version: Version) -> Option<Vec<u8>> {
    match body {
        ResponseBody::Error(body) => Some(body.serialize_to_vec(version)),
        ResponseBody::Authenticate(body) => Some(body.serialize_to_vec(version)),
        ResponseBody::Supported(body) => Some(body.serialize_to_vec(version)),
        ResponseBody::Result(body) => Some(body.serialize_to_vec(version)),
        ResponseBody::Event(body) => Some(body.serialize_to_vec(version)),
        ResponseBody::AuthChallenge(body) => Some(body.serialize_to_vec(version)),
        ResponseBody::AuthSuccess(body) => Some(body.serialize_to_vec(version)),
        _ => None,
    }
}

/// What they can say too.
fn they_know_response(response: &Response) -> bool {
    match response {
        Response::Error(error) => match &error.detail {
            // They take the address of a replica that failed for one with a port.
            ServerErrorDetail::ReadFailure { failures, .. }
            | ServerErrorDetail::WriteFailure { failures, .. } => failures.reasons.is_empty(),
            _ => true,
        },
        Response::Event(Event::Other(_)) => false,
        Response::Event(Event::TopologyChange { change, .. }) => {
            matches!(change, TopologyChange::NewNode | TopologyChange::RemovedNode)
        }
        Response::Event(Event::StatusChange { change, .. }) => {
            !matches!(change, StatusChange::Other(_))
        }
        Response::Event(Event::SchemaChange(change))
        | Response::Result(ResultResponse::SchemaChange(change)) => knows_change(change),
        // Rows without columns are nothing to them, not even their number.
        Response::Result(ResultResponse::Rows(rows)) => rows.metadata.column_count > 0,
        _ => true,
    }
}

const fn knows_change(change: &SchemaChange) -> bool {
    !matches!(change.kind, SchemaChangeKind::Other(_))
        && !matches!(change.target, SchemaTarget::Other(_))
}
