//! The notations of the protocol (v5 §3), read and written: \[int\], \[string\], \[bytes\] and
//! their kin.
//!
//! [`Reader`] is the only way in which this crate looks at bytes of a body; [`mod@write`] is its
//! counterpart. Neither panics, and neither allocates for a length that is only declared.

mod reader;
pub mod write;

pub use reader::{RawValue, Reader};

use std::collections::BTreeMap;

use bytes::Bytes;

/// A custom payload (v4 and newer): what a server's query handler of one's own gets and gives,
/// keys to bytes or null. Cassandra's default handler ignores it.
pub type CustomPayload = BTreeMap<String, Option<Bytes>>;

#[cfg(test)]
mod tests;
