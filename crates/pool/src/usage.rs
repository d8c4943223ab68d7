//! What pools hold.

use cqlwire_net::Usage;

/// What the connections of a pool, or of several, hold at the moment.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// Connections that have not ended, draining ones included.
    pub connections: usize,
    /// What they hold, added up.
    pub usage: Usage,
}

impl std::ops::Add for PoolUsage {
    type Output = Self;

    /// What two pools hold together.
    fn add(self, other: Self) -> Self {
        let connections = self.connections + other.connections;
        Self { connections, usage: self.usage + other.usage }
    }
}
