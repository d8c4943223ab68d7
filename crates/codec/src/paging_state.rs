//! The paging state: where a server continues a result.

use std::fmt;

use bytes::Bytes;

/// Where the next page of a result begins, in the server's own words (v5 §7).
///
/// Opaque. Valid for the same statement and values, on every node of the cluster, under the same
/// protocol version (v3 on one side, v4 and v5 on the other). It may contain values of primary
/// keys, so its `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PagingState(Bytes);

impl PagingState {
    /// Wraps bytes that a server once gave out.
    pub const fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The bytes, to be kept and given back.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PagingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PagingState({} bytes)", self.0.len())
    }
}
