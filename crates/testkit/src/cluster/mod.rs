//! The scripted cluster: scripted nodes that share one ring and one schema, so that their system
//! tables and their events agree.
//!
//! ```text
//!              operations: join, leave, kill, stop, move_to, change_address, put_table, ...
//!                                       |
//!                                       v
//!                    ring, schema (one model)  ----- events ----> clients that registered
//!                                       |                           now, late, twice, held, lost
//!                                       v
//!   dial(address) --> network --> node 0   node 1   node 2 ...
//!                        |        system.local, system.peers, system_schema: the model's
//!                        +-- who is at an address; refused, silent, gone; counted
//! ```
//!
//! In memory it runs under paused time; [`ScriptedCluster::dial`] connects. On sockets each node
//! listens on an address of 127.0.0.0/8, all of them on one port.
//!
//! ```
//! use std::time::Duration;
//!
//! use cqlwire_testkit::cluster::{EventDelivery, ScriptedCluster};
//! use cqlwire_testkit::schema::{Keyspace, Table};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let cluster = ScriptedCluster::builder()
//!     .data_center("dc1", ["rack1", "rack2", "rack3"])
//!     .data_center("dc2", ["rack1"])
//!     .keyspace(Keyspace::network("app", [("dc1", "3"), ("dc2", "1")]))
//!     .in_memory();
//! let stream = cluster.dial(cluster.address(0)).await?;
//! cluster.kill(1);
//! let fourth = cluster.join("dc1", "rack1");
//! cluster.events(EventDelivery::Late(Duration::from_secs(5))).leave(fourth);
//! cluster.events(EventDelivery::Lost).put_table("app", Table::new("t").partition_key("k", "int"));
//! assert_eq!(cluster.dials(cluster.address(0)), 1);
//! # drop(stream);
//! # Ok(()) }
//! ```
//!
//! Nodes are counted from 0 in the order in which they came, and no number is used twice.

mod builder;
mod ddl;
mod events;
mod network;
mod nodes;
mod ring;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

use crate::node::{Member, ScriptedNode};
use crate::schema::Schema;

pub use builder::Builder;
pub use events::EventDelivery;
pub use network::Reach;

use network::Network;
use ring::Ring;

/// The handle of a cluster. Its clones are the same cluster; they may deliver events in different
/// ways. See the [module](self).
#[derive(Clone, Debug)]
pub struct ScriptedCluster {
    shared: Arc<Shared>,
    delivery: EventDelivery,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Late events, and on sockets who accepts.
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    network: Network,
    /// Events that wait for the test.
    held: Vec<cqlwire_codec::Event>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ScriptedCluster {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = lock(&self.shared.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// The node of this number, to prime it and to ask what it saw: whatever became of it.
    ///
    /// # Panics
    ///
    /// If there never was one.
    pub fn node(&self, number: usize) -> Arc<ScriptedNode> {
        self.state().ring.slot(number).node.clone()
    }

    /// All nodes that there ever were, by their numbers.
    pub fn nodes(&self) -> Vec<Arc<ScriptedNode>> {
        self.state().ring.slots.iter().map(|slot| slot.node.clone()).collect()
    }

    /// Where it is reached, or was when it left.
    ///
    /// # Panics
    ///
    /// If there never was one.
    pub fn address(&self, number: usize) -> SocketAddr {
        self.member(number).address
    }

    /// How the system tables describe it.
    ///
    /// # Panics
    ///
    /// If there never was one.
    pub fn member(&self, number: usize) -> Member {
        self.state().ring.slot(number).member.clone()
    }

    /// The members of the ring, in the order in which they came; some may be down.
    pub fn members(&self) -> Vec<Member> {
        self.state().ring.members().to_vec()
    }

    /// The schema as it is now.
    pub fn schema(&self) -> Arc<Schema> {
        self.state().ring.schema.clone()
    }
}
