//! What a pool offers to whoever compares hosts.

use std::sync::Arc;

use arc_swap::Guard;
use cqlwire_net::Connection;

use crate::connections::Listing;

/// What a pool has for one request: to be used at once, since it holds on to the list of the pool's
/// connections as it was. That is cheaper than a handle of the connection.
#[derive(Debug)]
pub struct Offer {
    listing: Guard<Arc<Listing>>,
    /// Which of them; it is one.
    at: usize,
    load: usize,
}

impl Offer {
    /// The connection at this place of the list, where so much is owed.
    #[inline]
    pub(crate) const fn new(listing: Guard<Arc<Listing>>, at: usize, load: usize) -> Self {
        Self { listing, at, load }
    }

    /// The least busy connection of the pool, as [`Pool::pick`](crate::Pool::pick) gives it.
    #[inline]
    pub fn connection(&self) -> &Connection {
        self.listing.at(self.at)
    }

    /// What the pool owes, as [`Pool::load`](crate::Pool::load) gives it.
    #[inline]
    pub const fn load(&self) -> usize {
        self.load
    }
}
