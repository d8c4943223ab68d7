//! Messages of any content, not bytes of any content: each survives the whole way.

use bytes::BytesMut;
use cqlwire_codec::request::{self, RequestMessage};
use cqlwire_codec::{
    Decoded, ProtocolVersion, RequestOptions, StreamId, decode_response, encode_response,
};

use crate::encode;
use crate::input::Input;
use crate::made::Made;
use crate::responses::envelope_of;

/// Version; what the messages are made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let version = input.version();
    let mut made = Made::new(input.rest(), version);
    if let Ok(message) = made.request() {
        request_survives(&message, version);
    }
    if let Ok(response) = made.response() {
        response_survives(&response, version);
    }
}

fn request_survives(message: &RequestMessage, version: ProtocolVersion) {
    let encoded = encode::encode(message, version, &RequestOptions::default());
    let encoded = encoded.expect("a request of this version");
    assert_eq!(request::decode(&envelope_of(encoded.as_bytes())).as_ref(), Ok(message));
}

fn response_survives(response: &Decoded, version: ProtocolVersion) {
    let mut out = BytesMut::new();
    encode_response(response, version, StreamId::new(1), None, &mut out)
        .expect("a response of this version");
    assert_eq!(decode_response(&envelope_of(&out)).as_ref(), Ok(response));
}
