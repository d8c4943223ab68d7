//! Tokens: which place on the ring a partition has, by Cassandra's default partitioner, Murmur3.
//!
//! The token of a request is computed from its bind values as they were encoded; the partition
//! key itself is never put together.

mod key;
mod murmur3;

pub use key::PartitionKeyHasher;

use std::fmt::{self, Display, Formatter};
use std::num::ParseIntError;
use std::str::FromStr;

/// A place on the ring: any `i64`. That of a partition is never [`MIN`](Self::MIN), unless its key
/// is empty.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub i64);

impl Token {
    /// The lowest one, where the ring begins and ends.
    pub const MIN: Self = Self(i64::MIN);

    /// That of the partition with this key, which is the value of its column if it has one. (For
    /// several see [`PartitionKeyHasher`].)
    pub fn of_key(key: &[u8]) -> Self {
        key::of_whole(key)
    }

    /// That of the partition which these bind values name: `values` is each of them as a
    /// \[value\], without names; `key` says which of them make up the partition key, in the order
    /// of the key.
    ///
    /// `None` if there is no key, if it names values that are not there, and if one of them is
    /// null, unset or over 65,535 bytes: there is no such partition, and servers will say so.
    pub fn of_bind_values(values: &[u8], key: &[u16]) -> Option<Self> {
        key::token(values, key)
    }
}

/// In decimal digits, as in `system.local` and `system.peers`.
impl Display for Token {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, f)
    }
}

/// From decimal digits, as in `system.local` and `system.peers`.
impl FromStr for Token {
    type Err = ParseIntError;

    fn from_str(digits: &str) -> Result<Self, ParseIntError> {
        digits.parse().map(Self)
    }
}

#[cfg(test)]
mod tests;
