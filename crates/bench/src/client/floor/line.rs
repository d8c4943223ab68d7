//! The socket of the floor, and the bytes on their way.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use cqlwire_codec::{
    Decoded, EncodeRequest, Envelope, EnvelopeHeader, HEADER_LEN, ProtocolVersion, RequestOptions,
    SegmentEncoder, SegmentEnd, Startup, decode_response, encode_request,
};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};

use super::template::Template;
use crate::wire::{Head, first_envelope, next_segment};
use crate::{Result, ensure};

/// How long the handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Room for what is read at once.
const INPUT: usize = 1 << 20;

/// A connection in v5, after its handshake.
pub(super) struct Line {
    stream: TcpStream,
    input: Vec<u8>,
    /// How much of the input is filled.
    filled: usize,
    /// Requests, not yet in a segment.
    outgoing: BytesMut,
    /// Segments that the socket has not taken yet.
    wire: BytesMut,
    segments: SegmentEncoder,
    /// Scratch of the encoder.
    ends: Vec<SegmentEnd>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Line {
    pub(super) fn connect(server: SocketAddr) -> Result<Self> {
        let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
        stream.set_nodelay(true)?;
        let startup = encode(&Startup::new(None))?;
        std::io::Write::write_all(&mut stream, &startup)?;
        // READY, the last envelope that comes bare.
        let mut header = [0; HEADER_LEN];
        stream.read_exact(&mut header)?;
        let header = EnvelopeHeader::decode(&header)?;
        ensure(header.opcode == cqlwire_codec::Opcode::Ready, "the server is ready at once")?;
        Ok(Self {
            stream,
            input: vec![0; INPUT],
            filled: 0,
            outgoing: BytesMut::new(),
            wire: BytesMut::new(),
            segments: SegmentEncoder::new(None),
            ends: Vec::new(),
        })
    }

    /// One request and its answer, with nothing else under way.
    pub(super) fn ask<R: EncodeRequest>(&mut self, request: &R) -> Result<Decoded> {
        self.outgoing.extend_from_slice(&encode(request)?);
        self.send()?;
        let mut answer = None;
        while answer.is_none() {
            self.read()?;
            self.each_envelope(|_, head, body| {
                answer = Some(decode(head, body)?);
                Ok(())
            })?;
        }
        answer.ok_or_else(|| "no answer".into())
    }

    /// Makes one more request ready.
    #[inline]
    pub(super) fn put(&mut self, template: &Template, stream: usize, key: i64) -> Result<()> {
        template.put(stream, key, &mut self.outgoing)
    }

    /// Makes a whole envelope ready.
    pub(super) fn put_raw(&mut self, envelope: &[u8]) {
        self.outgoing.extend_from_slice(envelope);
    }

    /// Sends what is ready, as far as the socket takes it: whoever waits here does not read, and
    /// the server may be waiting for just that.
    #[inline]
    pub(super) fn send(&mut self) -> Result<()> {
        if !self.outgoing.is_empty() {
            self.segments.encode(&self.outgoing, &mut self.wire, &mut self.ends);
            self.outgoing.clear();
            self.ends.clear();
        }
        if self.wire.is_empty() {
            return Ok(());
        }
        match send(self.stream.as_raw_fd(), &self.wire, MsgFlags::MSG_DONTWAIT) {
            Ok(sent) if sent == self.wire.len() => self.wire.clear(),
            Ok(sent) => self.wire.advance(sent),
            Err(Errno::EAGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Waits for bytes, and reads those that are there.
    #[inline]
    pub(super) fn read(&mut self) -> Result<()> {
        let room = self.input.get_mut(self.filled..).unwrap_or_default();
        let read = self.stream.read(room)?;
        ensure(read > 0, "the server stays")?;
        self.filled += read;
        Ok(())
    }

    /// Gives out every envelope of the segments that are whole.
    #[inline]
    pub(super) fn each_envelope(
        &mut self,
        mut each: impl FnMut(&mut Self, Head, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.each_payload(|line, payload| {
            let mut envelopes = payload;
            while let Some((head, body, rest)) = first_envelope(envelopes) {
                envelopes = rest;
                each(line, head, body)?;
            }
            ensure(envelopes.is_empty(), "a self-contained segment has whole envelopes")
        })
    }

    /// Gives out the payload of every segment that is whole.
    #[inline]
    pub(super) fn each_payload(
        &mut self,
        mut each: impl FnMut(&mut Self, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let input = std::mem::take(&mut self.input);
        let mut rest = input.get(..self.filled).unwrap_or_default();
        let outcome = loop {
            match next_segment(rest) {
                Ok(Some((payload, after))) => {
                    rest = after;
                    if let Err(error) = each(self, payload.bytes) {
                        break Err(error);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let left = rest.len();
        self.input = input;
        self.input.copy_within(self.filled - left..self.filled, 0);
        self.filled = left;
        outcome
    }
}

fn encode<R: EncodeRequest>(request: &R) -> Result<BytesMut> {
    let options = RequestOptions::default();
    let envelope = encode_request(request, ProtocolVersion::V5, &options, BytesMut::new())?;
    Ok(BytesMut::from(envelope.as_bytes()))
}

fn decode(head: Head, body: &[u8]) -> Result<Decoded> {
    let Head { version, flags, stream: [s0, s1], opcode } = head;
    let [l0, l1, l2, l3] = u32::try_from(body.len())?.to_be_bytes();
    let header = [version, flags, s0, s1, opcode, l0, l1, l2, l3];
    let header = EnvelopeHeader::decode(&header)?;
    Ok(decode_response(&Envelope { header, body: Bytes::copy_from_slice(body) })?)
}
