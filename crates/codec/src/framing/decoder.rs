//! The decoder: cuts whole envelopes out of the bytes that have arrived.

use bytes::BytesMut;

use super::arrival::{Arrival, Skip, Stop};
use super::intake::{DecoderSettings, Intake};
use super::segment::Layout;
use super::segment_reader::SegmentReader;
use super::small_bodies::SmallBodies;
use super::{Compression, first_byte};
use crate::{Envelope, EnvelopeHeader, FramingError, HEADER_LEN, ProtocolVersion};

/// How many bytes to make room for, at most, when hardly any have arrived.
const SMALL_READ: usize = 8 << 10;

/// Turns the bytes of one direction of a connection into envelopes.
///
/// It begins with bare envelopes, and stays there on v3 and v4. On v5 its owner switches it to
/// segments right after the envelope that answers STARTUP, before the next call to
/// [`decode`](Self::decode): the bytes of the first segment may be in the buffer already.
///
/// Once it has failed it stays failed: every further call gives the same error.
#[derive(Debug)]
pub struct EnvelopeDecoder {
    intake: Intake,
    /// `None` while envelopes come bare.
    segments: Option<SegmentReader>,
    /// What is left of a bare envelope that is over the limit.
    skip: Skip,
    needs: usize,
    failed: Option<FramingError>,
}

impl EnvelopeDecoder {
    /// A decoder for the first byte of a connection.
    pub fn new(settings: DecoderSettings) -> Self {
        let intake = Intake { settings, version: None, small_bodies: SmallBodies::default() };
        Self { intake, segments: None, skip: Skip::new(0, 0), needs: HEADER_LEN, failed: None }
    }

    /// Refuses every version but this one from now on. To be called once STARTUP is answered:
    /// until then, a server may answer in the version that it would rather speak.
    pub const fn expect_version(&mut self, version: ProtocolVersion) {
        self.intake.version = Some(version);
    }

    /// Another limit for the bodies to come: a wider one, say, once the peer is known.
    pub const fn set_max_envelope_bytes(&mut self, limit: usize) {
        self.intake.settings.max_envelope_bytes = limit;
    }

    /// Another compression of single envelopes (v3 and v4): what STARTUP asks for, for a server
    /// that has just read it. It holds from the next envelope on.
    pub const fn set_compression(&mut self, compression: Option<Compression>) {
        self.intake.settings.compression = compression;
    }

    /// The very next byte is that of a segment, and every envelope in it is one of v5. LZ4 is the
    /// only compression of segments; with any other (which no v5 server accepts) they are plain.
    pub fn switch_to_segments(&mut self, compression: Option<Compression>) {
        self.expect_version(ProtocolVersion::V5);
        self.segments = Some(SegmentReader::new(Layout::of(compression)));
    }

    /// How many bytes to make room for before the next read: what the segment or envelope under
    /// way still lacks, but never more than has already arrived of it (or 8 KiB), so that a
    /// declared length alone reserves nothing.
    pub const fn needs(&self) -> usize {
        self.needs
    }

    /// The header of the envelope of which a part is there, in `buffer` or in what it holds, after
    /// [`decode`](Self::decode) had no whole one; `None` while not even that has come.
    pub fn under_way(&self, buffer: &BytesMut) -> Option<EnvelopeHeader> {
        let part = match &self.segments {
            Some(segments) => segments.slices(),
            None if self.skip.left() > 0 => return None,
            None => buffer,
        };
        self.intake.header(part).ok().flatten().map(|(header, _)| header)
    }

    /// Takes the next envelope out of `buffer`, or gives `None` until more bytes are there. Call
    /// it until then. One over the limit is an error.
    ///
    /// # Errors
    ///
    /// Any error ends the connection; nothing that follows in `buffer` can be decoded.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Envelope>, FramingError> {
        match self.decode_or_skip(buffer)? {
            Some(Arrival::Envelope(envelope)) => Ok(Some(envelope)),
            Some(Arrival::Oversized(oversized)) => {
                let error = FramingError::from(oversized);
                self.failed = Some(error.clone());
                Err(error)
            }
            None => Ok(None),
        }
    }

    /// As [`decode`](Self::decode), but goes on after an envelope that is over the limit. That is
    /// given out once, as soon as its header (or, compressed, its body) is there; the rest of its
    /// bytes is skipped as it comes, and none of it is kept.
    ///
    /// # Errors
    ///
    /// Any error ends the connection; nothing that follows in `buffer` can be decoded.
    #[inline]
    pub fn decode_or_skip(
        &mut self,
        buffer: &mut BytesMut,
    ) -> Result<Option<Arrival>, FramingError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let outcome = match &mut self.segments {
            Some(segments) => segments.decode(buffer, &mut self.intake),
            None => self.decode_bare(buffer),
        };
        match outcome {
            Ok(envelope) => Ok(Some(Arrival::Envelope(envelope))),
            Err(stop) => self.stop(stop, buffer.len()),
        }
    }

    /// No envelope is given out, with so many bytes in the buffer.
    #[inline(never)]
    fn stop(&mut self, stop: Stop, present: usize) -> Result<Option<Arrival>, FramingError> {
        match stop {
            Stop::Missing(missing) => {
                self.needs = missing.min(present.max(SMALL_READ));
                Ok(None)
            }
            Stop::Oversized(oversized) => Ok(Some(Arrival::Oversized(oversized))),
            Stop::Failed(error) => {
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Lets go of memory that is kept for what is to come: for large envelopes at most 4 MiB, and
    /// only after some of more than one segment; and the buffer that segments are decompressed into,
    /// unless a part of an envelope is in it. For a connection that is idle.
    pub fn release_memory(&mut self) {
        self.intake.small_bodies.release();
        if let Some(segments) = &mut self.segments {
            segments.release();
        }
    }

    /// The stream has ended: checks that it did not end in the middle of an envelope.
    ///
    /// # Errors
    ///
    /// What has failed before, and [`FramingError::CutEnvelope`] if `buffer`, after the last call
    /// to [`decode`](Self::decode), or the decoder itself still holds a part of an envelope.
    pub fn finish(&self, buffer: &BytesMut) -> Result<(), FramingError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let held = self.segments.as_ref().map_or_else(|| self.skip.passed(), SegmentReader::held);
        match buffer.len() + held {
            0 => Ok(()),
            present => Err(FramingError::CutEnvelope { present }),
        }
    }

    /// The next bare envelope.
    #[inline(never)]
    fn decode_bare(&mut self, buffer: &mut BytesMut) -> Result<Envelope, Stop> {
        if self.skip.left() > 0 {
            self.skip.drain(buffer);
            if self.skip.left() > 0 {
                return Err(Stop::Missing(self.skip.left()));
            }
        }
        if !first_byte::check(self.intake.settings.direction, buffer)? {
            return Err(Stop::Missing(SMALL_READ));
        }
        let Some((header, whole)) = self.intake.header(buffer)? else {
            return Err(Stop::Missing(HEADER_LEN - buffer.len()));
        };
        if self.intake.is_oversized(header) {
            self.skip = Skip::new(whole, 0);
            self.skip.drain(buffer);
            return Err(self.intake.oversized(header));
        }
        match whole.checked_sub(buffer.len()) {
            None | Some(0) => self.intake.take(header, buffer, None),
            Some(missing) => Err(Stop::Missing(missing)),
        }
    }
}
