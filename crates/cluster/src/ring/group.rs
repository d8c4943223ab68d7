//! The replicas of one data center, or of all hosts: chosen from what a server would meet.
//!
//! A server goes from the token on and takes the first host of every rack, and besides them the
//! first few of racks that it has met already, as many as the factor is above the number of racks.
//! Here it is known from the range behind what is met, and a step moves one host to the front.
//!
//! Of hosts and of racks as many are kept as there are replicas. That is enough: as long as hosts
//! of a rack that was met are taken, every host that is met is taken. So what is taken is first the
//! nearest hosts, without a gap, and from then on only the nearest hosts of racks.

use super::{Factor, HostIndex, Location};

/// What is chosen together: the hosts of one data center, or all.
#[derive(Debug)]
pub(super) struct Group {
    /// How many replicas every range has here.
    replicas: usize,
    is_whole: bool,
    choice: Choice,
}

/// How they are chosen.
#[derive(Debug)]
enum Choice {
    /// So many may be of racks that were met already that racks make no difference.
    Hosts(Nearest),
    /// None may.
    Racks(Nearest),
    /// Some may.
    Both(Both),
}

#[derive(Debug)]
struct Both {
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
    /// How far around the ring, counted in tokens from a fixed one.
    pub(super) at: usize,
    pub(super) host: HostIndex,
    pub(super) location: Location,
}

impl Group {
    /// Of so many hosts and racks as there are; no more than so many replicas.
    pub(super) fn new(factor: Factor, hosts: usize, racks: usize, most: usize) -> Self {
        // A server that has too few hosts saves on transient replicas first.
        let full = number(factor.full()).min(hosts);
        let replicas = full.min(most);
        let repeats = number(factor.all).saturating_sub(racks);
        let choice = match repeats {
            0 => Choice::Racks(Nearest::new(replicas)),
            // The first host is of a new rack in any case.
            _ if repeats + 1 >= replicas => Choice::Hosts(Nearest::new(replicas)),
            _ => Choice::Both(Both {
                repeats,
                hosts: Nearest::new(replicas),
                racks: Nearest::new(replicas.min(racks)),
                chosen: Vec::with_capacity(replicas),
                chosen_at: vec![usize::MAX; racks],
            }),
        };
        Self { replicas, is_whole: replicas == full, choice }
    }

    /// How many replicas every range has here.
    pub(super) const fn replicas(&self) -> usize {
        self.replicas
    }

    /// Are these all of them?
    pub(super) const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Goes one token towards the first, to the one of this host.
    pub(super) fn meet(&mut self, met: Met) {
        match &mut self.choice {
            Choice::Hosts(hosts) => hosts.meet_host(met),
            Choice::Racks(racks) => racks.meet_rack(met),
            Choice::Both(both) => {
                both.hosts.meet_host(met);
                both.racks.meet_rack(met);
            }
        }
    }

    /// Has enough been met to choose, and would nothing change if more were met before?
    pub(super) const fn is_full(&self) -> bool {
        match &self.choice {
            Choice::Hosts(nearest) | Choice::Racks(nearest) => nearest.is_full(),
            Choice::Both(both) => both.hosts.is_full() && both.racks.is_full(),
        }
    }

    /// The replicas of the range that ends here, the nearest first.
    pub(super) fn choose(&mut self, here: usize) -> &[Met] {
        match &mut self.choice {
            Choice::Hosts(nearest) | Choice::Racks(nearest) => &nearest.met,
            Choice::Both(both) => {
                both.choose(self.replicas, here);
                &both.chosen
            }
        }
    }
}

impl Both {
    fn choose(&mut self, replicas: usize, here: usize) {
        self.chosen.clear();
        let mut repeats = self.repeats;
        for met in &self.hosts.met {
            if !is_first(&mut self.chosen_at, met.location.rack, here) {
                if repeats == 0 {
                    break;
                }
                repeats -= 1;
            }
            self.chosen.push(*met);
        }
        for met in &self.racks.met {
            if self.chosen.len() == replicas {
                break;
            }
            if is_first(&mut self.chosen_at, met.location.rack, here) {
                self.chosen.push(*met);
            }
        }
    }
}

/// Has no host of this rack been chosen here yet?
fn is_first(chosen_at: &mut [usize], rack: u16, here: usize) -> bool {
    chosen_at.get_mut(usize::from(rack)).is_some_and(|at| std::mem::replace(at, here) != here)
}

impl Nearest {
    fn new(most: usize) -> Self {
        Self { met: Vec::with_capacity(most), most }
    }

    const fn is_full(&self) -> bool {
        self.met.len() == self.most
    }

    fn meet_host(&mut self, met: Met) {
        self.meet(met, |other| other.host == met.host);
    }

    fn meet_rack(&mut self, met: Met) {
        self.meet(met, |other| other.location.rack == met.location.rack);
    }

    /// Puts this one first, and moves the others back, up to the same one or the last.
    #[inline]
    fn meet(&mut self, mut met: Met, is_same: impl Fn(&Met) -> bool) {
        for other in &mut self.met {
            std::mem::swap(other, &mut met);
            if is_same(&met) {
                return;
            }
        }
        if !self.is_full() {
            self.met.push(met);
        }
    }
}

fn number(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
