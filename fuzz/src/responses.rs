//! Bodies of responses: any bytes are a response or an error; a response survives being written.

use bytes::{Bytes, BytesMut};
use cqlwire_codec::{
    Decoded, Direction, EncodeError, Envelope, EnvelopeFlags, EnvelopeHeader, HEADER_LEN, Opcode,
    ProtocolVersion, Response, ResultResponse, Row, RowIter, StreamId, decode_response,
    encode_response,
};

use crate::input::Input;

/// The opcodes of responses.
pub const OPCODES: [Opcode; 8] = [
    Opcode::Result,
    Opcode::Error,
    Opcode::Event,
    Opcode::Supported,
    Opcode::Ready,
    Opcode::Authenticate,
    Opcode::AuthChallenge,
    Opcode::AuthSuccess,
];

/// Version; opcode; flags; the body.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let envelope = envelope(&mut input);
    let Ok(decoded) = decode_response(&envelope) else { return };
    walk_rows(&decoded);
    survives(&decoded, &envelope.header);
}

/// An envelope of any body.
pub fn envelope(input: &mut Input<'_>) -> Envelope {
    let version = input.version();
    let opcode = OPCODES[usize::from(input.byte()) % OPCODES.len()];
    let flags = EnvelopeFlags::from_bits(input.byte()).without(EnvelopeFlags::COMPRESSED);
    let stream = if opcode == Opcode::Event { StreamId::EVENT } else { StreamId::new(1) };
    let (direction, body) = (Direction::Response, Bytes::copy_from_slice(input.rest()));
    let length = u32::try_from(body.len()).expect("a small body");
    Envelope { header: EnvelopeHeader { version, direction, flags, stream, opcode, length }, body }
}

/// Every row that is announced is there, or the last one is an error.
fn walk_rows(decoded: &Decoded) {
    let Response::Result(ResultResponse::Rows(rows)) = &decoded.response else { return };
    let Some(columns) = &rows.metadata.columns else { return };
    let walk = RowIter::<Row<'_>>::new(columns, rows.row_count, &rows.content);
    let outcomes: Vec<_> = walk.expect("any columns do").collect();
    let whole = outcomes.iter().take_while(|row| row.is_ok()).count();
    let all = usize::try_from(rows.row_count).expect("a small page");
    assert!(whole == all || whole + 1 == outcomes.len());
}

fn survives(decoded: &Decoded, header: &EnvelopeHeader) {
    let mut out = BytesMut::new();
    match encode_response(decoded, header.version, header.stream, None, &mut out) {
        Ok(()) => {}
        // Texts that had to be repaired grew; clients also read what the version does not have.
        Err(EncodeError::TooLong { .. } | EncodeError::NotInVersion { .. }) => return,
        Err(error) => panic!("{decoded:?} cannot be written: {error}"),
    }
    let again = decode_response(&envelope_of(&out));
    assert_eq!(again, Ok(decoded.clone()), "of {}", version_of(header));
}

const fn version_of(header: &EnvelopeHeader) -> ProtocolVersion {
    header.version
}

/// The envelope that these bytes are.
pub fn envelope_of(bytes: &[u8]) -> Envelope {
    let (header, body) = bytes.split_first_chunk::<HEADER_LEN>().expect("a header");
    let header = EnvelopeHeader::decode(header).expect("a header");
    assert_eq!(usize::try_from(header.length), Ok(body.len()));
    Envelope { header, body: Bytes::copy_from_slice(body) }
}
