//! The node, seen by a client that is nothing but the codec: every conversation, every reaction,
//! every violation.

pub(crate) mod client;
mod conversation;
mod negotiation;
mod reactions;
mod violations;

use cqlwire_codec::{Compression, ProtocolVersion};

/// Every way of speaking that differs on the wire.
const WAYS: [(ProtocolVersion, Option<Compression>); 5] = [
    (ProtocolVersion::V3, None),
    (ProtocolVersion::V4, None),
    (ProtocolVersion::V4, Some(Compression::Lz4)),
    (ProtocolVersion::V5, None),
    (ProtocolVersion::V5, Some(Compression::Lz4)),
];
