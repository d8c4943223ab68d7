use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use tokio_util::codec::{Decoder, Encoder};

use super::{ClientCodec, CodecError, ServerCodec};
use crate::ProtocolVersion::{V3, V4, V5};
use crate::{
    Compression, Decoded, DecoderSettings, Direction, EncodeError, Envelope, EnvelopeFlags,
    EnvelopeHeader, Event, FramingError, HEADER_LEN, Opcode, Options, ProtocolVersion, Query,
    QueryParameters, RequestEnvelope, RequestOptions, Response, ResultResponse, Startup, StreamId,
    Supported, decode_response, encode_request, request,
};

fn client() -> ClientCodec {
    ClientCodec::new(DecoderSettings::default())
}

fn server() -> ServerCodec {
    ServerCodec::new(DecoderSettings::default())
}

fn encoded<R: crate::EncodeRequest>(request: &R, version: ProtocolVersion) -> RequestEnvelope {
    encode_request(request, version, &RequestOptions::default(), BytesMut::new()).unwrap()
}

fn query(version: ProtocolVersion, length: usize) -> RequestEnvelope {
    let statement = "x".repeat(length);
    let parameters = QueryParameters::new(crate::Consistency::One, &());
    encoded(&Query { statement: &statement, parameters }, version)
}

/// An answer whose body compresses well.
fn supported(length: usize) -> Decoded {
    let values = vec!["lz4".to_owned(); length];
    Response::Supported(Supported::new([("COMPRESSION".to_owned(), values)].into())).into()
}

/// A connection: both codecs, and how many bytes pass at a time.
struct Connection {
    client: ClientCodec,
    server: ServerCodec,
    chunk: usize,
}

impl Connection {
    fn new(chunk: usize) -> Self {
        Self { client: client(), server: server(), chunk }
    }

    /// Sends a request and gives what arrives of it, and the bytes that it was.
    fn request(&mut self, request: RequestEnvelope) -> (Vec<Envelope>, BytesMut) {
        let mut wire = BytesMut::new();
        self.client.encode((StreamId::new(5), request), &mut wire).unwrap();
        (all(&mut self.server, &wire, self.chunk), wire)
    }

    fn response(
        &mut self,
        response: Decoded,
        version: ProtocolVersion,
    ) -> (Vec<Envelope>, BytesMut) {
        let mut wire = BytesMut::new();
        let (direction, opcode) = (Direction::Request, Opcode::Options);
        let (flags, stream) = (EnvelopeFlags::NONE, StreamId::new(5));
        let header = EnvelopeHeader { version, direction, flags, stream, opcode, length: 0 };
        self.server.encode((header, response), &mut wire).unwrap();
        (all(&mut self.client, &wire, self.chunk), wire)
    }
}

/// All envelopes of bytes that come so many at a time.
fn all<D: Decoder<Item = Envelope, Error = CodecError>>(
    decoder: &mut D,
    wire: &[u8],
    chunk: usize,
) -> Vec<Envelope> {
    let (mut buffer, mut envelopes) = (BytesMut::new(), Vec::new());
    for chunk in wire.chunks(chunk) {
        buffer.extend_from_slice(chunk);
        while let Some(envelope) = decoder.decode(&mut buffer).unwrap() {
            envelopes.push(envelope);
        }
    }
    assert!(decoder.decode_eof(&mut buffer).unwrap().is_none());
    envelopes
}

/// OPTIONS, STARTUP, and requests and answers small and large; what of it was bare.
fn converse(version: ProtocolVersion, compression: Option<Compression>, chunk: usize) {
    let mut connection = Connection::new(chunk);
    let (asked, wire) = connection.request(encoded(&Options, version));
    assert_eq!((asked.len(), wire.len()), (1, HEADER_LEN));
    connection.response(supported(3), version);

    let (asked, wire) = connection.request(encoded(&Startup::new(compression), version));
    assert_eq!(wire[..2], [version.number(), 0], "STARTUP is bare and plain");
    assert!(matches!(request::decode(&asked[0]), Ok(request::RequestMessage::Startup(_))));
    let (answered, wire) = connection.response(Response::Ready.into(), version);
    assert_eq!((answered.len(), wire[0]), (1, 0x80 | version.number()), "and so is its answer");

    for length in [0, 100, 5000, 400_000] {
        let (asked, wire) = connection.request(query(version, length));
        let Ok(request::RequestMessage::Query { statement, .. }) = request::decode(&asked[0])
        else {
            panic!("not a QUERY")
        };
        assert_eq!((asked.len(), statement.len()), (1, length));
        let bare = wire[0] == version.number() && wire[4] == Opcode::Query.byte();
        assert_eq!(bare, !version.uses_segments());
        let smaller = wire.len() < length;
        assert_eq!(smaller, compression.is_some() && length >= 100, "{length} bytes compressed");

        let (answered, _) = connection.response(supported(length / 10), version);
        let response = decode_response(&answered[0]);
        assert_eq!((answered.len(), response), (1, Ok(supported(length / 10))));
    }
}

#[test]
fn c15_both_ends_switch_together_in_every_version() {
    for version in [V3, V4, V5] {
        for compression in [None, Some(Compression::Lz4)] {
            for chunk in [1, 7, 4096, usize::MAX] {
                converse(version, compression, chunk);
            }
        }
    }
}

/// What a server sends on a connection from its first byte on, and how many envelopes that is.
fn server_bytes(version: ProtocolVersion, compression: Option<Compression>) -> (BytesMut, usize) {
    let mut connection = Connection::new(usize::MAX);
    connection.request(encoded(&Startup::new(compression), version));
    let mut wire = connection.response(Response::Ready.into(), version).1;
    for length in [0, 30, 3000] {
        wire.unsplit(connection.response(supported(length), version).1);
    }
    (wire, 4)
}

proptest! {
    #[test]
    fn g11_2_a_conversation_cut_anywhere_gives_the_same_envelopes(
        version in prop::sample::select(vec![V3, V4, V5]),
        lz4 in any::<bool>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let compression = lz4.then_some(Compression::Lz4);
        let (wire, count) = server_bytes(version, compression);
        let startup = || {
            let mut codec = client();
            let startup = encoded(&Startup::new(compression), version);
            codec.encode((StreamId::new(5), startup), &mut BytesMut::new()).unwrap();
            codec
        };
        let whole = all(&mut startup(), &wire, usize::MAX);
        prop_assert_eq!(whole.len(), count);

        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.push(wire.len());
        cuts.sort_unstable();
        let (mut codec, mut buffer, mut from) = (startup(), BytesMut::new(), 0);
        let mut envelopes = Vec::new();
        for to in cuts {
            buffer.extend_from_slice(&wire[from..to]);
            from = to;
            while let Some(envelope) = codec.decode(&mut buffer).unwrap() {
                envelopes.push(envelope);
            }
        }
        prop_assert_eq!(envelopes, whole);
    }
}

#[test]
fn a15_an_end_in_the_middle_is_an_error_of_the_connection() {
    let (wire, _) = server_bytes(V4, None);
    for cut in 1..HEADER_LEN {
        let mut buffer = BytesMut::from(&wire[..cut]);
        let error = client().decode_eof(&mut buffer).unwrap_err();
        let cut = FramingError::CutEnvelope { present: cut };
        assert!(matches!(error, CodecError::Framing(framing) if framing == cut));
    }
    assert!(client().decode_eof(&mut BytesMut::new()).unwrap().is_none());
}

#[test]
fn before_startup_is_answered_a_body_is_small() {
    let header = [0x84, 0, 0, 5, Opcode::Supported.byte(), 0, 0x10, 0, 1];
    let error = client().decode(&mut BytesMut::from(&header[..])).unwrap_err();
    let limit = 1 << 20;
    let expected = FramingError::TooLarge { declared: limit as u64 + 1, limit };
    assert!(matches!(error, CodecError::Framing(framing) if framing == expected));

    let mut connection = Connection::new(usize::MAX);
    connection.request(encoded(&Startup::new(None), V4));
    connection.response(Response::Ready.into(), V4);
    assert!(connection.client.decode(&mut BytesMut::from(&header[..])).unwrap().is_none());
}

#[test]
fn what_goes_the_other_way_or_in_another_version_is_refused() {
    let header = |opcode, direction, version| {
        let (flags, stream) = (EnvelopeFlags::NONE, StreamId::new(5));
        EnvelopeHeader { version, direction, flags, stream, opcode, length: 0 }
    };
    let body = Bytes::new();
    let ready = Envelope { header: header(Opcode::Ready, Direction::Response, V4), body };
    let mut out = BytesMut::from(&b"before"[..]);
    let error = client().encode(ready.clone(), &mut out).unwrap_err();
    let what = "direction of an envelope";
    assert!(matches!(error, CodecError::Encode(EncodeError::Invalid { what: w, .. }) if w == what));
    let options = header(Opcode::Options, Direction::Request, V4);
    let options = Envelope { header: options, body: Bytes::new() };
    assert!(server().encode(options, &mut out).is_err());

    let mut connection = Connection::new(usize::MAX);
    connection.request(encoded(&Startup::new(None), V5));
    connection.response(Response::Ready.into(), V5);
    let error = connection.server.encode(ready, &mut out).unwrap_err();
    let what = "version of an envelope";
    assert!(matches!(error, CodecError::Encode(EncodeError::Invalid { what: w, .. }) if w == what));
    assert_eq!(out, b"before"[..], "nothing was written");
}

#[test]
fn a_proxy_passes_envelopes_on_as_they_came() {
    let mut front = Connection::new(usize::MAX);
    let mut back = Connection::new(usize::MAX);
    let mut wire = BytesMut::new();
    // The client speaks LZ4 with the proxy, and so does the proxy with the server, each by itself.
    let requests = [encoded(&Startup::new(Some(Compression::Lz4)), V5), query(V5, 200_000)];
    let answers = [Response::Ready.into(), Response::Result(ResultResponse::Void).into()];
    for (request, answer) in requests.into_iter().zip(answers) {
        let (asked, _) = front.request(request);
        back.client.encode(asked[0].clone(), &mut wire).unwrap();
        let arrived = all(&mut back.server, &wire.split(), usize::MAX);
        assert_eq!(arrived, asked);
        let (answered, _) = back.response(answer, V5);
        front.server.encode(answered[0].clone(), &mut wire).unwrap();
        assert_eq!(all(&mut front.client, &wire.split(), usize::MAX), answered);
    }
}

#[test]
fn an_event_travels_on_its_own_stream() {
    let mut connection = Connection::new(usize::MAX);
    connection.request(encoded(&Startup::new(None), V4));
    connection.response(Response::Ready.into(), V4);
    let (direction, opcode) = (Direction::Response, Opcode::Event);
    let (flags, stream) = (EnvelopeFlags::NONE, StreamId::EVENT);
    let header = EnvelopeHeader { version: V4, direction, flags, stream, opcode, length: 0 };
    let event = Response::Event(Event::Other("NEW".to_owned()));
    let mut wire = BytesMut::new();
    connection.server.encode((header, event.clone().into()), &mut wire).unwrap();
    let arrived = all(&mut connection.client, &wire, 1);
    assert_eq!(decode_response(&arrived[0]).map(|decoded| decoded.response), Ok(event));
}

#[test]
fn a_request_that_is_compressed_already_is_refused() {
    let statement = "x".repeat(1000);
    let parameters = QueryParameters::new(crate::Consistency::One, &());
    let options =
        RequestOptions { compression: Some(Compression::Lz4), ..RequestOptions::default() };
    let query = Query { statement: &statement, parameters };
    let compressed = encode_request(&query, V4, &options, BytesMut::new()).unwrap();
    let mut out = BytesMut::new();
    let error = client().encode((StreamId::new(1), compressed), &mut out).unwrap_err();
    assert!(matches!(error, CodecError::Encode(EncodeError::Invalid { .. })), "{error}");
}
