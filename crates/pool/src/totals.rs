//! What has become of connections.

use cqlwire_net::{ConnectionEnd, Totals, counters};

counters! {
    /// How many connections were opened, and what became of them.
    ///
    /// Each one that was opened is either open, or ended in one of the ways below. The control
    /// connection of a cluster is not among them.
    pub struct ConnectionTotals {
        /// Those that were opened.
        opened,
        /// Attempts to open one that failed.
        failed,
        /// Those that were replaced since too many responses were owed on them, or one for too long.
        retired,
        /// Those that were closed here.
        closed_here,
        /// Those that the server closed in good order.
        closed_by_server,
        /// Those that were lost by the network, or by the server's sudden end.
        lost_io,
        /// Those that TLS broke off.
        lost_tls,
        /// Those on which something came that is not the protocol.
        lost_framing,
        /// Those on which a response came that was not owed.
        lost_violation,
        /// Those that ended since the server said that something is wrong with them.
        lost_server_said,
        /// Those on which the server gave no sign of life.
        lost_unresponsive,
        /// Those whose runtime was shut down.
        lost_runtime,
    }
}

impl ConnectionTotals {
    /// One has ended.
    pub(crate) const fn ended(&mut self, end: &ConnectionEnd) {
        let count = match end {
            ConnectionEnd::ClosedHere => &mut self.closed_here,
            ConnectionEnd::ClosedByServer => &mut self.closed_by_server,
            ConnectionEnd::Tls(_) => &mut self.lost_tls,
            ConnectionEnd::Framing(_) => &mut self.lost_framing,
            ConnectionEnd::Violation(_) => &mut self.lost_violation,
            ConnectionEnd::ServerSaid(_) => &mut self.lost_server_said,
            ConnectionEnd::Unresponsive(_) => &mut self.lost_unresponsive,
            ConnectionEnd::RuntimeGone => &mut self.lost_runtime,
            // That of the network, and any to come.
            _ => &mut self.lost_io,
        };
        *count += 1;
    }

    /// Those that ended, whichever way.
    pub const fn ended_in_all(&self) -> u64 {
        self.closed_here + self.closed_by_server + self.lost()
    }

    /// Those that ended though nobody wanted them to.
    pub const fn lost(&self) -> u64 {
        let by_peer = self.lost_io + self.lost_tls + self.lost_framing + self.lost_violation;
        by_peer + self.lost_server_said + self.lost_unresponsive + self.lost_runtime
    }
}

/// What has become of the connections of a pool, or of several, and of the requests on them.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolTotals {
    /// The connections.
    pub connections: ConnectionTotals,
    /// Their requests, each attempt being one.
    pub requests: Totals,
}

impl PoolTotals {
    /// What has come since an earlier look.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            connections: self.connections.since(&earlier.connections),
            requests: self.requests.since(&earlier.requests),
        }
    }
}

impl std::ops::Add for PoolTotals {
    type Output = Self;

    /// Those of two pools together.
    fn add(self, other: Self) -> Self {
        let connections = self.connections + other.connections;
        Self { connections, requests: self.requests + other.requests }
    }
}
