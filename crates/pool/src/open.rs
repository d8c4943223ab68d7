//! One pool of a host: its connections, and what follows for the host when there are others.

use std::sync::Arc;

use cqlwire_net::Connection;
use tokio::sync::Notify;

use crate::connections::{Change, Connections};
use crate::host_pools::HostPools;
use crate::offer::Offer;

/// The connections of a pool, one of those of its host.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) connections: Arc<Connections>,
    /// Notified when the first is listed, and when the last is listed no more.
    changed: Arc<Notify>,
    /// What it has in common with the other pools of its host.
    host: Arc<HostPools>,
}

impl Open {
    /// One more pool of this host.
    pub(crate) fn start(changed: Arc<Notify>, host: Arc<HostPools>) -> Arc<Self> {
        let connections = Arc::new(Connections::new());
        host.join(&connections);
        Arc::new(Self { connections, changed, host })
    }

    /// What it has in common with the other pools of its host.
    pub(crate) const fn host(&self) -> &Arc<HostPools> {
        &self.host
    }

    /// The least busy of those that can be picked; one that is quiet only if all are.
    pub(crate) fn least_busy(&self) -> Option<Connection> {
        let listed = self.connections.listing();
        let open = listed.in_turn().map(|(_, connection)| connection);
        let least = open.min_by_key(|connection| (connection.is_quiet(), connection.load()))?;
        if self.host.are_several() {
            self.look_at_share(least.load());
        }
        Some(least.clone())
    }

    /// The least busy of those that are not quiet, with what all of them owe, and those of the other
    /// pools of the host.
    #[inline]
    pub(crate) fn offer(&self) -> Option<Offer> {
        let listed = self.connections.listing();
        let mut least: Option<(usize, usize)> = None;
        let mut all = 0;
        listed.in_turn().filter(|(_, one)| !one.is_quiet()).for_each(|(at, connection)| {
            let load = connection.load();
            all += load;
            if least.is_none_or(|(_, least)| load < least) {
                least = Some((at, load));
            }
        });
        let (at, load) = least?;
        if self.host.are_several() {
            self.look_at_share(load);
            all = self.host.load();
        }
        Some(Offer::new(listed, at, all))
    }

    /// What the connections owe that can be picked, with those of the other pools of the host; `None`
    /// if there is none here, or all are quiet.
    #[inline]
    pub(crate) fn load(&self) -> Option<usize> {
        let listed = self.connections.listing();
        let open = listed.connections().filter(|one| one.is_open());
        // What a quiet one owes is no work for the others, and they have to take its share.
        let well = open.filter(|one| !one.is_quiet());
        let own = well.map(Connection::load).reduce(|sum, load| sum + load)?;
        Some(if self.host.are_several() { self.host.load() } else { own })
    }

    /// The least busy connection owes so much: is that all that it may?
    #[cold]
    fn look_at_share(&self, least: usize) {
        if least >= self.connections.share() {
            self.host.share_out_anew();
        }
    }

    /// Has this connection picked for as long as the listing lives; after that, it drains. `None`
    /// once nothing is listed any more: then it drains at once.
    pub(crate) fn list(self: &Arc<Self>, connection: Connection) -> Option<Listed> {
        let (number, change) = self.connections.list(connection.clone())?;
        self.has_changed(change);
        Some(Listed { open: Arc::clone(self), connection, number })
    }

    fn has_changed(&self, change: Change) {
        self.host.listed();
        if change == Change::State {
            self.changed.notify_one();
        }
    }
}

/// One connection on the list.
#[derive(Debug)]
pub(crate) struct Listed {
    open: Arc<Open>,
    connection: Connection,
    number: u64,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.open.has_changed(self.open.connections.delist(self.number));
        self.connection.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cqlwire_net::{Deadline, Settings};
    use cqlwire_testkit::node::ScriptedNode;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_no_longer_listed_is_forgotten_and_drains() {
        let node = ScriptedNode::builder().in_memory();
        let (settings, soon) = (Settings::default(), Deadline::after(Duration::from_secs(5)));
        let open = Open::start(Arc::default(), Arc::new(HostPools::new(None)));
        for _ in 0..3 {
            let stream = node.connect();
            let connection = Connection::over(stream, "node", &settings, soon).await.unwrap();
            let listed = open.list(connection.clone()).unwrap();
            assert_eq!(
                (open.connections.listing().connections().count(), open.connections.all().len()),
                (1, 1)
            );
            drop(listed);
            assert!(!connection.is_open());
            assert_eq!(open.connections.listing().connections().count(), 0);
            connection.ended().await;
        }
        assert_eq!(open.connections.all().len(), 0);
    }
}
