//! Envelopes and segments as the node and the floor read them: in place, without owning anything.
//!
//! The codec's decoder hands out envelopes that own their bodies, as a driver needs them. Both ends
//! of the floor have to be cheaper than that, so they look at the bytes where they are.

mod envelope;
mod segment;

pub use envelope::{Head, first_envelope, int, long, short};
pub use segment::{Payload, next_segment};
