//! A policy that shares requests out evenly, whatever they are about.

use super::{LoadBalancing, Routing, Tried};
use crate::{HostIndex, Topology};

/// Any local host, all with the same share.
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
        // Drawn anew among those that are left, so that the share of one that is down goes to all.
        let mut left = topology.local_hosts().iter().filter(|host| !tried.contains(**host));
        let count = u64::try_from(left.clone().count()).ok()?;
        left.nth(usize::try_from(draw.checked_rem(count)?).ok()?).copied()
    }
}
