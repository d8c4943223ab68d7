//! Segments to envelopes.
//!
//! A payload is read where it stands: envelopes of a plain self-contained segment are taken out of
//! the caller's buffer directly. Only what was compressed, and the slices of an envelope that is
//! larger than a segment, pass through buffers of their own.
//!
//! ```text
//!             ┌──────────────┐ self-contained    ┌──────────────────────────┐
//!   buffer ──▶│ open segment ├──────────────────▶│ in place, or decompressed │──▶ envelopes
//!             │ check both   │ slice             └──────────────────────────┘
//!             │ checksums    ├──────────────────▶ slices ── 9 + length there ──▶ envelope
//!             └──────────────┘
//! ```

use bytes::{Buf, BytesMut};

use super::arrival::Stop;
use super::compression::decompress_block;
use super::crc::crc32;
use super::intake::Intake;
use super::segment::{Layout, SegmentHeader, TRAILER_LEN};
use super::slices::Slices;
use crate::{Envelope, FramingError};

/// The segments of one direction of a connection.
#[derive(Debug)]
pub(super) struct SegmentReader {
    layout: Layout,
    /// How many bytes at the front of the caller's buffer belong to the open self-contained
    /// payload; its trailer, checked already, follows them.
    in_place: usize,
    /// What is left of the open self-contained payload that had to be decompressed.
    decompressed: BytesMut,
    /// How much memory that has, all of it: a body that is split off keeps what was read before it, too.
    decompressed_memory: usize,
    /// The slices of a large envelope so far.
    slices: Slices,
}

/// What [`SegmentReader::open`] found.
enum Opened {
    /// So many bytes are missing.
    Incomplete(usize),
    SelfContained,
    Slice,
}

impl SegmentReader {
    pub(super) fn new(layout: Layout) -> Self {
        let (decompressed, slices) = (BytesMut::new(), Slices::default());
        Self { layout, in_place: 0, decompressed, decompressed_memory: 0, slices }
    }

    /// How many bytes of an unfinished envelope, or of a payload not given out yet, it holds.
    pub(super) fn held(&self) -> usize {
        self.decompressed.len() + self.slices.len()
    }

    /// What there is of a large envelope.
    pub(super) fn slices(&self) -> &[u8] {
        self.slices.joined()
    }

    /// The next envelope.
    pub(super) fn decode(
        &mut self,
        buffer: &mut BytesMut,
        intake: &mut Intake,
    ) -> Result<Envelope, Stop> {
        loop {
            if self.in_place > 0 {
                return self.take_in_place(buffer, intake);
            }
            if !self.decompressed.is_empty() {
                let available = self.decompressed.len();
                let memory = Some(self.decompressed_memory);
                return intake.take_within(&mut self.decompressed, available, memory);
            }
            match self.open(buffer, intake)? {
                Opened::Incomplete(missing) => return Err(Stop::Missing(missing)),
                Opened::SelfContained => {}
                Opened::Slice => {
                    if let Some(envelope) = self.slices.join(intake)? {
                        return Ok(envelope);
                    }
                }
            }
        }
    }

    /// The next envelope of the open self-contained payload.
    fn take_in_place(
        &mut self,
        buffer: &mut BytesMut,
        intake: &mut Intake,
    ) -> Result<Envelope, Stop> {
        let before = buffer.len();
        let taken = intake.take_within(buffer, self.in_place, None);
        self.in_place = self.in_place.saturating_sub(before - buffer.len());
        if self.in_place == 0 {
            buffer.advance(TRAILER_LEN);
        }
        taken
    }

    /// Checks the next segment once it is whole, and takes its payload over.
    fn open(&mut self, buffer: &mut BytesMut, intake: &Intake) -> Result<Opened, FramingError> {
        let header_len = self.layout.header_len();
        let Some(header) = SegmentHeader::decode(self.layout, buffer)? else {
            return Ok(Opened::Incomplete(header_len - buffer.len()));
        };
        let whole = header_len + header.payload + TRAILER_LEN;
        let Some(segment) = buffer.get(..whole) else {
            return Ok(Opened::Incomplete(whole - buffer.len()));
        };
        let (payload, trailer) = segment.split_at(whole - TRAILER_LEN);
        let payload = payload.get(header_len..).unwrap_or_default();
        if trailer != crc32(payload).to_le_bytes() {
            return Err(FramingError::PayloadChecksum);
        }
        if !header.self_contained {
            self.append(payload, header.uncompressed, intake)?;
            buffer.advance(whole);
            return Ok(Opened::Slice);
        }
        if header.uncompressed > 0 {
            self.decompress(payload, header.uncompressed)?;
            buffer.advance(whole);
        } else if header.payload > 0 {
            buffer.advance(header_len);
            self.in_place = header.payload;
        } else {
            buffer.advance(whole);
        }
        Ok(Opened::SelfContained)
    }

    /// Takes over one slice of a large envelope, which no envelope of its own can be before.
    fn append(
        &mut self,
        slice: &[u8],
        uncompressed: usize,
        intake: &Intake,
    ) -> Result<(), FramingError> {
        if self.slices.are_skipped() {
            // Its checksum was right, so its header tells how much of the envelope it is.
            return self.slices.skip(if uncompressed == 0 { slice.len() } else { uncompressed });
        }
        if uncompressed == 0 {
            return self.slices.append(slice, intake);
        }
        self.decompress(slice, uncompressed)?;
        let appended = self.slices.append(&self.decompressed, intake);
        self.decompressed.clear();
        appended
    }

    /// Decompresses a payload, where nothing is left of the one before. The memory of that is used
    /// again if nobody has any of it, and its size stays known.
    fn decompress(&mut self, payload: &[u8], size: usize) -> Result<(), FramingError> {
        self.decompressed.clear();
        if !self.decompressed.try_reclaim(size) {
            self.decompressed = BytesMut::with_capacity(size);
            self.decompressed_memory = self.decompressed.capacity();
        }
        decompress_block(payload, size, &mut self.decompressed)
    }

    /// Lets go of memory that is kept for envelopes to come.
    pub(super) fn release(&mut self) {
        self.slices.release();
        if self.decompressed.is_empty() {
            self.decompressed = BytesMut::new();
        }
    }
}
