//! Requests against the byte vectors: read as a server reads them.

mod batches;
mod refusals;
mod servers;

use bytes::Bytes;

use super::*;
use crate::vectors::section;
use crate::{Envelope, HEADER_LEN};

#[test]
fn g11_3_every_request_vector_is_read_as_what_it_is() {
    for vector in section("request") {
        let (header, body) = vector.bytes.split_first_chunk::<HEADER_LEN>().unwrap();
        let header = EnvelopeHeader::decode(header).unwrap();
        let envelope = Envelope { header, body: Bytes::copy_from_slice(body) };
        let message = decode(&envelope).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        let opcode = match message {
            RequestMessage::Startup(_) => Opcode::Startup,
            RequestMessage::Options => Opcode::Options,
            RequestMessage::Register(_) => Opcode::Register,
            RequestMessage::AuthResponse(_) => Opcode::AuthResponse,
            RequestMessage::Query { .. } => Opcode::Query,
            RequestMessage::Prepare { .. } => Opcode::Prepare,
            RequestMessage::Execute { .. } => Opcode::Execute,
            RequestMessage::Batch(_) => Opcode::Batch,
        };
        assert_eq!(opcode, header.opcode, "{}", vector.name);
    }
}

fn vector(name: &str) -> Vec<u8> {
    crate::vectors::vector("request", name).bytes
}

/// What a request encodes to, with stream 1 as in the vectors.
fn encoded<R: EncodeRequest>(request: &R, version: ProtocolVersion) -> Vec<u8> {
    let options = RequestOptions::default();
    let envelope = encode_request(request, version, &options, BytesMut::new()).unwrap();
    let mut out = BytesMut::new();
    envelope.copy_to(StreamId::new(1), &mut out);
    out.to_vec()
}

#[test]
fn g11_3_requests_are_written_as_the_vectors_are() {
    let (v4, v5) = (ProtocolVersion::V4, ProtocolVersion::V5);
    assert_eq!(encoded(&Options, v5), vector("OPTIONS (v5)"));
    assert_eq!(encoded(&Startup::new(None), v5), vector("STARTUP (v5)"));
    let token = AuthResponse { token: b"\0cassandra\0cassandra" };
    assert_eq!(encoded(&token, v4), vector("AUTH_RESPONSE PLAIN (v4)"));
    let statement = "SELECT * FROM system.local";
    let parameters = QueryParameters::new(crate::Consistency::One, &());
    assert_eq!(encoded(&Query { statement, parameters }, v4), vector("QUERY simple (v4)"));
    let state = crate::PagingState::new(b"\xca\xfe");
    let parameters = QueryParameters {
        page_size: Some(5000),
        paging_state: Some(&state),
        serial_consistency: Some(crate::SerialConsistency::LocalSerial),
        timestamp_micros: Some(1_234_567_890_123_456),
        ..QueryParameters::new(crate::Consistency::LocalQuorum, &())
    };
    let paged = encoded(&Query { statement, parameters }, v5);
    assert_eq!(paged, vector("QUERY paging+serial+ts (v5)"));
    let keyspace = Prepare { statement, keyspace: Some("ks1") };
    assert_eq!(encoded(&keyspace, v5), vector("PREPARE keyspace (v5)"));
}
