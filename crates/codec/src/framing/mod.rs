//! Framing: bytes as they come to envelopes, and envelopes to bytes.
//!
//! Bare envelopes (all of v3 and v4, and the handshake of v5) may be compressed one by one; the
//! segments of v5 carry checksums and are compressed as a whole. Nothing here knows what the
//! envelopes say.

mod arrival;
mod compression;
mod crc;
mod decoder;
mod first_byte;
mod intake;
mod segment;
mod segment_encoder;
mod segment_reader;
mod slices;
mod small_bodies;

pub use arrival::{Arrival, Oversized};
pub use compression::Compression;
pub(crate) use compression::compress_body;
pub use decoder::EnvelopeDecoder;
pub use intake::{DecoderSettings, LARGE_BODY};
pub use segment_encoder::{SegmentEncoder, SegmentEnd};

#[cfg(test)]
mod tests;
