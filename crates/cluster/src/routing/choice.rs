//! Choosing between hosts: power of two choices by what is in flight.
//!
//! Of two hosts that are drawn the one with less in flight is taken: no host is loaded much more
//! than the others, whoever else sends requests to it, and a slow one gets less by itself, since
//! what it has stays in flight for longer. How long its last responses took says nothing that this
//! does not; ranking by it has all clients rush to the fastest.

use cqlwire_net::Connection;
use cqlwire_pool::Offer;

use crate::{HostIndex, Topology};

/// A host that was chosen.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) host: HostIndex,
    /// The one that was looked at when it was chosen.
    pub(super) connection: Option<Connection>,
}

impl Choice {
    /// One that was chosen for another reason than its connections.
    pub(super) const fn of(host: HostIndex) -> Self {
        Self { host, connection: None }
    }

    /// One that is ready; `None` if it is not.
    #[inline]
    pub(super) fn ready(host: HostIndex, topology: &Topology) -> Option<Self> {
        offer(host, topology).map(|offer| Self { host, connection: Some(offer.connection) })
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
/// two that are drawn from those that are. `None` if none is to be had.
#[inline]
pub(super) fn best_of_two(
    hosts: &[HostIndex],
    topology: &Topology,
    draw: &mut Draw,
    eligible: impl Fn(HostIndex) -> bool,
) -> Option<Choice> {
    let (first, second) = match *hosts {
        [] => return None,
        [only] if eligible(only) => return Choice::ready(only, topology),
        [_] => return None,
        _ => {
            let first = draw.below(hosts.len());
            let second = (first + 1 + draw.below(hosts.len() - 1)) % hosts.len();
            (*hosts.get(first)?, *hosts.get(second)?)
        }
    };
    if eligible(first)
        && eligible(second)
        && let (Some(of_first), Some(of_second)) = (offer(first, topology), offer(second, topology))
        && admitted(first, topology, draw)
        && admitted(second, topology, draw)
    {
        // Of two that are equally busy it is the one that was drawn first, which is either.
        let (host, offer) =
            if of_second.load < of_first.load { (second, of_second) } else { (first, of_first) };
        return Some(Choice { host, connection: Some(offer.connection) });
    }
    best_of_those_left(hosts, topology, draw, eligible).map(Choice::of)
}

/// The same where some are down, quiet or still warming up.
#[cold]
fn best_of_those_left(
    hosts: &[HostIndex],
    topology: &Topology,
    draw: &mut Draw,
    eligible: impl Fn(HostIndex) -> bool,
) -> Option<HostIndex> {
    let there = |host: &HostIndex| eligible(*host) && load(*host, topology).is_some();
    // Those that have just come up get a part of their share, unless there are only such.
    let byte = draw.byte();
    let admits = |host: &HostIndex| there(host) && topology.host(*host).warmth().admits(byte);
    two_of(hosts, topology, draw, admits).or_else(|| two_of(hosts, topology, draw, there))
}

/// The better of two that are drawn from those of them that are wanted. They are counted first, and
/// walked through again: nothing is allocated.
fn two_of(
    hosts: &[HostIndex],
    topology: &Topology,
    draw: &mut Draw,
    wanted: impl Fn(&HostIndex) -> bool,
) -> Option<HostIndex> {
    let all = || hosts.iter().copied().filter(&wanted);
    let count = all().count();
    if count < 2 {
        return all().next();
    }
    let first = draw.below(count);
    let second = (first + 1 + draw.below(count - 1)) % count;
    // One that was lost since it was counted leaves the other.
    let (first, second) = (all().nth(first), all().nth(second));
    let (Some(first), Some(second)) = (first, second) else { return first.or(second) };
    Some(if load(second, topology) < load(first, topology) { second } else { first })
}

fn admitted(host: HostIndex, topology: &Topology, draw: &mut Draw) -> bool {
    let warmth = topology.host(host).warmth();
    warmth.is_whole() || warmth.admits(draw.byte())
}

/// The connection there and what is in flight; `None` if no connection takes requests.
#[inline]
fn offer(host: HostIndex, topology: &Topology) -> Option<Offer> {
    topology.host(host).pool().offer()
}

/// What is in flight there; `None` if no connection takes requests.
fn load(host: HostIndex, topology: &Topology) -> Option<usize> {
    topology.host(host).pool().load()
}
