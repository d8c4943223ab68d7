//! A policy that knows one host.

use uuid::Uuid;

use super::{LoadBalancing, Routing, Tried};
use crate::{HostIndex, Topology};

/// One host and no other: for tools that look at each by itself.
///
/// There is no plan B: while the host is down, requests fail.
#[derive(Clone, Debug)]
pub struct SingleHost {
    host_id: Uuid,
}

impl SingleHost {
    /// The host of this id.
    pub const fn new(host_id: Uuid) -> Self {
        Self { host_id }
    }
}

impl LoadBalancing for SingleHost {
    fn next(
        &self,
        _: &Routing<'_>,
        topology: &Topology,
        _: u64,
        tried: &Tried,
    ) -> Option<HostIndex> {
        topology.find(self.host_id).filter(|host| !tried.contains(*host))
    }
}
