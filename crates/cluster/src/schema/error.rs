//! Why the schema could not be read.

use cqlwire_codec::ValueError;
use cqlwire_net::AskError;

/// A system table that could not be read; nothing of what was is taken.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The server did not respond with rows.
    #[error("{table}: {reason}")]
    Ask {
        /// The table.
        table: &'static str,
        /// What it did instead.
        #[source]
        reason: AskError,
    },
    /// Its rows are not as they should be, all of them.
    #[error("{table}: {reason}")]
    Value {
        /// The table.
        table: &'static str,
        /// What is wrong with them.
        #[source]
        reason: ValueError,
    },
}

impl SchemaError {
    /// Did the deadline pass?
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Ask { reason, .. } if reason.is_timeout())
    }
}
