//! What is checked of every envelope, bare or in a segment, and how its body is taken.

use bytes::{Buf, Bytes, BytesMut};

use super::Compression;
use super::arrival::{Oversized, Stop};
use super::compression::decompress_body;
use super::small_bodies::SmallBodies;
use crate::envelope::{Direction, Envelope, EnvelopeFlags, EnvelopeHeader, HEADER_LEN};
use crate::{FramingError, Opcode, ProtocolVersion};

/// What an [`EnvelopeDecoder`](crate::EnvelopeDecoder) accepts and how it gives bodies out.
#[derive(Clone, Debug)]
pub struct DecoderSettings {
    /// Who is at the other end: `Response` for a client (the default), `Request` for a server.
    pub direction: Direction,
    /// The longest body, in bytes, compressed or not. Default 256 MiB, what the protocol allows.
    /// Before a peer is known, 1 MiB is plenty. [`decode`](crate::EnvelopeDecoder::decode) fails for
    /// good at a longer one, [`decode_or_skip`](crate::EnvelopeDecoder::decode_or_skip) skips it.
    pub max_envelope_bytes: usize,
    /// Bodies of at most so many bytes are copied out, so that a result which is kept does not pin
    /// a whole read buffer. Longer ones are split off without a copy where most of the memory is
    /// known to be theirs: those of several segments, one that is alone in what was decompressed,
    /// and bare ones of more than [`LARGE_BODY`]. Default 4,096.
    pub copy_below_bytes: usize,
    /// What STARTUP asked for: the compression of single envelopes on v3 and v4. v5 compresses
    /// segments instead, see [`switch_to_segments`](crate::EnvelopeDecoder::switch_to_segments).
    /// Default none.
    pub compression: Option<Compression>,
}

impl Default for DecoderSettings {
    fn default() -> Self {
        Self {
            direction: Direction::Response,
            max_envelope_bytes: 256 << 20,
            copy_below_bytes: 4096,
            compression: None,
        }
    }
}

/// The settings at work.
#[derive(Debug)]
pub(super) struct Intake {
    pub(super) settings: DecoderSettings,
    /// The only version accepted, once it is known.
    pub(super) version: Option<ProtocolVersion>,
    pub(super) small_bodies: SmallBodies,
}

impl Intake {
    /// The header at the front and the length of the whole envelope, whatever the limit, or `None`
    /// while fewer than nine bytes are there.
    pub(super) fn header(
        &self,
        bytes: &[u8],
    ) -> Result<Option<(EnvelopeHeader, usize)>, FramingError> {
        let Some(header) = bytes.first_chunk() else {
            return Ok(None);
        };
        let header = EnvelopeHeader::decode(header)?;
        if header.direction != self.settings.direction {
            return Err(FramingError::Direction { expected: self.settings.direction });
        }
        if let Some(expected) = self.version.filter(|expected| *expected != header.version) {
            return Err(FramingError::VersionChanged { expected, found: header.version });
        }
        let is_event = header.opcode == Opcode::Event;
        if header.stream.is_server_initiated() != is_event {
            return Err(FramingError::Stream { opcode: header.opcode, stream: header.stream });
        }
        Ok(Some((header, whole(header))))
    }

    /// Whether the body on the wire is over the limit.
    #[inline]
    pub(super) fn is_oversized(&self, header: EnvelopeHeader) -> bool {
        usize::try_from(header.length)
            .map_or(true, |length| length > self.settings.max_envelope_bytes)
    }

    #[cold]
    pub(super) fn oversized(&self, header: EnvelopeHeader) -> Stop {
        let limit = self.settings.max_envelope_bytes;
        Stop::Oversized(Oversized { header, declared: u64::from(header.length), limit })
    }

    /// Takes an envelope that has to be whole within the first `available` bytes. `memory` is how
    /// many bytes the buffer keeps, if that is known. One that is over the limit is skipped.
    #[inline]
    pub(super) fn take_within(
        &mut self,
        from: &mut BytesMut,
        available: usize,
        memory: Option<usize>,
    ) -> Result<Envelope, Stop> {
        match self.header(from.get(..available).unwrap_or(from))? {
            Some((header, whole)) if whole <= available => {
                if self.is_oversized(header) {
                    from.advance(whole);
                    return Err(self.oversized(header));
                }
                self.take(header, from, memory)
            }
            _ => Err(FramingError::CutEnvelope { present: available }.into()),
        }
    }

    /// Takes an envelope whose header has been read and whose body is all there. Its plain form may
    /// still be over the limit.
    #[inline]
    pub(super) fn take(
        &mut self,
        mut header: EnvelopeHeader,
        from: &mut BytesMut,
        memory: Option<usize>,
    ) -> Result<Envelope, Stop> {
        let compressed = header.flags.contains(EnvelopeFlags::COMPRESSED);
        header.flags = header.flags.without(EnvelopeFlags::COMPRESSED);
        if compressed && !header.version.uses_segments() {
            return self.take_compressed(header, from);
        }
        let whole = whole(header).min(from.len());
        Ok(Envelope { header, body: self.take_body(from, whole, memory) })
    }

    #[inline(never)]
    fn take_compressed(
        &self,
        mut header: EnvelopeHeader,
        from: &mut BytesMut,
    ) -> Result<Envelope, Stop> {
        let compression = self.settings.compression.ok_or(FramingError::CompressedUnasked)?;
        let whole = whole(header).min(from.len());
        let on_wire = from.get(HEADER_LEN..whole).unwrap_or_default();
        let plain = decompress_body(compression, on_wire, self.settings.max_envelope_bytes);
        from.advance(whole);
        match plain {
            Ok(body) => {
                header.length = u32::try_from(body.len()).unwrap_or(u32::MAX);
                Ok(Envelope { header, body })
            }
            Err(FramingError::TooLarge { declared, limit }) => {
                Err(Stop::Oversized(Oversized { header, declared, limit }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the body of an envelope of so many bytes, header included.
    fn take_body(&mut self, from: &mut BytesMut, whole: usize, memory: Option<usize>) -> Bytes {
        let length = whole.saturating_sub(HEADER_LEN);
        if length > self.settings.copy_below_bytes && fills(memory, length) {
            from.advance(HEADER_LEN);
            return from.split_to(length).freeze();
        }
        let body = self.small_bodies.copy(from.get(HEADER_LEN..whole).unwrap_or_default());
        from.advance(whole);
        body
    }
}

/// The length of the whole envelope.
fn whole(header: EnvelopeHeader) -> usize {
    usize::try_from(header.length).unwrap_or(usize::MAX).saturating_add(HEADER_LEN)
}

/// Bodies of more than so many bytes, 129 KiB, keep the buffer that they came in: whoever reads bare
/// envelopes gives one of these a buffer that ends with it. Larger than any payload of a segment.
pub const LARGE_BODY: usize = 129 << 10;

/// Is most of the memory the body's? What is split off keeps all of it, for as long as anybody has
/// the body: a thousand small pages must not keep a thousand large buffers. Where it is not known
/// how large the memory is (a buffer does not tell what was taken off its front), it is not.
fn fills(memory: Option<usize>, length: usize) -> bool {
    let left = memory.and_then(|memory| memory.checked_sub(length));
    length > LARGE_BODY || left.is_some_and(|left| left <= length / 4)
}
