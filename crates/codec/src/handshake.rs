//! The handshake as it is seen from outside: what STARTUP and its response agree on, and from where on
//! that holds.
//!
//! ```text
//!   client                               server
//!     │ STARTUP: version, compression      │   bare and plain
//!     ├───────────────────────────────────▶│
//!     │            READY, or AUTHENTICATE  │   bare; on v3 and v4 compressed already
//!     │◀───────────────────────────────────┤
//!  ═══╪════════════════════════════════════╪═══ on v5 all that follows, both ways, is segments
//! ```
//!
//! For those who see both directions: a proxy, a sniffer, and the codecs of this crate. A client of
//! one's own knows what it asked for.

use crate::request::{self, RequestMessage, Startup};
use crate::{Compression, Envelope, EnvelopeHeader, Opcode, ProtocolVersion, StreamId};

/// What a connection speaks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreement {
    /// The version of every envelope.
    pub version: ProtocolVersion,
    /// The compression, of single envelopes (v3, v4) or of segments (v5); none if STARTUP asked for
    /// one that is not built in.
    pub compression: Option<Compression>,
}

/// Follows the envelopes of a connection, of both directions, until its handshake is complete.
#[derive(Clone, Debug, Default)]
pub struct Handshake {
    state: State,
}

#[derive(Copy, Clone, Debug, Default)]
enum State {
    #[default]
    Begun,
    /// STARTUP asked for this on this stream.
    Asked(StreamId, Agreement),
    Complete,
}

impl Handshake {
    /// Looks at a request. If it is the STARTUP of this connection, gives what it asks for:
    /// single envelopes may be compressed so from the very next one on, in both directions.
    pub fn request(&mut self, envelope: &Envelope) -> Option<Agreement> {
        if matches!(self.state, State::Complete) || envelope.header.opcode != Opcode::Startup {
            return None;
        }
        let Ok(RequestMessage::Startup(options)) = request::decode(envelope) else {
            return None;
        };
        let compression = options.get(Startup::COMPRESSION);
        let compression = compression.and_then(|name| Compression::from_name(name));
        let agreement = Agreement { version: envelope.header.version, compression };
        self.state = State::Asked(envelope.header.stream, agreement);
        Some(agreement)
    }

    /// Looks at a response. If it accepts the STARTUP, gives what is agreed, once: every envelope
    /// that follows is of that version, and on v5 the very next byte of both directions is that of
    /// a segment.
    ///
    /// After an ERROR nothing is agreed. (Servers of v5 send segments even so; clients close.)
    pub const fn response(&mut self, header: &EnvelopeHeader) -> Option<Agreement> {
        let State::Asked(stream, agreement) = self.state else {
            return None;
        };
        if header.stream.raw() != stream.raw() {
            return None;
        }
        match header.opcode {
            Opcode::Ready | Opcode::Authenticate => {
                self.state = State::Complete;
                Some(agreement)
            }
            _ => None,
        }
    }

    /// Whether STARTUP was accepted.
    pub const fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::{Options, RequestOptions, Response, encode_request, encode_response};

    fn request<R: crate::EncodeRequest>(request: &R, version: ProtocolVersion) -> Envelope {
        let encoded =
            encode_request(request, version, &RequestOptions::default(), BytesMut::new()).unwrap();
        let settings = crate::DecoderSettings {
            direction: crate::Direction::Request,
            ..crate::DecoderSettings::default()
        };
        let mut wire = BytesMut::new();
        encoded.copy_to(StreamId::new(7), &mut wire);
        crate::EnvelopeDecoder::new(settings).decode(&mut wire).unwrap().unwrap()
    }

    fn response(response: Response, stream: i16) -> EnvelopeHeader {
        let (version, stream) = (ProtocolVersion::V5, StreamId::new(stream));
        let mut out = BytesMut::new();
        encode_response(&response.into(), version, stream, None, &mut out).unwrap();
        EnvelopeHeader::decode(out.first_chunk().unwrap()).unwrap()
    }

    const AGREED: Agreement =
        Agreement { version: ProtocolVersion::V5, compression: Some(Compression::Lz4) };

    #[test]
    fn a_startup_and_its_answer_agree_once() {
        for answer in [Response::Ready, Response::Authenticate { authenticator: "x".to_owned() }] {
            let mut handshake = Handshake::default();
            assert_eq!(handshake.response(&response(Response::Ready, 7)), None);
            assert_eq!(handshake.request(&request(&Options, AGREED.version)), None);
            let startup = request(&Startup::new(Some(Compression::Lz4)), AGREED.version);
            assert_eq!(handshake.request(&startup), Some(AGREED));
            assert_eq!(handshake.response(&response(Response::Ready, 8)), None, "of another");
            assert!(!handshake.is_complete());
            assert_eq!(handshake.response(&response(answer, 7)), Some(AGREED));
            assert_eq!(handshake.response(&response(Response::Ready, 7)), None, "of a REGISTER");
            assert_eq!(handshake.request(&startup), None, "too late");
            assert!(handshake.is_complete());
        }
    }

    #[test]
    fn a_refused_startup_may_be_followed_by_another() {
        let mut handshake = Handshake::default();
        handshake.request(&request(&Startup::new(Some(Compression::Lz4)), AGREED.version));
        let refused = crate::ServerError::new(crate::ErrorCode::ProtocolError, "no");
        assert_eq!(handshake.response(&response(Response::Error(Box::new(refused)), 7)), None);
        let agreement = Agreement { version: ProtocolVersion::V4, compression: None };
        let startup = request(&Startup::new(None), agreement.version);
        assert_eq!(handshake.request(&startup), Some(agreement));
    }

    #[test]
    fn a_compression_that_is_not_built_in_is_none() {
        let startup = Startup::new(None).with(Startup::COMPRESSION, "zstd");
        let asked = Handshake::default().request(&request(&startup, ProtocolVersion::V4));
        assert_eq!(asked.map(|agreement| agreement.compression), Some(None));
    }
}
