//! Connections in a keyspace of their own, beside those of the hosts: for requests below v5, which
//! cannot name the keyspace that they are for.
//!
//! ```text
//!   opened --> a pool at each host that is connected and speaks v3 or v4
//!                + one at a host that comes up later
//!                - that of a host that goes
//!   the last handle is dropped, or the cluster closed --> all of them drain
//! ```
//!
//! Hosts are known to be up or down by the connections that they have anyway. Of those that are up,
//! requests are for the ones that have a connection in their keyspace.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::ProtocolVersion;
use cqlwire_net::{Connection, Deadline, Race};
use cqlwire_pool::NotConnected;
use tokio::time::timeout_at;

use crate::Host;
use crate::own_pools::{OwnPools, speaks_without_keyspaces};
use crate::shared::Shared;

/// The connections to the hosts of a cluster whose unqualified names mean one keyspace, where
/// requests cannot say so themselves, on v3 and v4. Made by
/// [`Cluster::keyspace`](crate::Cluster::keyspace).
///
/// When it is dropped, they finish what was sent and close. They are counted in the
/// [usage](crate::Cluster::usage) of the cluster, and closed with it.
pub struct KeyspacePools {
    own: Arc<OwnPools>,
    shared: Arc<Shared>,
}

impl KeyspacePools {
    /// Those of this keyspace, spelled as in the schema, with no connection yet.
    pub(crate) fn new(shared: &Arc<Shared>, keyspace: Arc<str>) -> Self {
        let own = Arc::new(OwnPools::new(keyspace));
        shared.keyspaces.add(&own);
        Self { own, shared: Arc::clone(shared) }
    }

    pub(crate) fn own(&self) -> &OwnPools {
        &self.own
    }

    /// The least busy connection to this host on which requests are in the keyspace: one of the host's
    /// own, if requests on it can name their keyspace. If there is no pool for the host yet, one is
    /// started, and has no connection for a moment.
    ///
    /// # Errors
    ///
    /// [`NotConnected`], with the reason: at once, without waiting for an attempt.
    pub fn pick(&self, host: &Host) -> Result<Connection, NotConnected> {
        let connection = host.pool().pick().inspect_err(|_| host.pool().hasten())?;
        if connection.version() >= ProtocolVersion::V5 {
            return Ok(connection);
        }
        let pool = match self.own.find(host.id()) {
            Some(pool) => pool,
            None => self.own.start(host, self.shared.starter())?,
        };
        pool.pick().inspect_err(|_| pool.hasten())
    }

    /// Begins to connect to each host that has a connection on which requests cannot name their
    /// keyspace, and waits for the first that is connected; for the others no longer than
    /// [`attempt_delay`](cqlwire_net::Settings::attempt_delay) after that, so that not all of what comes
    /// next is for one host. All of it takes no longer than the deadline. There is nothing to wait for
    /// where all speak v5.
    ///
    /// # Errors
    ///
    /// None of them is connected in this keyspace, and why each is not.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it goes on connecting as long as this lives.
    pub async fn ready(&self, deadline: Deadline) -> Result<(), Vec<NotConnected>> {
        let topology = self.shared.topology.load_full();
        let mut race = Race::new(Duration::ZERO, deadline);
        let mut failed = Vec::new();
        let mut is_needed = false;
        for host in topology.hosts().iter().filter(|host| speaks_without_keyspaces(host)) {
            is_needed = true;
            match self.own.start(host, self.shared.starter()) {
                Ok(pool) => race.begin(async move { pool.ready(deadline).await }),
                Err(error) => failed.push(error),
            }
        }
        while let Some(outcome) = race.next().await {
            match outcome {
                Ok(_) => {
                    let soon = self.shared.settings.pool.connection.attempt_delay;
                    let others = async { while race.next().await.is_some() {} };
                    // Those that are late are connected to all the same.
                    drop(timeout_at(deadline.within(soon).at().into(), others).await);
                    return Ok(());
                }
                Err(error) => failed.push(error),
            }
        }
        if is_needed { Err(failed) } else { Ok(()) }
    }
}

impl fmt::Debug for KeyspacePools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyspacePools").field(&self.own.keyspace()).finish()
    }
}
