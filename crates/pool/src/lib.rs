//! The connections to one Cassandra host: fill, pick, reconnect with back-off, drain.
//!
//! A [`Pool`] keeps so many connections to one server. Each slot of it has a small task
//! of its own (`slot`), which connects, watches the connection, and connects anew when it is over;
//! those who send requests only pick the least busy of what is there and never wait for a slot.
//! A [`Registry`] owns the pools of a cluster: it starts them, counts them, and closes them.
//!
//! ```text
//!   slot 1   connecting --> open ----> over --> back-off --> connecting ...
//!   slot 2   connecting --> open -- retiring --> the next one opens, then this one drains
//!                            |
//!   pick() <---- the least busy of the open ones
//!   hasten() --> ends a back-off, so often and no more: requests found none
//! ```
//!
//! Invariants: a pool is for one server; no slot is ever without its task until the pool is stopped
//! or dropped, whatever panics; a connection is picked only while it is open; once a registry is
//! closed no pool starts, and after that there is no task, no socket and no reconnect.

mod backoff;
mod change;
mod connections;
mod demand;
mod error;
mod farewell;
mod host_pools;
mod latency;
mod offer;
mod open;
mod pool;
mod proof;
mod registry;
mod settings;
mod shared;
mod sink;
mod slot;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod totals;
mod usage;

pub use backoff::Backoff;
pub use change::{ConnectionChange, ConnectionChangeKind};
pub use error::{Elsewhere, NotConnected, RegistryClosed, Unconnected};
pub use latency::{Latencies, LatencyHistogram, SessionLatencies};
pub use offer::Offer;
pub use pool::Pool;
pub use registry::Registry;
pub use settings::Settings;
pub use sink::Sink;
pub use state::PoolState;
pub use target::{Identity, Target};
pub use totals::{ConnectionTotals, PoolTotals};
pub use usage::PoolUsage;
