//! The way around the ring that finds the replicas of every range, as servers choose them.
//!
//! A server goes from one token on, around the ring, until each data center has its replicas. The
//! driver needs that for every range at once. So it goes the other way, from the last token to the
//! first, and what a server would meet from a token on differs from what it would meet from the
//! next one by one host.

use std::collections::BTreeMap;

use super::group::{Group, Met, put_first};
use super::replication::Factor;
use super::token_ring::{Location, Ring};
use super::tokens::HostIndex;

/// How many tokens are looked at beyond the last one at first: enough where each of them belongs to
/// another host, or nearly.
const FIRST_AHEAD: usize = 64;

/// Chooses the replicas of each range.
#[derive(Debug)]
pub(super) struct Walk {
    /// For each member, which of the groups it belongs to, and its rack in there.
    locations: Vec<Option<Location>>,
    groups: Vec<Group>,
    /// What all of them have chosen for the range that ends here, the nearest first.
    chosen: Vec<HostIndex>,
}

impl Walk {
    /// Around all hosts, whatever their data center and rack.
    pub(super) fn of_all(ring: &Ring, factor: Factor, named: usize) -> Self {
        let together = |_: Location| Location { data_center: 0, rack: 0 };
        let locations: Vec<_> = ring.locations.iter().map(|at| at.map(together)).collect();
        let hosts = locations.iter().flatten().count();
        Self::new(ring, locations, vec![(factor, hosts, 1)], named)
    }

    /// In each data center by itself.
    pub(super) fn of_data_centers(
        ring: &Ring,
        factors: &BTreeMap<String, Factor>,
        named: usize,
    ) -> Self {
        let factor = |name| factors.get(name).copied().unwrap_or(Factor::of_full(0));
        let groups = ring.data_centers.iter();
        let groups = groups.map(|known| (factor(&known.name), known.hosts, known.racks)).collect();
        Self::new(ring, ring.locations.to_vec(), groups, named)
    }

    /// Groups by their factor, hosts and racks; no more than so many named in all.
    fn new(
        ring: &Ring,
        locations: Vec<Option<Location>>,
        groups: Vec<(Factor, usize, usize)>,
        named: usize,
    ) -> Self {
        let used = groups.iter().filter(|(factor, ..)| factor.full() > 0).count();
        let ranges = ring.tokens.owners().len();
        let most = (named / ranges.max(1) / used.max(1)).max(1);
        let group = |(factor, hosts, racks)| Group::new(factor, hosts, racks, most);
        let groups = groups.into_iter().map(group).collect();
        Self { locations, groups, chosen: Vec::new() }
    }

    /// How many replicas each range has.
    pub(super) fn width(&self) -> usize {
        self.groups.iter().map(Group::replicas).sum()
    }

    /// Are these all replicas?
    pub(super) fn is_whole(&self) -> bool {
        self.groups.iter().all(Group::is_whole)
    }

    /// The replicas of each range in turn; `owners` are those of the ring's tokens.
    pub(super) fn around(mut self, owners: &[HostIndex]) -> Box<[HostIndex]> {
        let width = self.width();
        if width == 0 {
            return Box::default();
        }
        self.look_ahead(owners);
        let mut replicas = vec![HostIndex::default(); owners.len() * width];
        let lists = replicas.chunks_exact_mut(width).rev();
        for (list, owner) in lists.zip(owners.iter().rev()) {
            self.meet(*owner);
            debug_assert_eq!(self.chosen.len(), width, "every range has as many replicas");
            for (out, host) in list.iter_mut().zip(&self.chosen) {
                *out = *host;
            }
        }
        replicas.into()
    }

    /// Meets what lies beyond the last token: the ring anew, as far as it matters.
    fn look_ahead(&mut self, owners: &[HostIndex]) {
        let mut ahead = FIRST_AHEAD;
        loop {
            owners.iter().take(ahead).rev().for_each(|owner| self.meet(*owner));
            if ahead >= owners.len() || self.groups.iter().all(Group::is_full) {
                return;
            }
            ahead *= 2;
        }
    }

    /// Goes one token towards the first, to one of this host.
    fn meet(&mut self, host: HostIndex) {
        let location = self.locations.get(host.index()).copied().flatten();
        let Some(Location { data_center, rack }) = location else { return };
        let Some(group) = self.groups.get_mut(usize::from(data_center)) else { return };
        if group.replicas() == 0 {
            return;
        }
        let goes = group.meet(Met { host, rack });
        if let Err(last) = put_first(&mut self.chosen, host, |other| Some(*other) == goes) {
            self.chosen.push(last);
        }
    }
}
