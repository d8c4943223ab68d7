//! How a host is, as its pool knows it.

use tokio::time::Instant;

use crate::Unconnected;

/// Whether a host is connected to, since when, and if not, why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolState {
    /// When it was connected to, or not any more; of a new pool, when it was started.
    pub since: Instant,
    /// Why it is not connected to; `None` if it is.
    pub down: Option<Unconnected>,
}

impl PoolState {
    /// Is there a connection?
    pub const fn is_up(&self) -> bool {
        self.down.is_none()
    }
}
