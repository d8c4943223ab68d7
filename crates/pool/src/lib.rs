//! The connections to one Cassandra host: fill, pick, reconnect with back-off, drain.
//!
//! A [`Pool`] keeps a fixed number of connections. Each place in it has a small task of its own
//! (`place`), which connects, watches the connection, and connects anew when it is over; those who
//! send requests only pick the least busy of what is there and never wait for a place.
//!
//! ```text
//!   place 1   connecting --> open ----> over --> back-off --> connecting ...
//!   place 2   connecting --> open -- worn out --> the next one opens, then this one drains
//!                             |
//!   pick() <----- the least busy of the open ones
//! ```
//!
//! Invariants: no place is ever without its task until the pool is closed or dropped; a connection
//! is picked only while it is open; after close, or the drop of the last handle, there is no task,
//! no socket and no reconnect.

mod backoff;
mod open;
mod place;
mod pool;
mod settings;
#[cfg(test)]
mod tests;

pub use backoff::Backoff;
pub use pool::{NotConnected, Pool, PoolUsage, Unconnected};
pub use settings::Settings;
