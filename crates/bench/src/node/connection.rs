//! One connection: read what is there, answer all of it, write once.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use bytes::BytesMut;
use cqlwire_codec::{Opcode, ProtocolVersion, SegmentEncoder, SegmentEnd};

use super::answers::Answers;
use crate::wire::{Head, first_envelope, next_segment};
use crate::{Result, ensure};

/// Room for what is read at once: more requests than any client has in flight.
const INPUT: usize = 4 << 20;

/// A connection and its buffers.
pub(super) struct Connection<'a> {
    stream: TcpStream,
    answers: &'a Answers,
    input: Vec<u8>,
    /// How much of the input is filled.
    filled: usize,
    /// Answers, not yet in segments.
    ready: BytesMut,
    wire: BytesMut,
    /// There since STARTUP was answered on v5.
    segments: Option<SegmentEncoder>,
    /// Scratch of the encoder.
    ends: Vec<SegmentEnd>,
}

impl<'a> Connection<'a> {
    pub(super) fn new(stream: TcpStream, answers: &'a Answers) -> Self {
        Self {
            stream,
            answers,
            input: vec![0; INPUT],
            filled: 0,
            ready: BytesMut::new(),
            wire: BytesMut::new(),
            segments: None,
            ends: Vec::new(),
        }
    }

    /// Serves it until the client closes.
    pub(super) fn run(mut self) -> Result<()> {
        loop {
            let room = self.input.get_mut(self.filled..).unwrap_or_default();
            ensure(!room.is_empty(), "a request is larger than the canned node takes")?;
            let read = match self.stream.read(room) {
                Ok(read) => read,
                Err(error) if is_gone(&error) => 0,
                Err(error) => return Err(error.into()),
            };
            if read == 0 {
                return Ok(());
            }
            self.filled += read;
            self.answer_all()?;
            match self.write() {
                Err(error) if is_gone(&error) => return Ok(()),
                written => written?,
            }
        }
    }

    /// Answers every request that has come whole, and keeps what follows.
    fn answer_all(&mut self) -> Result<()> {
        let input = std::mem::take(&mut self.input);
        let mut rest = input.get(..self.filled).unwrap_or_default();
        let answered = loop {
            let before = rest.len();
            match self.answer_some(&mut rest) {
                Ok(()) if rest.len() == before => break Ok(rest.len()),
                Ok(()) => {}
                Err(error) => break Err(error),
            }
        };
        self.input = input;
        let left = answered?;
        self.input.copy_within(self.filled - left..self.filled, 0);
        self.filled = left;
        Ok(())
    }

    /// Answers the first request, or those of the first segment.
    fn answer_some(&mut self, input: &mut &[u8]) -> Result<()> {
        if self.segments.is_none() {
            if let Some((head, body, rest)) = first_envelope(input) {
                *input = rest;
                self.answer(head, body)?;
            }
            return Ok(());
        }
        let Some((payload, rest)) = next_segment(input)? else {
            return Ok(());
        };
        ensure(payload.self_contained, "the canned node takes no sliced requests")?;
        *input = rest;
        let mut envelopes = payload.bytes;
        while let Some((head, body, rest)) = first_envelope(envelopes) {
            envelopes = rest;
            self.answer(head, body)?;
        }
        ensure(envelopes.is_empty(), "a self-contained segment has whole envelopes")
    }

    #[inline]
    fn answer(&mut self, head: Head, body: &[u8]) -> Result<()> {
        let Some(version) = ProtocolVersion::from_number(head.version) else {
            return Err(format!("version {:#x} is not spoken here", head.version).into());
        };
        ensure(version >= ProtocolVersion::V4, "the canned node speaks v4 and v5")?;
        let (answers, stream, out) = (self.answers, head.stream, &mut self.ready);
        match Opcode::from_byte(head.opcode) {
            Some(Opcode::Execute) => answers.execute(body, version, stream, out),
            Some(Opcode::Batch) => {
                answers.void(version, stream, out);
                Ok(())
            }
            Some(Opcode::Query) => answers.query(body, version, stream, out),
            Some(Opcode::Prepare) => answers.prepare(body, version, stream, out),
            Some(Opcode::Options) => Answers::supported(version, stream, out),
            Some(Opcode::Register) => {
                answers.ready(version, stream, out);
                Ok(())
            }
            Some(Opcode::Startup) => {
                answers.ready(version, stream, out);
                self.start(version)
            }
            _ => Err(format!("no answer to a request of type {:#x}", head.opcode).into()),
        }
    }

    /// The answer to STARTUP still goes bare; on v5 the next byte of either direction begins a
    /// segment.
    fn start(&mut self, version: ProtocolVersion) -> Result<()> {
        self.write()?;
        if version.uses_segments() {
            self.segments = Some(SegmentEncoder::new(None));
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        match &mut self.segments {
            None => self.stream.write_all(&self.ready)?,
            Some(segments) => {
                segments.encode(&self.ready, &mut self.wire, &mut self.ends);
                self.stream.write_all(&self.wire)?;
                self.wire.clear();
                self.ends.clear();
            }
        }
        self.ready.clear();
        Ok(())
    }
}

/// Clients close as they like.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
