//! The replicas of every token under one replication.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use cqlwire_codec::Token;

use super::tokens::Tokens;
use super::walk::Walk;
use super::{HostIndex, TokenRange};

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

impl ReplicaTable {
    pub(super) fn new(tokens: Arc<Tokens>, walk: Walk) -> Self {
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
