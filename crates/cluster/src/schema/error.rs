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
    /// Is it what the server says, so that it will say the same again?
    pub(crate) const fn is_of_server(&self) -> bool {
        match self {
            Self::Ask { reason, .. } => matches!(
                reason,
                AskError::Server(_)
                    | AskError::Decode(_)
                    | AskError::Value(_)
                    | AskError::Unexpected(_)
            ),
            Self::Value { .. } => true,
        }
    }

    /// Did the deadline pass?
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Ask { reason, .. } if reason.is_timeout())
    }
}
