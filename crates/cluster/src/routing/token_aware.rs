//! The policy that a session has unless it is told otherwise.

use cqlwire_codec::Consistency;

use super::choice::{Choice, Draw, Hosts, best_of_two};
use super::{LoadBalancing, Routing, Tried};
use crate::{HostIndex, Topology};

/// A replica first, the nearest, and of two the one with less in flight.
///
/// ```text
///   replicas of the local rack --> replicas of the local data center --> other local hosts
///      --> replicas and others of other data centers, if the settings allow them
///      --> hosts that are not connected or do not respond, for what they say
/// ```
///
/// Of the hosts of one step it is the better of two that are drawn (power of two choices): the one
/// with fewer requests in flight. Requests that Paxos decides go to the local replicas in the order
/// of the ring, which is the same for all clients. A host that came up a moment ago gets a growing
/// part of its share.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TokenAware {
    /// May requests that ask for local consistency (`LOCAL_QUORUM`, `LOCAL_ONE`, `LOCAL_SERIAL`)
    /// leave the local data center? There they are local to another one, and see other data.
    /// Default no.
    pub remote_for_local_consistency: bool,
}

/// Of how many replicas that are equally near two are drawn; what is beyond has its turn later.
const NEAREST: usize = 8;

impl LoadBalancing for TokenAware {
    #[inline]
    fn next(
        &self,
        request: &Routing<'_>,
        topology: &Topology,
        draw: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        self.choose(request, Hosts::new(topology, None), draw, tried).map(|choice| choice.host)
    }
}

impl TokenAware {
    /// The next host, with its connection if that was looked at.
    #[inline]
    pub(super) fn choose(
        &self,
        request: &Routing<'_>,
        hosts: Hosts<'_>,
        draw: u64,
        tried: &Tried,
    ) -> Option<Choice> {
        let topology = hosts.topology;
        let replicas = topology.replicas_at(request.keyspace, request.token);
        let mut draw = Draw::new(draw);
        // Where all hosts are equally near, the nearest replicas need not be looked for.
        if topology.is_flat() && !request.conditional {
            let nearest = replicas.get(..NEAREST).unwrap_or(replicas);
            let best = best_of_two(nearest, hosts, &mut draw, |host| !tried.contains(host));
            if best.is_some() {
                return best;
            }
        }
        self.choose_by_distance(request, hosts, replicas, draw, tried)
    }

    /// The same where the nearest have to be looked for, or no replica is known.
    #[inline(never)]
    fn choose_by_distance(
        &self,
        request: &Routing<'_>,
        hosts: Hosts<'_>,
        replicas: &[HostIndex],
        mut draw: Draw,
        tried: &Tried,
    ) -> Option<Choice> {
        let topology = hosts.topology;
        let untried = |host| !tried.contains(host);
        if request.conditional {
            let local = replicas.iter().copied().filter(|host| topology.is_local(*host));
            let mut left = local.filter(|host| untried(*host));
            if let Some(first) = left.find_map(|host| Choice::ready(host, hosts)) {
                return Some(first);
            }
        } else if let Some(near) = nearest(replicas, hosts, &mut draw, untried) {
            return Some(near);
        }
        best_of_two(topology.local_hosts(), hosts, &mut draw, untried)
            .or_else(|| self.farther(request, hosts, replicas, draw, tried))
    }

    /// Where no local host is to be had.
    #[cold]
    fn farther(
        &self,
        request: &Routing<'_>,
        hosts: Hosts<'_>,
        replicas: &[HostIndex],
        mut draw: Draw,
        tried: &Tried,
    ) -> Option<Choice> {
        let topology = hosts.topology;
        let may_leave = self.remote_for_local_consistency || !is_local(request.consistency);
        let remote = if may_leave { topology.remote_hosts() } else { &[] };
        let untried = |host: &HostIndex| !tried.contains(*host);
        for data_center in remote {
            let of_replicas = |host| untried(&host) && replicas.contains(&host);
            let ready = best_of_two(data_center, hosts, &mut draw, of_replicas);
            let ready =
                ready.or_else(|| best_of_two(data_center, hosts, &mut draw, |h| untried(&h)));
            if ready.is_some() {
                return ready;
            }
        }
        // Nobody is ready: they are asked all the same, so that each says why.
        let all = || topology.local_hosts().iter().chain(remote.iter().flatten());
        let left = || all().copied().filter(untried);
        left().nth(draw.below(left().count().max(1))).map(Choice::of)
    }
}

/// The better of two of the nearest replicas.
#[inline]
fn nearest(
    replicas: &[HostIndex],
    hosts: Hosts<'_>,
    draw: &mut Draw,
    untried: impl Fn(HostIndex) -> bool + Copy,
) -> Option<Choice> {
    if replicas.is_empty() {
        return None;
    }
    let topology = hosts.topology;
    let of_rack = |host: HostIndex| topology.host(host).is_in_local_rack();
    let there = topology.has_local_rack().then(|| of(replicas, hosts, draw, untried, of_rack));
    there.flatten().or_else(|| of(replicas, hosts, draw, untried, |host| topology.is_local(host)))
}

/// The better of two of those replicas that are as near as asked.
#[inline]
fn of(
    replicas: &[HostIndex],
    hosts: Hosts<'_>,
    draw: &mut Draw,
    untried: impl Fn(HostIndex) -> bool + Copy,
    near: impl Fn(HostIndex) -> bool,
) -> Option<Choice> {
    let (mut nearest, mut count) = ([HostIndex::default(); NEAREST], 0);
    for host in replicas.iter().copied().filter(|host| near(*host)) {
        let Some(next) = nearest.get_mut(count) else { break };
        *next = host;
        count += 1;
    }
    best_of_two(nearest.get(..count)?, hosts, draw, untried)
}

const fn is_local(consistency: Consistency) -> bool {
    matches!(
        consistency,
        Consistency::LocalOne | Consistency::LocalQuorum | Consistency::LocalSerial
    )
}
