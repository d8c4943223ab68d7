//! The replicas of every token under one replication.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use cqlwire_codec::Token;

use super::replication::{Factor, Replication};
use super::token_ring::Ring;
use super::tokens::{HostIndex, TokenRange, Tokens};
use super::walk::Walk;

/// A table names no more hosts than so many, which are 16 MiB: a thousand hosts with 256 tokens each
/// may have 32 replicas. Beyond that it names the first few of each data center: more than any
/// request will try.
const MAX_NAMED: usize = 1 << 23;

/// The replicas of every token under one replication.
///
/// One list a range, and all are as long: how many hosts of a data center are replicas depends on
/// the factor, the hosts and the racks alone, not on where on the ring one begins.
pub struct ReplicaTable {
    tokens: Arc<Tokens>,
    width: usize,
    /// Of each range in turn.
    hosts: Box<[HostIndex]>,
    whole: bool,
}

impl Ring {
    /// The replicas of every token under this replication; `None` if it does not go by the ring:
    /// [`Replication::Local`], [`Replication::Unknown`].
    ///
    /// That takes a few milliseconds for hundred thousand tokens.
    pub fn replicas(&self, replication: &Replication) -> Option<ReplicaTable> {
        self.replicas_within(replication, MAX_NAMED)
    }

    pub(super) fn replicas_within(
        &self,
        replication: &Replication,
        named: usize,
    ) -> Option<ReplicaTable> {
        let walk = match replication {
            Replication::Simple(factor) => Walk::of_all(self, *factor, named),
            Replication::Everywhere => Walk::of_all(self, Factor::of_full(u32::MAX), named),
            Replication::NetworkTopology(factors) => Walk::of_data_centers(self, factors, named),
            Replication::Local | Replication::Unknown { .. } => return None,
        };
        Some(ReplicaTable::new(Arc::clone(&self.tokens), walk))
    }
}

impl ReplicaTable {
    fn new(tokens: Arc<Tokens>, walk: Walk) -> Self {
        let (width, whole) = (walk.width(), walk.is_whole());
        let hosts = walk.around(tokens.owners());
        Self { tokens, width, hosts, whole }
    }

    /// The hosts that have the partitions with this token, in the order of the servers: the primary
    /// replica first. None, if the replication names only data centers that are not there, or no
    /// host has tokens.
    ///
    /// Transient replicas are not among them: none of them can serve a read without a full one, so a
    /// request gains nothing by being sent there.
    #[inline]
    pub fn of(&self, token: Token) -> &[HostIndex] {
        self.at(self.tokens.range_of(token))
    }

    /// Does it name all replicas? Not if there are so many tokens and replicas that the table would
    /// take over 16 MiB: then it names the first few of each data center.
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// The ranges of the ring and the replicas of each, in ascending order: what a scan has to
    /// read, each part once.
    pub fn ranges(&self) -> impl Iterator<Item = (TokenRange, &[HostIndex])> {
        self.tokens.ranges().map(|(range, end)| (range, self.at(end)))
    }

    #[inline]
    fn at(&self, range: usize) -> &[HostIndex] {
        let start = range * self.width;
        self.hosts.get(start..start + self.width).unwrap_or_default()
    }
}

/// Without its lists, of which there may be many.
impl Debug for ReplicaTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ReplicaTable");
        shown.field("ranges", &self.tokens.owners().len()).field("replicas", &self.width);
        shown.finish_non_exhaustive()
    }
}
