//! Framing: bytes as they come to envelopes, and envelopes to bytes.

mod decoder;

pub use decoder::{DecoderSettings, EnvelopeDecoder};
