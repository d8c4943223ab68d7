//! One server of the cluster.

use std::sync::Arc;

use cqlwire_net::ServerAddress;
use cqlwire_pool::{Pool, Registry, RegistryClosed};
use uuid::Uuid;

use crate::control::HostRow;

/// One server of the cluster, with the connections to it.
#[derive(Debug)]
pub struct Host {
    row: HostRow,
    pool: Pool,
}

impl Host {
    pub(crate) fn start(row: HostRow, registry: &Registry) -> Result<Self, RegistryClosed> {
        let pool = registry.start(row.address.clone())?;
        Ok(Self { row, pool })
    }

    /// Its id, which stays when its address changes.
    pub const fn id(&self) -> Uuid {
        self.row.id
    }

    /// Where it listens for clients.
    pub fn address(&self) -> &ServerAddress {
        self.pool.address()
    }

    /// Its data center.
    pub fn data_center(&self) -> &str {
        &self.row.data_center
    }

    /// Its rack.
    pub fn rack(&self) -> &str {
        &self.row.rack
    }

    /// The release that it runs, `5.0.9`.
    pub fn release_version(&self) -> &str {
        &self.row.release_version
    }

    /// The connections to it.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// This host as the row describes it by now, with the pool that it has; `None` if the row is
    /// about another server, or another address.
    pub(crate) fn renewed(self: &Arc<Self>, row: &HostRow) -> Option<Arc<Self>> {
        if self.key() != (row.id, &row.address) {
            return None;
        }
        if self.row == *row {
            return Some(Arc::clone(self));
        }
        Some(Arc::new(Self { row: row.clone(), pool: self.pool.clone() }))
    }

    /// What its pool stands and falls with.
    pub(crate) fn key(&self) -> (Uuid, &ServerAddress) {
        (self.id(), self.address())
    }
}
