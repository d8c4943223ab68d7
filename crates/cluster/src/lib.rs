//! A Cassandra cluster as a client sees it: contact points, hosts, the control connection, routing.
//!
//! ```text
//!   contact points --> control connection --> system.local, system.peers --> Topology
//!                        ^        | lost, or time to look again                |
//!                        +--------+ (refresh task)                             v
//!                                                            a Host, with a pool, for each row
//!   plan() <----- the hosts to try for one request, in order
//! ```
//!
//! The rooms: `contact` finds a server that can be asked, `control` asks it about the cluster;
//! `topology` is what was learnt, replaced as a whole; `host` is one server with its pool; `routing`
//! leads from a request to hosts; `refresh` is the task that keeps the control connection and the
//! topology up to date; `shared` is what it and the handle, `cluster`, have in common: the registry
//! of all pools among it.
//!
//! Invariants: a topology is never empty once there is one; a host that stays at its address keeps
//! its pool from one topology to the next; a host that goes drains, whoever holds it; after close
//! nothing begins.

mod cluster;
mod contact;
mod control;
mod error;
mod host;
mod refresh;
mod routing;
#[allow(dead_code, unused_imports, reason = "the refresh task does not read it yet")]
mod schema;
mod settings;
mod shared;
#[cfg(test)]
mod tests;
mod topology;

pub use cluster::Cluster;
pub use error::{ContactAttempt, ContactFailure, NoContact};
pub use host::Host;
pub use routing::Plan;
pub use schema::{
    Aggregate, ClusteringOrder, Column, ColumnKind, DescribeError, Function, Index, Keyspace,
    Schema, SchemaError, SchemaScope, SchemaSettings, Table, TableKind, View,
};
pub use settings::Settings;
pub use topology::Topology;
