//! A policy that shares requests out evenly, whatever they are about.

use super::{LoadBalancing, Routing, Tried};
use crate::{HostIndex, Topology};

/// Any local host, all with the same share; then the others.
///
/// It is for clusters whose replicas are everywhere, and an example of a policy of one's own.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RoundRobin {}

impl LoadBalancing for RoundRobin {
    fn next(
        &self,
        _: &Routing<'_>,
        topology: &Topology,
        draw: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        let hosts = topology.local_hosts();
        let count = u64::try_from(hosts.len()).ok()?;
        let start = usize::try_from(draw.checked_rem(count)?).ok()?;
        let (before, from_start) = hosts.split_at_checked(start)?;
        let mut in_turn = from_start.iter().chain(before).copied();
        in_turn.find(|host| !tried.contains(*host))
    }
}
