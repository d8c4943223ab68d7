//! A connection from its first byte to its last: both ends speak, the fuzzer says what, cuts the
//! bytes into pieces, and flips one of them now and then.

use bytes::BytesMut;
use cqlwire_codec::{
    ClientCodec, CodecError, Decoded, DecoderSettings, Envelope, EnvelopeHeader, ProtocolVersion,
    RequestEnvelope, RequestOptions, Response, ServerCodec, Startup, StreamId, decode_response,
    encode_request,
};
use tokio_util::codec::{Decoder, Encoder};

use crate::encode;
use crate::input::{Cuts, Input};
use crate::made::Made;

/// Version; compression; four bytes of cuts; where to flip (0 and 0: nowhere); then what makes the
/// messages.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let version = input.version();
    let compression = input.compression();
    let compression = compression.filter(|compression| {
        !version.uses_segments() || *compression == cqlwire_codec::Compression::Lz4
    });
    let cuts = input.cuts();
    let flip = u16::from_be_bytes([input.byte(), input.byte()]);
    let mut connection = Connection::new(cuts, flip.into());
    let startup = encode_request(
        &Startup::new(compression),
        version,
        &RequestOptions::default(),
        BytesMut::new(),
    );
    let startup = startup.expect("a STARTUP of this version");
    let _ = connection.exchange(startup, Response::Ready.into()).and_then(|()| {
        let mut made = Made::new(input.rest(), version);
        for _ in 0..3 {
            connection.round(&mut made, version)?;
        }
        Some(())
    });
}

struct Connection {
    client: ClientCodec,
    server: ServerCodec,
    cuts: Cuts,
    /// How many bytes until one is flipped; 0 for never.
    flip: usize,
    flipped: bool,
}

impl Connection {
    fn new(cuts: Cuts, flip: usize) -> Self {
        Self {
            client: ClientCodec::new(DecoderSettings::default()),
            server: ServerCodec::new(DecoderSettings::default()),
            cuts,
            flip,
            flipped: false,
        }
    }

    fn round(&mut self, made: &mut Made<'_>, version: ProtocolVersion) -> Option<()> {
        let request = made.request().ok()?;
        let response = made.response().ok()?;
        let encoded = encode::encode(&request, version, &RequestOptions::default());
        self.exchange(encoded.expect("a request of this version"), response)
    }

    /// One request and its response, or `None` once the connection is broken.
    fn exchange(&mut self, request: RequestEnvelope, response: Decoded) -> Option<()> {
        let mut wire = BytesMut::new();
        let sent = request.as_bytes().len();
        self.client.encode((StreamId::new(9), request), &mut wire).expect("a plain request");
        self.travel(&mut wire);
        let asked = one(&mut self.server, &wire, self.cuts, self.flipped)?;
        assert!(self.flipped || asked.body.len() + 9 == sent);

        let event = matches!(response.response, Response::Event(_));
        let stream = if event { StreamId::EVENT } else { asked.header.stream };
        wire.clear();
        let to = EnvelopeHeader { stream, ..asked.header };
        self.server.encode((to, response.clone()), &mut wire).ok()?;
        self.travel(&mut wire);
        let answered = one(&mut self.client, &wire, self.cuts, self.flipped)?;
        let decoded = decode_response(&answered);
        assert!(self.flipped || decoded == Ok(response));
        Some(())
    }

    /// Flips the byte whose turn it is.
    fn travel(&mut self, wire: &mut BytesMut) {
        if self.flip == 0 || self.flipped {
            return;
        }
        match wire.get_mut(self.flip - 1) {
            Some(byte) => {
                *byte ^= 0x55;
                self.flipped = true;
            }
            None => self.flip -= wire.len(),
        }
    }
}

/// The one envelope that arrives. Of damaged bytes it may be another, none, or an error that stays.
fn one<D: Decoder<Item = Envelope, Error = CodecError>>(
    decoder: &mut D,
    wire: &[u8],
    cuts: Cuts,
    damaged: bool,
) -> Option<Envelope> {
    let (mut buffer, mut arrived) = (BytesMut::new(), Vec::new());
    for piece in cuts.pieces(wire) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(envelope)) => arrived.push(envelope),
                Ok(None) => break,
                Err(error) => {
                    assert!(damaged, "{error}");
                    assert!(decoder.decode(&mut buffer).is_err(), "stays failed");
                    return None;
                }
            }
        }
    }
    assert!(damaged || (arrived.len() == 1 && buffer.is_empty()));
    arrived.into_iter().next()
}
