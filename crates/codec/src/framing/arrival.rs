//! What a decoder gives out: an envelope, or what is known of one that is over the limit.

use bytes::{Buf, BytesMut};

use crate::{Envelope, EnvelopeHeader, FramingError};

/// What arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A whole envelope.
    Envelope(Envelope),
    /// The front of an envelope that is over the limit. The rest of it is skipped as it comes.
    Oversized(Oversized),
}

impl Arrival {
    /// The header: of an envelope as it is given out, of an oversized one as it came.
    pub const fn header(&self) -> &EnvelopeHeader {
        match self {
            Self::Envelope(envelope) => &envelope.header,
            Self::Oversized(oversized) => &oversized.header,
        }
    }
}

impl From<Envelope> for Arrival {
    fn from(envelope: Envelope) -> Self {
        Self::Envelope(envelope)
    }
}

/// An envelope whose body is over the limit: all that is known of it. Where the next one begins is
/// known too, so the connection goes on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Oversized {
    /// The header as it came: its `length` is that of the body on the wire.
    pub header: EnvelopeHeader,
    /// The length of the body that it announces, in bytes: after decompression, unless it is over the
    /// limit as it travels.
    pub declared: u64,
    /// The limit, in bytes: [`max_envelope_bytes`](crate::DecoderSettings::max_envelope_bytes).
    pub limit: usize,
}

impl From<Oversized> for FramingError {
    fn from(Oversized { declared, limit, .. }: Oversized) -> Self {
        Self::TooLarge { declared, limit }
    }
}

/// Why no envelope is given out.
#[derive(Debug)]
pub(super) enum Stop {
    /// So many bytes are missing.
    Missing(usize),
    /// One that is over the limit is passed over.
    Oversized(Oversized),
    /// Nothing that follows can be decoded.
    Failed(FramingError),
}

impl From<FramingError> for Stop {
    #[cold]
    fn from(error: FramingError) -> Self {
        Self::Failed(error)
    }
}

/// The rest of an oversized envelope, which is let go as it comes.
#[derive(Debug, Default)]
pub(super) struct Skip {
    passed: usize,
    left: usize,
}

impl Skip {
    /// Of an envelope of `whole` bytes, header included, `passed` are gone already.
    pub(super) const fn new(whole: usize, passed: usize) -> Self {
        Self { passed, left: whole.saturating_sub(passed) }
    }

    /// How many bytes are still to come.
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// How many bytes of an envelope that is not over yet have passed.
    pub(super) const fn passed(&self) -> usize {
        if self.left == 0 { 0 } else { self.passed }
    }

    /// So many more have passed; at most those that are left do.
    pub(super) fn pass(&mut self, bytes: usize) {
        let bytes = bytes.min(self.left);
        self.passed += bytes;
        self.left -= bytes;
    }

    /// Lets go of what is in the buffer.
    pub(super) fn drain(&mut self, buffer: &mut BytesMut) {
        let bytes = buffer.len().min(self.left);
        buffer.advance(bytes);
        self.pass(bytes);
    }
}
