//! The paging state: where a server continues a result.

use std::fmt;
use std::sync::Arc;

/// Where the next page of a result begins, in the server's own words (v5 §7).
///
/// Opaque. Valid for the same statement and values, on every node of the cluster, under the same
/// protocol version (v3 on one side, v4 and v5 on the other). It may contain values of primary
/// keys, so its `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PagingState(Arc<[u8]>);

impl PagingState {
    /// Copies bytes that a server once gave out.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
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
