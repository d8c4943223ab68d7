//! The way around the ring that finds the replicas of every range, as servers choose them.
//!
//! A server goes from one token on, around the ring, until each data center has its replicas. The
//! driver needs that for every range at once. So it goes the other way, from the last token to the
//! first, and what a server would meet from a token on differs from what it would meet from the
//! next one by one host.

use std::collections::BTreeMap;

use super::group::{Group, Met};
use super::{Factor, HostIndex, Location, Ring};

/// Chooses the replicas of each range.
#[derive(Debug)]
pub(super) struct Walk {
    /// For each member, which of the groups it belongs to, and its rack in there.
    locations: Vec<Option<Location>>,
    groups: Vec<Group>,
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
        let factor = |name| factors.get(name).copied().unwrap_or(Factor::full(0));
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
        let used = groups.iter().filter(|(factor, ..)| factor.all > 0).count();
        let ranges = ring.tokens.owners().len();
        let most = (named / ranges.max(1) / used.max(1)).max(1);
        let group = |(factor, hosts, racks)| Group::new(factor, hosts, racks, most);
        Self { locations, groups: groups.into_iter().map(group).collect() }
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
    pub(super) fn around(mut self, owners: &[HostIndex]) -> Vec<HostIndex> {
        let width = self.width();
        if width == 0 {
            return Vec::new();
        }
        // Once around, so that what lies beyond the last token is known.
        for (at, owner) in owners.iter().enumerate().rev() {
            self.meet(*owner, owners.len() + at);
        }
        let mut list = Vec::with_capacity(width);
        self.groups.iter_mut().for_each(|group| group.choose(owners.len()));
        self.merge(&mut list);
        let mut replicas = vec![HostIndex::default(); owners.len() * width];
        let lists = replicas.chunks_exact_mut(width).rev();
        for (out, (at, owner)) in lists.zip(owners.iter().enumerate().rev()) {
            if let Some(group) = self.meet(*owner, at) {
                group.choose(at);
                self.merge(&mut list);
            }
            debug_assert_eq!(list.len(), width, "every range has as many replicas");
            for (out, chosen) in out.iter_mut().zip(&list) {
                *out = chosen.host;
            }
        }
        replicas
    }

    /// Goes one token towards the first; which group has a host more to choose from, if any.
    fn meet(&mut self, host: HostIndex, at: usize) -> Option<&mut Group> {
        let location = self.locations.get(host.index()).copied().flatten()?;
        let group = self.groups.get_mut(location.data_center)?;
        group.meet(host, location.rack, at);
        (group.replicas() > 0).then_some(group)
    }

    /// What all groups have chosen, the nearest first.
    fn merge(&self, list: &mut Vec<Met>) {
        list.clear();
        list.extend(self.groups.iter().flat_map(Group::chosen));
        if self.groups.len() > 1 {
            list.sort_unstable_by_key(|met| met.at);
        }
    }
}
