//! A Cassandra cluster as a client sees it: contact points, hosts, the control connection, routing.
//!
//! ```text
//!   contact points --> control connection --> system.local, system.peers --> Topology
//!                        ^        | lost, or time to look again                |
//!                        +--------+ (keeper)                                   v
//!                                                            a Host, with a pool, for each row
//!   plan() <----- the hosts to try for one request, in order
//! ```
//!
//! The rooms: `control` asks a server about the cluster; `topology` is what was learnt, replaced as
//! a whole; `host` is one server with its pool; `keeper` is the task that keeps the control
//! connection and the topology up to date; `cluster` ties them together.
//!
//! Invariants: a topology is never empty once there is one; a host that stays keeps its pool from
//! one topology to the next; a host that goes drains.

mod cluster;
mod control;
mod error;
mod host;
mod keeper;
mod settings;
#[cfg(test)]
mod tests;
mod topology;

pub use cluster::Cluster;
pub use error::{ContactAttempt, ContactFailure, NoContact};
pub use host::Host;
pub use settings::Settings;
pub use topology::{Plan, Topology};
