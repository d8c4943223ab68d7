//! The CQL native protocol: bytes to envelopes, segments, messages and values, and back. No I/O, no clock.
