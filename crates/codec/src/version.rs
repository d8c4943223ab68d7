//! The versions of the native protocol that this crate speaks.
//!
//! Older ones (v1, v2) have another header and are refused with a readable error; the beta
//! versions that some servers offer (`5/v5-beta` of 3.11, `6/v6-beta`) are never spoken.

use std::fmt;

/// A version of the CQL native protocol, fixed for a connection by its STARTUP.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub enum ProtocolVersion {
    /// Cassandra 2.1 and newer.
    V3 = 3,
    /// Cassandra 2.2 and newer; adds unset values, warnings, custom payloads and small types.
    V4 = 4,
    /// Cassandra 4.0 and newer; adds checksummed segments and result metadata ids.
    V5 = 5,
}

impl ProtocolVersion {
    /// The newest version that this crate speaks.
    pub const LATEST: Self = Self::V5;

    /// The version of this number (without the direction bit), or `None` for one not spoken here.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            3 => Some(Self::V3),
            4 => Some(Self::V4),
            5 => Some(Self::V5),
            _ => None,
        }
    }

    /// The number on the wire, without the direction bit: 3, 4 or 5.
    pub const fn number(self) -> u8 {
        match self {
            Self::V3 => 3,
            Self::V4 => 4,
            Self::V5 => 5,
        }
    }

    /// Whether envelopes travel inside checksummed segments once STARTUP is answered (v5 §2).
    pub const fn uses_segments(self) -> bool {
        matches!(self, Self::V5)
    }

    /// The version to try after a server refused this one, or `None` below v3.
    pub const fn previous(self) -> Option<Self> {
        match self {
            Self::V5 => Some(Self::V4),
            Self::V4 => Some(Self::V3),
            Self::V3 => None,
        }
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.number())
    }
}
