//! A place between two rows of a result.

mod bytes;
mod fingerprint;
#[cfg(feature = "serde")]
mod serde;
#[cfg(test)]
mod tests;
mod text;

use cqlwire_codec::{PagingState, ProtocolVersion};

pub use self::bytes::PositionError;
pub use self::fingerprint::Fingerprint;

/// Where a reader stands: from here another stream, in another process, goes on with the next row.
///
/// It is kept as [bytes](Self::to_bytes), or as text: [`Display`](std::fmt::Display) writes
/// hexadecimal digits and [`FromStr`](std::str::FromStr) reads them. Both are of this driver and
/// say nothing of the data, apart from what the server put into its paging state.
///
/// It belongs to one statement in one keyspace with one set of values
/// ([`Fingerprint`]): a stream of another refuses it before anything is sent. Servers do not
/// notice; they would give rows from somewhere else.
///
/// The end of a result is no position. What says where a reader stands gives `None` there, so that
/// a result that was read to its end is not taken for one that is to be read from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Where the server begins: after the page that gave this out. `None` is the start of the
    /// result.
    after: Option<PagingState>,
    /// What the server spoke when it gave `after` out.
    protocol: Option<ProtocolVersion>,
    /// How many of the rows that follow there were read already. Not 0 only for a reader that
    /// stopped in the middle of a page, as the server knows no places but those between pages.
    skip: u32,
    /// What it is a place in. `None` is any result.
    fingerprint: Option<Fingerprint>,
}

impl Position {
    /// Before the first row, of any result.
    pub const START: Self = Self { after: None, protocol: None, skip: 0, fingerprint: None };

    /// Is it before the first row, be it of any result or of a known one?
    pub const fn is_start(&self) -> bool {
        self.after.is_none() && self.skip == 0
    }

    /// Where the server begins: after the page that gave this out; `None` is the start.
    pub const fn paging_state(&self) -> Option<&PagingState> {
        self.after.as_ref()
    }

    /// How many of the rows that follow there were read already.
    pub const fn rows_to_skip(&self) -> u32 {
        self.skip
    }

    /// Is it a place in the result of this statement?
    ///
    /// # Errors
    ///
    /// It is one in another result.
    pub fn check(&self, of: Fingerprint) -> Result<(), PositionMismatch> {
        match self.fingerprint {
            Some(own) if own.statement != of.statement => Err(PositionMismatch::Statement),
            Some(own) if own.values != of.values => Err(PositionMismatch::Values),
            _ => Ok(()),
        }
    }

    /// Does a server understand it that is spoken to in this version? v3 has paging states of its
    /// own; those of v4 and v5 are the same.
    ///
    /// # Errors
    ///
    /// It would not.
    pub fn check_protocol(&self, spoken: ProtocolVersion) -> Result<(), PositionMismatch> {
        let is_old = |version: ProtocolVersion| version <= ProtocolVersion::V3;
        match self.protocol {
            Some(given) if is_old(given) != is_old(spoken) => {
                Err(PositionMismatch::Protocol { given, spoken })
            }
            _ => Ok(()),
        }
    }

    /// The same place, known to be in this result.
    pub(crate) fn of(self, fingerprint: Option<Fingerprint>) -> Self {
        Self { fingerprint: self.fingerprint.or(fingerprint), ..self }
    }

    /// So many rows further on.
    pub(crate) fn skipping(self, rows: u32) -> Self {
        Self { skip: self.skip.saturating_add(rows), ..self }
    }

    /// The same, with all rows behind it still to be read.
    pub(crate) fn without_skip(self) -> Self {
        Self { skip: 0, ..self }
    }

    /// In the same result, after the page that gave out this state.
    pub(crate) const fn next(&self, after: PagingState, protocol: Option<ProtocolVersion>) -> Self {
        Self { after: Some(after), protocol, skip: 0, fingerprint: self.fingerprint }
    }
}

/// Why a position is none in the result that it was to be used for. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PositionMismatch {
    /// It is one in the result of another statement, or in another keyspace.
    #[error("the position is one of another statement, or of another keyspace")]
    Statement,
    /// It is one in the result of the same statement with other values.
    #[error("the position is one of the same statement with other values")]
    Values,
    /// It was given out in a version of the protocol whose positions the connection's has not.
    #[error("the position was given out in {given}, and the connection speaks {spoken}")]
    Protocol {
        /// In which it was given out.
        given: ProtocolVersion,
        /// What is spoken.
        spoken: ProtocolVersion,
    },
}
