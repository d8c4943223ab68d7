//! Consistency levels: how many replicas must agree.

use std::fmt;

/// A \[consistency\] of the protocol (v5 §3).
///
/// Open on purpose: servers put levels of their own into errors (0x0B, `NODE_LOCAL`, since 4.0).
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum Consistency {
    /// Any node may take the write, even as a hint.
    Any,
    /// One replica.
    One,
    /// Two replicas.
    Two,
    /// Three replicas.
    Three,
    /// A majority of all replicas.
    Quorum,
    /// All replicas.
    All,
    /// A majority of the replicas in the coordinator's data centre.
    LocalQuorum,
    /// A majority of the replicas in each data centre.
    EachQuorum,
    /// Linearisable, over all data centres.
    Serial,
    /// Linearisable, in the coordinator's data centre.
    LocalSerial,
    /// One replica in the coordinator's data centre.
    LocalOne,
    /// A level without a name here, by its code.
    Other(u16),
}

impl Consistency {
    /// The level of this code; one without a name becomes [`Other`](Self::Other).
    pub const fn from_code(code: u16) -> Self {
        match code {
            0x0 => Self::Any,
            0x1 => Self::One,
            0x2 => Self::Two,
            0x3 => Self::Three,
            0x4 => Self::Quorum,
            0x5 => Self::All,
            0x6 => Self::LocalQuorum,
            0x7 => Self::EachQuorum,
            0x8 => Self::Serial,
            0x9 => Self::LocalSerial,
            0xA => Self::LocalOne,
            other => Self::Other(other),
        }
    }

    /// The code on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Any => 0x0,
            Self::One => 0x1,
            Self::Two => 0x2,
            Self::Three => 0x3,
            Self::Quorum => 0x4,
            Self::All => 0x5,
            Self::LocalQuorum => 0x6,
            Self::EachQuorum => 0x7,
            Self::Serial => 0x8,
            Self::LocalSerial => 0x9,
            Self::LocalOne => 0xA,
            Self::Other(code) => code,
        }
    }
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Any => "ANY",
            Self::One => "ONE",
            Self::Two => "TWO",
            Self::Three => "THREE",
            Self::Quorum => "QUORUM",
            Self::All => "ALL",
            Self::LocalQuorum => "LOCAL_QUORUM",
            Self::EachQuorum => "EACH_QUORUM",
            Self::Serial => "SERIAL",
            Self::LocalSerial => "LOCAL_SERIAL",
            Self::LocalOne => "LOCAL_ONE",
            Self::Other(code) => return write!(f, "0x{code:04X}"),
        })
    }
}

/// The two levels that the Paxos phase of a conditional statement may run at.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum SerialConsistency {
    /// Over all data centres.
    Serial,
    /// In the coordinator's data centre.
    LocalSerial,
}

impl SerialConsistency {
    /// The serial level of this code, or `None` for any other level.
    pub const fn from_code(code: u16) -> Option<Self> {
        match code {
            0x8 => Some(Self::Serial),
            0x9 => Some(Self::LocalSerial),
            _ => None,
        }
    }

    /// The code on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Serial => 0x8,
            Self::LocalSerial => 0x9,
        }
    }
}

impl From<SerialConsistency> for Consistency {
    fn from(level: SerialConsistency) -> Self {
        Self::from_code(level.code())
    }
}

impl fmt::Display for SerialConsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Consistency::from(*self).fmt(f)
    }
}
