//! A server that a test plays by hand, byte by byte: v4, whose envelopes are bare.

use bytes::{Bytes, BytesMut};
use cqlwire_codec::{
    Direction, EnvelopeFlags, EnvelopeHeader, HEADER_LEN, Opcode, ProtocolVersion, StreamId,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};

use super::{only, seconds};
use crate::{Connection, Settings};

/// The body of a RESULT without anything in it.
pub(crate) const VOID: &[u8] = &[0, 0, 0, 1];

/// The server's end of a connection.
pub(crate) struct Played<S = DuplexStream> {
    pub(crate) stream: S,
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) stream: StreamId,
    pub(crate) opcode: Opcode,
    pub(crate) body: Bytes,
}

/// Settings for a server that is played.
pub(crate) fn settings() -> Settings {
    only(ProtocolVersion::V4)
}

/// A connection whose handshake is done, in memory with this much room each way, and its server.
pub(crate) async fn connected(settings: &Settings, room: usize) -> (Connection, Played) {
    let (near, far) = duplex(room);
    let mut server = Played { stream: far };
    let opening = Connection::over(near, "played", settings, seconds(5));
    let (connection, ()) = tokio::join!(opening, server.welcome());
    (connection.unwrap(), server)
}

/// An answer as it goes over the wire.
pub(crate) fn envelope(stream: StreamId, opcode: Opcode, body: &[u8]) -> BytesMut {
    let header = EnvelopeHeader {
        version: ProtocolVersion::V4,
        direction: Direction::Response,
        flags: EnvelopeFlags::NONE,
        stream,
        opcode,
        length: u32::try_from(body.len()).unwrap(),
    };
    [&header.encode()[..], body].concat().as_slice().into()
}

/// The body of an ERROR.
pub(crate) fn error(code: i32, text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    [&code.to_be_bytes()[..], &length.to_be_bytes()[..], text.as_bytes()].concat()
}

impl<S: AsyncRead + AsyncWrite + Unpin> Played<S> {
    /// Reads STARTUP and says READY.
    pub(crate) async fn welcome(&mut self) {
        let asked = self.asked().await;
        assert_eq!(asked.opcode, Opcode::Startup);
        self.answer(asked.stream, Opcode::Ready, &[]).await;
    }

    /// The next request, whole.
    pub(crate) async fn asked(&mut self) -> Asked {
        self.asked_or_end().await.expect("a request")
    }

    /// The next request, or nothing if the client has gone before it.
    pub(crate) async fn asked_or_end(&mut self) -> Option<Asked> {
        let mut header = [0; HEADER_LEN];
        self.stream.read_exact(&mut header).await.ok()?;
        let header = EnvelopeHeader::decode(&header).unwrap();
        let mut body = vec![0; usize::try_from(header.length).unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        Some(Asked { stream: header.stream, opcode: header.opcode, body: body.into() })
    }

    pub(crate) async fn answer(&mut self, stream: StreamId, opcode: Opcode, body: &[u8]) {
        self.stream.write_all(&envelope(stream, opcode, body)).await.unwrap();
    }
}
