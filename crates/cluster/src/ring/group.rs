//! The replicas of one data center, or of all hosts: chosen from what a server would meet.
//!
//! A server goes from the token on and takes the first host of every rack, and besides them the
//! first few of racks that it has met already, as many as the factor is above the number of racks.
//! Here it is known from the range behind what is met, and a step moves one host to the front.
//!
//! Of hosts and of racks as many are kept as there are replicas. That is enough: as long as hosts
//! of a rack that was met are taken, every host that is met is taken. So what is taken is first the
//! nearest hosts, without a gap, and from then on only the nearest hosts of racks.
//!
//! The host that has moved to the front is always taken, and no more than one makes room for it:
//! another of its rack, the farthest of those whose rack was met already, or the last.

use std::mem;

use super::replication::Factor;
use super::tokens::HostIndex;

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
    chosen: Vec<HostIndex>,
    /// Those of the range behind.
    before: Vec<HostIndex>,
    /// How often was chosen.
    count: usize,
    /// Of each rack, when a host of it was last chosen.
    chosen_at: Vec<usize>,
}

/// What is met from some token on, the nearest first.
#[derive(Debug)]
struct Nearest {
    met: Vec<Met>,
    most: usize,
}

/// A host that is met.
#[derive(Copy, Clone, Debug)]
pub(super) struct Met {
    pub(super) host: HostIndex,
    pub(super) rack: u16,
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
                before: Vec::with_capacity(replicas),
                count: 0,
                chosen_at: vec![0; racks],
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

    /// Goes one token towards the first, to one of this host, which is a replica from here on, and
    /// the nearest. Which one makes room for it: itself, if it was one already; `None` if there was
    /// room.
    pub(super) fn meet(&mut self, met: Met) -> Option<HostIndex> {
        match &mut self.choice {
            Choice::Hosts(hosts) => hosts.meet_host(met),
            Choice::Racks(racks) => racks.meet_rack(met),
            Choice::Both(both) => {
                both.hosts.meet_host(met);
                both.racks.meet_rack(met);
                both.choose(self.replicas);
                both.missing(met.host)
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
}

impl Both {
    fn choose(&mut self, replicas: usize) {
        mem::swap(&mut self.chosen, &mut self.before);
        self.chosen.clear();
        self.count += 1;
        let mut is_first = |met: &Met| {
            let at = self.chosen_at.get_mut(usize::from(met.rack));
            at.is_some_and(|at| mem::replace(at, self.count) != self.count)
        };
        let mut repeats = self.repeats;
        for met in &self.hosts.met {
            if !is_first(met) {
                if repeats == 0 {
                    break;
                }
                repeats -= 1;
            }
            self.chosen.push(met.host);
        }
        for met in &self.racks.met {
            if self.chosen.len() == replicas {
                break;
            }
            if is_first(met) {
                self.chosen.push(met.host);
            }
        }
    }

    /// Which one of those before is not chosen any more, after the first was put there.
    fn missing(&self, first: HostIndex) -> Option<HostIndex> {
        let mut others = self.chosen.iter().skip(1);
        let mut was_there = None;
        for host in &self.before {
            if *host == first {
                was_there = Some(first);
            } else if others.next() != Some(host) {
                return Some(*host);
            }
        }
        was_there
    }
}

impl Nearest {
    fn new(most: usize) -> Self {
        Self { met: Vec::with_capacity(most), most }
    }

    const fn is_full(&self) -> bool {
        self.met.len() == self.most
    }

    fn meet_host(&mut self, met: Met) -> Option<HostIndex> {
        self.meet(met, |other| other.host == met.host)
    }

    fn meet_rack(&mut self, met: Met) -> Option<HostIndex> {
        self.meet(met, |other| other.rack == met.rack)
    }

    /// Puts this one first; which one is not there any more.
    #[inline]
    fn meet(&mut self, met: Met, is_same: impl Fn(&Met) -> bool) -> Option<HostIndex> {
        match put_first(&mut self.met, met, is_same) {
            Ok(same) => Some(same.host),
            Err(last) if self.is_full() => Some(last.host),
            Err(last) => {
                self.met.push(last);
                None
            }
        }
    }
}

/// Puts one in front of the list and moves the others back, up to the one that goes; if none does,
/// there is no room for the last.
#[inline]
pub(super) fn put_first<T>(
    list: &mut [T],
    mut first: T,
    goes: impl Fn(&T) -> bool,
) -> Result<T, T> {
    for other in list {
        mem::swap(other, &mut first);
        if goes(&first) {
            return Ok(first);
        }
    }
    Err(first)
}

fn number(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
