//! How a test asks a node what it has seen.

use cqlwire_codec::Opcode;

use super::shared::Link;
use super::{ConnectionInfo, Received, ScriptedNode, Violation};

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
        let info = |link: &Link| ConnectionInfo {
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
