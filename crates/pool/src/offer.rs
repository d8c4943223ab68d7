//! What a pool offers to whoever compares hosts.

use cqlwire_net::Connection;

/// What a pool has for one request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Offer {
    /// Its least busy connection, as [`Pool::pick`](crate::Pool::pick) gives it.
    pub connection: Connection,
    /// What the pool owes, as [`Pool::load`](crate::Pool::load) gives it.
    pub load: usize,
}
