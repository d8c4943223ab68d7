//! Where a stream begins, how far ahead it asks, and where it stops.

use crate::Position;

/// How one stream reads.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it begins. Default: [`Position::START`].
    pub from: Position,
    /// How many pages may be asked for ahead of the one that is being read, as far as the
    /// [`PageBudget`](crate::PageBudget) has room. 0 asks for a page only when it is waited for.
    /// Default 1.
    pub prefetch: u8,
    /// After how many pages it stops, empty ones included. Default: after the last.
    pub page_limit: Option<u64>,
    /// After how many rows it stops. Default: after the last.
    pub row_limit: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { from: Position::START, prefetch: 1, page_limit: None, row_limit: None }
    }
}
