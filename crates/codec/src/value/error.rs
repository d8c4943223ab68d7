//! Why a value does not fit.

/// Why a value could not be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// The statement has another number of bind markers.
    #[error("{given} values for {expected} bind markers")]
    Count {
        /// How many values were given.
        given: usize,
        /// How many bind markers there are.
        expected: usize,
    },
}
