//! What a node remembers of its clients.

use bytes::Bytes;
use cqlwire_codec::{Compression, Opcode, ProtocolVersion, StreamId};

/// A request that a node has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// On which connection, counted from 0 in the order in which the node accepted them.
    pub connection: usize,
    /// On which stream.
    pub stream: StreamId,
    /// In which version.
    pub version: ProtocolVersion,
    /// What it was.
    pub opcode: Opcode,
    /// The text of the statement; of an EXECUTE the one that was prepared, of a BATCH all of them.
    /// None of an EXECUTE, or of a BATCH, with an id that the node does not know.
    pub statements: Vec<String>,
    /// The values of a QUERY, an EXECUTE or, one statement after the other, a BATCH; null and unset
    /// are `None`.
    pub values: Vec<Option<Bytes>>,
    /// Which page of the result was asked for, counted from 0; `None` for requests without paging.
    pub page: Option<u32>,
}

/// A connection that a node has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Whether it is still there.
    pub open: bool,
    /// The version, once STARTUP has come.
    pub version: Option<ProtocolVersion>,
    /// The compression that STARTUP asked for.
    pub compression: Option<Compression>,
    /// The keyspace that was chosen by `USE`.
    pub keyspace: Option<String>,
    /// The events that it has registered for.
    pub events: Vec<String>,
    /// How many requests have not been answered.
    pub owed: usize,
}
