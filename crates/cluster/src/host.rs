//! One server of the cluster.

use cqlwire_net::Endpoint;
use cqlwire_pool::Pool;
use uuid::Uuid;

use crate::control::HostRow;

/// One server of the cluster, with the connections to it.
#[derive(Debug)]
pub struct Host {
    row: HostRow,
    pool: Pool,
}

impl Host {
    pub(crate) fn start(row: HostRow, settings: &cqlwire_pool::Settings) -> Self {
        let pool = Pool::start(row.endpoint.clone(), settings.clone());
        Self { row, pool }
    }

    /// Its id, which stays when its address changes.
    pub const fn id(&self) -> Uuid {
        self.row.id
    }

    /// Where it listens for clients.
    pub const fn endpoint(&self) -> &Endpoint {
        &self.row.endpoint
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

    /// Is this row about the same server at the same place? A server that was reached by its name
    /// is, whatever address others know it by.
    pub(crate) fn is_still(&self, row: &HostRow) -> bool {
        let same_place = self.row.endpoint == row.endpoint || self.row.endpoint.address().is_none();
        self.row.id == row.id && same_place
    }
}
