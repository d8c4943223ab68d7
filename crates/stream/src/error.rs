//! What a stream finds wrong by itself, beside what its source reports.

use cqlwire_codec::ValueError;

/// Why rows that came cannot be given out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The columns of a page do not go with the Rust type that its rows are read as.
    #[error("page {page}: {source}")]
    Columns {
        /// The page, from 1.
        page: u64,
        /// What does not go together.
        source: ValueError,
    },
    /// A row cannot be decoded.
    #[error("page {page}, row {row}: {source}")]
    Row {
        /// The page, from 1.
        page: u64,
        /// The row of this page, from 1.
        row: u64,
        /// What is wrong with it.
        source: ValueError,
    },
    /// There are more rows than were to be collected.
    #[error("there are more than {limit} rows; raise the limit, or read them as they come")]
    TooManyRows {
        /// How many were to be collected at most.
        limit: usize,
    },
}

/// Rows came without the description of their columns, and what is known of the statement's
/// columns does not fit them either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("rows of {sent} columns came undescribed{}", describe(*.known))]
pub struct UnknownColumns {
    /// How many columns the rows have.
    pub sent: usize,
    /// How many columns the statement is known to have, if that is known.
    pub known: Option<usize>,
}

fn describe(known: Option<usize>) -> String {
    known.map_or_else(
        || ", and none are known".to_owned(),
        |known| format!("; the statement is known to have {known}"),
    )
}
