//! Choosing between hosts: power of two choices by what is in flight.
//!
//! Of two hosts that are drawn the one with less in flight is taken: no host is loaded much more
//! than the others, whoever else sends requests to it, and a slow one gets less by itself, since
//! what it has stays in flight for longer. How long its last responses took says nothing that this
//! does not; ranking by it has all clients rush to the fastest.

use cqlwire_pool::Offer;

use crate::host::Warmth;
use crate::own_pools::OwnPools;
use crate::{HostIndex, KeyspacePools, Topology};

/// The hosts of a topology, as one request gets to them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hosts<'a> {
    pub(super) topology: &'a Topology,
    /// The connections over which it goes where requests cannot name their keyspace.
    own: Option<&'a OwnPools>,
}

impl<'a> Hosts<'a> {
    #[inline]
    pub(super) fn new(topology: &'a Topology, own: Option<&'a KeyspacePools>) -> Self {
        Self { topology, own: own.map(KeyspacePools::own) }
    }

    /// The connection there and what is in flight; `None` if no connection takes requests.
    #[inline]
    fn offer(self, host: HostIndex) -> Option<Offer> {
        let host = self.topology.host(host);
        match self.own {
            None => host.pool().offer(),
            Some(own) => own.offer(host),
        }
    }

    /// What is in flight there; `None` if no connection takes requests.
    fn load(self, host: HostIndex) -> Option<usize> {
        match self.own {
            None => self.topology.host(host).pool().load(),
            Some(_) => self.offer(host).map(|offer| offer.load()),
        }
    }

    fn warmth(self, host: HostIndex) -> &'a Warmth {
        self.topology.host(host).warmth()
    }
}

/// A host that was chosen.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) host: HostIndex,
    /// What it had when it was chosen, if that was looked at.
    pub(super) offer: Option<Offer>,
}

impl Choice {
    /// One that was chosen for another reason than its connections.
    pub(super) const fn of(host: HostIndex) -> Self {
        Self { host, offer: None }
    }

    /// One that is ready; `None` if it is not.
    #[inline]
    pub(super) fn ready(host: HostIndex, hosts: Hosts<'_>) -> Option<Self> {
        hosts.offer(host).map(|offer| Self { host, offer: Some(offer) })
    }
}

/// Random numbers, of which one request has a stream of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    /// The stream of the request that drew this number.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`, which is not zero.
    #[inline]
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let high = u64::try_from((u128::from(self.next()) * u128::from(limit)) >> 64);
        high.ok().and_then(|high| usize::try_from(high).ok()).unwrap_or_default()
    }

    /// A byte.
    #[inline]
    pub(super) fn byte(&mut self) -> u8 {
        let [byte, ..] = self.next().to_be_bytes();
        byte
    }

    /// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    #[inline]
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// The better of two that are drawn from these; if one of the two is not to be had, the better of
/// two that are drawn from those that are. `None` if none is to be had. It is put where a host is
/// chosen, as a choice is large.
#[inline(always)]
pub(super) fn best_of_two(
    of: &[HostIndex],
    hosts: Hosts<'_>,
    draw: &mut Draw,
    eligible: impl Fn(HostIndex) -> bool,
) -> Option<Choice> {
    let (first, second) = match *of {
        [] => return None,
        [only] if eligible(only) => return Choice::ready(only, hosts),
        [_] => return None,
        _ => {
            let first = draw.below(of.len());
            let second = (first + 1 + draw.below(of.len() - 1)) % of.len();
            (*of.get(first)?, *of.get(second)?)
        }
    };
    if eligible(first)
        && eligible(second)
        && let (Some(of_first), Some(of_second)) = (hosts.offer(first), hosts.offer(second))
        && admitted(first, hosts, draw)
        && admitted(second, hosts, draw)
    {
        // Of two that are equally busy it is the one that was drawn first, which is either.
        let (host, offer) = if of_second.load() < of_first.load() {
            (second, of_second)
        } else {
            (first, of_first)
        };
        return Some(Choice { host, offer: Some(offer) });
    }
    best_of_those_left(of, hosts, draw, eligible).map(Choice::of)
}

/// The same where some are down, quiet or still warming up.
#[cold]
fn best_of_those_left(
    of: &[HostIndex],
    hosts: Hosts<'_>,
    draw: &mut Draw,
    eligible: impl Fn(HostIndex) -> bool,
) -> Option<HostIndex> {
    let there = |host: &HostIndex| eligible(*host) && hosts.load(*host).is_some();
    // Those that have just come up get a part of their share, unless there are only such.
    let byte = draw.byte();
    let admits = |host: &HostIndex| there(host) && hosts.warmth(*host).admits(byte);
    two_of(of, hosts, draw, admits).or_else(|| two_of(of, hosts, draw, there))
}

/// The better of two that are drawn from those of them that are wanted. They are counted first, and
/// walked through again: nothing is allocated.
fn two_of(
    of: &[HostIndex],
    hosts: Hosts<'_>,
    draw: &mut Draw,
    wanted: impl Fn(&HostIndex) -> bool,
) -> Option<HostIndex> {
    let all = || of.iter().copied().filter(&wanted);
    let count = all().count();
    if count < 2 {
        return all().next();
    }
    let first = draw.below(count);
    let second = (first + 1 + draw.below(count - 1)) % count;
    // One that was lost since it was counted leaves the other.
    let (first, second) = (all().nth(first), all().nth(second));
    let (Some(first), Some(second)) = (first, second) else { return first.or(second) };
    Some(if hosts.load(second) < hosts.load(first) { second } else { first })
}

fn admitted(host: HostIndex, hosts: Hosts<'_>, draw: &mut Draw) -> bool {
    let warmth = hosts.warmth(host);
    warmth.is_whole() || warmth.admits(draw.byte())
}
