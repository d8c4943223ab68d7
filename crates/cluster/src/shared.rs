//! What the handle of a cluster and its refresh task have in common.

use std::sync::Arc;

use arc_swap::ArcSwap;
use cqlwire_pool::{Registry, RegistryClosed};
use tokio_util::sync::CancellationToken;

use crate::control::ClusterRows;
use crate::{Settings, Topology};

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// Every live pool, also of hosts that are in no topology any more.
    pub(crate) registry: Registry,
    pub(crate) topology: ArcSwap<Topology>,
    pub(crate) stopped: CancellationToken,
}

impl Shared {
    /// The topology becomes the one that these rows describe. Hosts that are in it no more drain,
    /// whoever still holds them.
    pub(crate) fn renew(&self, rows: ClusterRows) -> Result<(), RegistryClosed> {
        let known = self.topology.load_full();
        let topology = Topology::new(rows, known.hosts(), &self.settings, &self.registry)?;
        if topology.hosts().is_empty() {
            tracing::warn!("no host of the wanted data center is listed: keeping those known");
            return Ok(());
        }
        let topology = Arc::new(topology);
        self.topology.store(Arc::clone(&topology));
        known.not_in(&topology).for_each(|host| host.pool().stop());
        Ok(())
    }
}
