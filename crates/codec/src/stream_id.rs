//! Stream ids: how responses find their requests on a connection that answers out of order.

use std::fmt;

/// The stream id of an envelope (v5 §2.4.1.3): a client's own are 0 to 32,767, negative ones
/// belong to the server.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct StreamId(i16);

impl StreamId {
    /// Stream 0, on which servers also report what they cannot attribute to a request: a refused
    /// version, a broken checksum, a body that does not decompress. A client that never uses it
    /// for ordinary requests can tell such an error at once.
    pub const CONNECTION: Self = Self(0);
    /// Stream -1, on which events are pushed.
    pub const EVENT: Self = Self(-1);
    /// The largest id that a client may use.
    pub const MAX: Self = Self(i16::MAX);

    /// The id of this raw number.
    pub const fn new(raw: i16) -> Self {
        Self(raw)
    }

    /// The number on the wire.
    pub const fn raw(self) -> i16 {
        self.0
    }

    /// Whether the server began this stream by itself.
    pub const fn is_server_initiated(self) -> bool {
        self.0 < 0
    }

    /// The id as an index into a table of requests, or `None` for a server's id.
    pub fn index(self) -> Option<usize> {
        usize::try_from(self.0).ok()
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
