//! Responses against the byte vectors, both ways, and cut off everywhere.

mod applied;
mod bodies;
mod errors;
mod events;
mod results;

use bytes::{Bytes, BytesMut};

use super::*;
use crate::vectors::{Vector, section, vector};
use crate::{EnvelopeFlags, EnvelopeHeader, HEADER_LEN, ProtocolVersion};

/// The vectors that are an envelope of a version that is spoken here.
fn envelopes() -> impl Iterator<Item = (Vector, Envelope)> {
    section("response").into_iter().filter_map(|vector| {
        let (header, body) = vector.bytes.split_first_chunk::<HEADER_LEN>()?;
        let header = EnvelopeHeader::decode(header).ok()?;
        let body = Bytes::copy_from_slice(body);
        Some((vector, Envelope { header, body }))
    })
}

/// What a server sends and this crate's server half does not: quirks, and flags that a client
/// ignores.
const NOT_WRITTEN_SO: [&str; 4] = [
    "ERROR write timeout SIMPLE+contentions",
    "ERROR v5 STARTUP without beta flag",
    "RESULT schema_change of a function on v3",
    "RESULT rows no_metadata",
];

#[test]
fn g11_3_every_response_vector_decodes_and_is_written_the_same() {
    let mut seen = 0;
    for (vector, envelope) in envelopes() {
        let decoded = decode_response(&envelope);
        assert_eq!(envelope.clone().into_response(), decoded, "{}", vector.name);
        let decoded = decoded.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        if NOT_WRITTEN_SO.iter().any(|quirk| vector.name.starts_with(quirk)) {
            continue;
        }
        let (header, mut out) = (envelope.header, BytesMut::new());
        encode_response(&decoded, header.version, header.stream, None, &mut out).unwrap();
        // The order of a multimap is free.
        if !vector.name.starts_with("SUPPORTED") {
            assert_eq!(out, vector.bytes[..], "{}: {decoded:?}", vector.name);
        }
        let again = Envelope { header, body: out.freeze().slice(HEADER_LEN..) };
        assert_eq!(decode_response(&again), Ok(decoded), "{}", vector.name);
        seen += 1;
    }
    // The other three are not envelopes of a version spoken here, and have tests of their own.
    assert_eq!((seen, section("response").len()), (45 - 3 - NOT_WRITTEN_SO.len(), 45));
}

#[test]
fn e1_a_body_cut_off_anywhere_is_an_error_or_lacks_only_what_may_be_ignored() {
    for (vector, envelope) in envelopes() {
        for length in 0..envelope.body.len() {
            let cut = Envelope { header: envelope.header, body: envelope.body.slice(..length) };
            if let Ok(decoded) = decode_response(&cut) {
                let whole = decode_response(&envelope).unwrap().response;
                let lacks_little = lacks_only_what_may_be_ignored(&decoded.response, &whole);
                assert!(lacks_little, "{} cut at {length} is {decoded:?}", vector.name);
            }
        }
    }
}

/// Whether the cut message is the whole one but for what an error says beyond its code, and for the
/// cells of rows, which are decoded later.
fn lacks_only_what_may_be_ignored(cut: &Response, whole: &Response) -> bool {
    match (cut, whole) {
        (Response::Error(cut), Response::Error(whole)) => {
            cut.code == whole.code && (cut.message == whole.message || cut.message.is_empty())
        }
        (
            Response::Result(ResultResponse::Rows(cut)),
            Response::Result(ResultResponse::Rows(whole)),
        ) => (&cut.metadata, cut.row_count) == (&whole.metadata, whole.row_count),
        _ => cut == whole,
    }
}

/// A v5 envelope with this body.
fn envelope(opcode: Opcode, flags: EnvelopeFlags, body: &[u8]) -> Envelope {
    let header = EnvelopeHeader {
        version: ProtocolVersion::V5,
        direction: crate::Direction::Response,
        flags,
        stream: crate::StreamId::new(1),
        opcode,
        length: u32::try_from(body.len()).unwrap(),
    };
    Envelope { header, body: Bytes::copy_from_slice(body) }
}

fn decode_body(opcode: Opcode, body: &[u8]) -> Result<Response, DecodeError> {
    decode_response(&envelope(opcode, EnvelopeFlags::NONE, body)).map(|decoded| decoded.response)
}

/// What the adversarial vector of this name decodes to.
fn adversarial(name: &str) -> Result<Response, DecodeError> {
    let bytes = vector("adversarial", name).bytes;
    let (header, body) = bytes.split_first_chunk::<HEADER_LEN>().unwrap();
    let header = EnvelopeHeader::decode(header).unwrap();
    let body = Bytes::copy_from_slice(body);
    decode_response(&Envelope { header, body }).map(|decoded| decoded.response)
}

/// A \[string\].
fn string(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text].concat()
}

fn ints(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}
