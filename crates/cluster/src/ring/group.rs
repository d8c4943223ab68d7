//! The replicas of one data center, or of all hosts: chosen from what a server would meet.
//!
//! A server goes from the token on and takes the first host of every rack, and besides them the
//! first few of racks that it has met already, as many as the factor is above the number of racks.
//! Here it is known from the range behind what is met, and a step moves one host to the front.
//!
//! Of hosts and of racks as many are kept as there are replicas. That is enough: as long as hosts
//! of a rack that was met are taken, every host that is met is taken. So what is taken is first the
//! nearest hosts, without a gap, and from then on only the nearest hosts of racks.

use super::{Factor, HostIndex};

/// What is chosen together: the hosts of one data center, or all.
#[derive(Debug)]
pub(super) struct Group {
    /// How many full replicas it has.
    replicas: usize,
    is_whole: bool,
    /// How many may be of racks that were met already.
    repeats: usize,
    hosts: Nearest,
    racks: Nearest,
    chosen: Vec<Met>,
    /// Of each rack, where a host of it was last chosen.
    chosen_at: Vec<usize>,
}

/// What is met from some token on, the nearest first.
#[derive(Debug)]
struct Nearest {
    met: Vec<Met>,
    most: usize,
}

/// A host, at its next token.
#[derive(Copy, Clone, Debug)]
pub(super) struct Met {
    pub(super) host: HostIndex,
    rack: usize,
    /// How far around the ring, counted in tokens from a fixed one.
    pub(super) at: usize,
}

impl Group {
    /// Of so many hosts and racks as there are; no more than so many replicas.
    pub(super) fn new(factor: Factor, hosts: usize, racks: usize, most: usize) -> Self {
        let full = full_replicas(factor, hosts);
        let replicas = full.min(most);
        Self {
            replicas,
            is_whole: replicas == full,
            repeats: number(factor.all).saturating_sub(racks),
            hosts: Nearest::new(replicas),
            racks: Nearest::new(replicas),
            chosen: Vec::with_capacity(replicas),
            chosen_at: vec![usize::MAX; racks],
        }
    }

    /// How many replicas every range has here.
    pub(super) const fn replicas(&self) -> usize {
        self.replicas
    }

    /// Are these all of them?
    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The replicas of the range where [`choose`](Self::choose) was called last, the nearest first.
    pub(super) fn chosen(&self) -> &[Met] {
        &self.chosen
    }

    /// Goes one token towards the first, to one of a host in this rack.
    pub(super) fn meet(&mut self, host: HostIndex, rack: usize, at: usize) {
        if self.replicas > 0 {
            let met = Met { host, rack, at };
            self.hosts.meet(met, |other| other.host == host);
            self.racks.meet(met, |other| other.rack == rack);
        }
    }

    /// Chooses the replicas of the range that ends here.
    pub(super) fn choose(&mut self, here: usize) {
        self.chosen.clear();
        let mut repeats = self.repeats;
        for met in &self.hosts.met {
            if !is_first(&mut self.chosen_at, met.rack, here) {
                if repeats == 0 {
                    break;
                }
                repeats -= 1;
            }
            self.chosen.push(*met);
        }
        for met in &self.racks.met {
            if self.chosen.len() == self.replicas {
                break;
            }
            if is_first(&mut self.chosen_at, met.rack, here) {
                self.chosen.push(*met);
            }
        }
    }
}

/// Has no host of this rack been chosen here yet?
fn is_first(chosen_at: &mut [usize], rack: usize, here: usize) -> bool {
    chosen_at.get_mut(rack).is_some_and(|at| std::mem::replace(at, here) != here)
}

impl Nearest {
    const fn new(most: usize) -> Self {
        Self { met: Vec::new(), most }
    }

    /// Puts this one first, instead of the same one where it was.
    #[inline]
    fn meet(&mut self, met: Met, is_same: impl Fn(&Met) -> bool) {
        let from = self.met.iter().position(is_same).unwrap_or_else(|| {
            if self.met.len() < self.most {
                self.met.push(met);
            }
            self.met.len() - 1
        });
        if let Some(moved) = self.met.get_mut(..=from) {
            moved.rotate_right(1);
        }
        if let Some(first) = self.met.first_mut() {
            *first = met;
        }
    }
}

/// As many as are not transient. A server that has too few hosts saves on transient ones first.
fn full_replicas(factor: Factor, hosts: usize) -> usize {
    number(factor.all.saturating_sub(factor.transient)).min(hosts)
}

fn number(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
