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

mod changes;
mod cluster;
mod connect;
mod contact;
mod control;
mod demand;
mod description;
mod error;
mod events;
mod filter;
mod health;
mod host;
mod keyspace_pools;
mod listing;
mod own_pools;
mod placement;
mod refresh;
mod ring;
mod routing;
mod schema;
mod settings;
mod shared;
mod standing;
#[cfg(test)]
mod tests;
mod topology;
mod totals;
mod translation;

pub use changes::{ClusterChange, ClusterChanges};
pub use cluster::Cluster;
pub use description::HostDescription;
pub use error::{ContactAttempt, ContactFailure, NoContact};
pub use filter::HostFilter;
pub use health::Health;
pub use host::{Distance, Host};
pub use keyspace_pools::KeyspacePools;
pub use ring::{Factor, HostIndex, Member, ReplicaTable, Replication, Ring, TokenRange};
pub use routing::{
    LoadBalancing, Plan, PolicyPanicked, RoundRobin, Routing, SingleHost, TokenAware, Tried, Turn,
};
pub use schema::{
    Aggregate, ClusteringOrder, Column, ColumnKind, Describe, DescribeError, Function, Index,
    Keyspace, Schema, SchemaError, SchemaScope, SchemaSettings, Table, TableKind, View,
};
pub use settings::{Remote, Settings};
pub use topology::Topology;
pub use totals::ClusterTotals;
pub use translation::{
    AddressTranslator, FixedAddresses, NamedAddresses, SubnetAddresses, Translating,
};
