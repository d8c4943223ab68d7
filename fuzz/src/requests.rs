//! Bodies of requests: any bytes are a request or an error; a request survives being written.

use bytes::Bytes;
use cqlwire_codec::request::{self, RequestMessage};
use cqlwire_codec::{
    Direction, EncodeError, Envelope, EnvelopeFlags, EnvelopeHeader, Opcode, RequestOptions,
    StreamId,
};

use crate::encode;
use crate::input::Input;
use crate::responses::envelope_of;

/// The opcodes of requests.
pub const OPCODES: [Opcode; 8] = [
    Opcode::Query,
    Opcode::Execute,
    Opcode::Batch,
    Opcode::Prepare,
    Opcode::Startup,
    Opcode::Register,
    Opcode::AuthResponse,
    Opcode::Options,
];

/// Version; opcode; flags; the body.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let version = input.version();
    let opcode = OPCODES[usize::from(input.byte()) % OPCODES.len()];
    let flags = EnvelopeFlags::from_bits(input.byte()).without(EnvelopeFlags::COMPRESSED);
    let body = Bytes::copy_from_slice(input.rest());
    let length = u32::try_from(body.len()).expect("a small body");
    let (direction, stream) = (Direction::Request, StreamId::new(0));
    let header = EnvelopeHeader { version, direction, flags, stream, opcode, length };
    let envelope = Envelope { header, body };
    let Ok(message) = request::decode(&envelope) else { return };
    let payload = request::custom_payload(&envelope).expect("it was read before");
    let options = RequestOptions { custom_payload: payload.as_ref(), ..Default::default() };
    match encode::encode(&message, version, &options) {
        Ok(encoded) => {
            let again = envelope_of(encoded.as_bytes());
            assert_eq!(request::decode(&again), Ok(written_as(message)));
            assert_eq!(request::custom_payload(&again), Ok(payload));
        }
        // A client says less than a server understands.
        Err(EncodeError::Invalid { .. } | EncodeError::NotInVersion { .. }) => {}
        Err(error) => panic!("{message:?} cannot be written: {error}"),
    }
}

/// A token is never null, whatever came.
fn written_as(message: RequestMessage) -> RequestMessage {
    match message {
        RequestMessage::AuthResponse(token) => {
            RequestMessage::AuthResponse(Some(token.unwrap_or_default()))
        }
        other => other,
    }
}
