//! From tokens and replication to replicas, computed off the request's way.
//!
//! ```text
//!   hosts with their tokens --> Ring --+--> ReplicaTable of one replication --> of(token): replicas
//!                                      |                                        ranges(): of scans
//!   replication of a keyspace --> Replication
//! ```
//!
//! The rooms: `tokens` has them in order, with their owners, and finds the range of a token;
//! `replication` reads how a keyspace is replicated; `walk` goes around the ring as servers do, and
//! `group` chooses among the hosts of one data center on the way; `table` is what comes of it, one
//! for each *distinct* replication.
//!
//! Invariants: nothing here does I/O or knows the time; the replicas of a token are those that a
//! server would name, in its order; all tables of a ring share its tokens; a look-up neither locks
//! nor allocates.

mod group;
mod replication;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod walk;

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use cqlwire_codec::Token;

pub use self::replication::{Factor, Replication};
pub use self::table::ReplicaTable;
use self::tokens::Tokens;
pub use self::tokens::{HostIndex, TokenRange};
use self::walk::Walk;

/// The partitioner whose tokens are known here.
const MURMUR3: &str = "Murmur3Partitioner";

/// A table names no more hosts than so many, which are 16 MiB: a thousand hosts with 256 tokens each
/// may have 32 replicas. Beyond that it names the first few of each data center: more than any
/// request will try.
const MAX_NAMED: usize = 1 << 23;

/// One host, as the ring sees it.
#[derive(Copy, Clone, Debug)]
pub struct Member<'a> {
    /// Its data center.
    pub data_center: &'a str,
    /// Its rack.
    pub rack: &'a str,
    /// Where it sits on the ring: nowhere, if it is joining, or holds no data.
    pub tokens: &'a [Token],
}

/// The hosts in the order of their tokens. Two are equal if every table of theirs is.
#[derive(Clone, PartialEq, Eq)]
pub struct Ring {
    tokens: Arc<Tokens>,
    /// Where each member stands; `None` if it has no token.
    locations: Arc<[Option<Location>]>,
    data_centers: Arc<[DataCenter]>,
}

/// Of a host with tokens.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Location {
    /// Which one.
    data_center: u16,
    /// Which one in there.
    rack: u16,
}

impl Location {
    /// There are no more of either than there are hosts with tokens, so they can be counted.
    fn new(data_center: usize, rack: usize) -> Option<Self> {
        Some(Self { data_center: data_center.try_into().ok()?, rack: rack.try_into().ok()? })
    }
}

/// The hosts with tokens in one data center.
#[derive(Clone, Debug, PartialEq, Eq)]
struct DataCenter {
    name: String,
    hosts: usize,
    racks: usize,
}

impl Ring {
    /// The ring that these hosts form; [`HostIndex`] counts through them. `partitioner` is what
    /// servers call it, `org.apache.cassandra.dht.Murmur3Partitioner`.
    ///
    /// Of a token that several hosts claim, the first one listed is the owner. There are no tokens
    /// under any other partitioner: the driver hashes no keys for those. Nor are there any with
    /// more than 65,536 hosts.
    pub fn new(members: &[Member<'_>], partitioner: &str) -> Self {
        let known = partitioner.rsplit('.').next() == Some(MURMUR3);
        let tokens = Tokens::new(if known { members } else { &[] });
        let mut data_centers: Vec<DataCenter> = Vec::new();
        let mut locations = vec![None; members.len()];
        // By name: the data centers, and the racks of each.
        let (mut by_name, mut racks_by_name) = (HashMap::new(), HashMap::new());
        let mut owns = vec![false; members.len()];
        for owner in tokens.owners() {
            if let Some(owns) = owns.get_mut(owner.index()) {
                *owns = true;
            }
        }
        for ((member, owns), location) in members.iter().zip(owns).zip(&mut locations) {
            if !owns {
                continue;
            }
            let data_center = *by_name.entry(member.data_center).or_insert_with(|| {
                let name = member.data_center.to_owned();
                data_centers.push(DataCenter { name, hosts: 0, racks: 0 });
                data_centers.len() - 1
            });
            let Some(counted) = data_centers.get_mut(data_center) else { continue };
            counted.hosts += 1;
            let rack = *racks_by_name.entry((data_center, member.rack)).or_insert_with(|| {
                counted.racks += 1;
                counted.racks - 1
            });
            *location = Location::new(data_center, rack);
        }
        Self {
            tokens: Arc::new(tokens),
            locations: locations.into(),
            data_centers: data_centers.into(),
        }
    }

    /// Is there any token? If not, every table is empty.
    pub fn has_tokens(&self) -> bool {
        !self.tokens.owners().is_empty()
    }

    /// The replicas of every token under this replication; `None` if it does not go by the ring:
    /// [`Replication::Local`], [`Replication::Unknown`].
    ///
    /// That takes a few milliseconds for hundred thousand tokens.
    pub fn replicas(&self, replication: &Replication) -> Option<ReplicaTable> {
        self.replicas_within(replication, MAX_NAMED)
    }

    fn replicas_within(&self, replication: &Replication, named: usize) -> Option<ReplicaTable> {
        let walk = match replication {
            Replication::Simple(factor) => Walk::of_all(self, *factor, named),
            Replication::Everywhere => Walk::of_all(self, Factor::of_full(u32::MAX), named),
            Replication::NetworkTopology(factors) => Walk::of_data_centers(self, factors, named),
            Replication::Local | Replication::Unknown { .. } => return None,
        };
        Some(ReplicaTable::new(Arc::clone(&self.tokens), walk))
    }

    /// The ranges between the tokens: every token but the lowest is in one of them, and in one
    /// only.
    pub fn ranges(&self) -> impl Iterator<Item = TokenRange> {
        self.tokens.ranges().map(|(range, _)| range)
    }
}

/// Without its tokens, of which there may be many.
impl Debug for Ring {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tokens = self.tokens.owners().len();
        let mut shown = f.debug_struct("Ring");
        shown.field("tokens", &tokens).field("data_centers", &self.data_centers);
        shown.finish_non_exhaustive()
    }
}
