//! What a node remembers, and how a test asks.

use bytes::Bytes;
use cqlwire_codec::{Compression, Opcode, ProtocolVersion, StreamId};

use super::{ScriptedNode, Violation};

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
    /// The text of the statement; of a BATCH all of them, of an EXECUTE the one that was prepared.
    pub statements: Vec<String>,
    /// The values of a QUERY or an EXECUTE; null and unset are `None`.
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

impl ScriptedNode {
    /// The requests that have come, in order: the last 100,000.
    pub fn received(&self) -> Vec<Received> {
        self.shared.state().received.iter().cloned().collect()
    }

    /// How many requests of this kind have come.
    pub fn count(&self, opcode: Opcode) -> u64 {
        self.shared.state().counts.get(&opcode).copied().unwrap_or_default()
    }

    /// How many requests with this statement have come, among the last 100,000; those to prepare
    /// it are not counted.
    pub fn count_statement(&self, text: &str) -> usize {
        let state = self.shared.state();
        let with = |request: &&Received| {
            request.opcode != Opcode::Prepare && request.statements.iter().any(|own| own == text)
        };
        state.received.iter().filter(with).count()
    }

    /// Every connection that was ever accepted, in order.
    pub fn accepted(&self) -> Vec<ConnectionInfo> {
        let state = self.shared.state();
        let info = |link: &super::shared::Link| ConnectionInfo {
            open: link.open,
            version: link.version,
            compression: link.compression,
            keyspace: link.keyspace.clone(),
            events: link.events.clone(),
            owed: link.owed.len(),
        };
        state.connections.iter().map(info).collect()
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.state().connections.iter().filter(|link| link.open).count()
    }

    /// How many requests on open connections have not been answered.
    pub fn owed(&self) -> usize {
        self.shared.state().connections.iter().map(|link| link.owed.len()).sum()
    }

    /// What clients did against the protocol so far, the first 100,000.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.state().violations.clone()
    }

    /// The same, and forgets them: for a test that violates the protocol on purpose.
    pub fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut self.shared.state().violations)
    }

    /// Asserts that no client did anything against the protocol.
    ///
    /// # Panics
    ///
    /// If one did, with everything that it did.
    pub fn assert_clean(&self) {
        let lines: Vec<String> = self.violations().iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "the client violated the protocol:\n{}", lines.join("\n"));
    }
}
