//! The hosts on the ring: the tokens of all, and the data center and rack of each.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use super::member::Member;
use super::tokens::{TokenRange, Tokens};

/// The partitioner whose tokens are known here.
const MURMUR3: &str = "Murmur3Partitioner";

/// The hosts in the order of their tokens. Two are equal if every table of theirs is.
#[derive(Clone, PartialEq, Eq)]
pub struct Ring {
    pub(super) tokens: Arc<Tokens>,
    /// Where each member stands; `None` if it has no token.
    pub(super) locations: Arc<[Option<Location>]>,
    pub(super) data_centers: Arc<[DataCenter]>,
}

/// Of a host with tokens.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    /// Which one.
    pub(super) data_center: u16,
    /// Which one in there.
    pub(super) rack: u16,
}

impl Location {
    /// There are no more of either than there are hosts with tokens, so they can be counted.
    fn new(data_center: usize, rack: usize) -> Option<Self> {
        Some(Self { data_center: data_center.try_into().ok()?, rack: rack.try_into().ok()? })
    }
}

/// The hosts with tokens in one data center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DataCenter {
    pub(super) name: String,
    pub(super) hosts: usize,
    pub(super) racks: usize,
}

impl Ring {
    /// The ring that these hosts form; [`HostIndex`](super::HostIndex) counts through them.
    /// `partitioner` is what servers call it, `org.apache.cassandra.dht.Murmur3Partitioner`.
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
