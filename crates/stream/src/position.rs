//! A place between two rows of a result.

use cqlwire_codec::PagingState;

/// Where a reader stands: from here another stream, in another process, goes on with the next row.
///
/// The end of a result is no position. What says where a reader stands gives `None` there, so that
/// a result that was read to its end is not taken for one that is to be read from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    /// Where the server begins: after the page that gave this out. `None` is the start of the
    /// result.
    pub after: Option<PagingState>,
    /// How many of the rows that follow there were read already. Not 0 only for a reader that
    /// stopped in the middle of a page, as the server knows no places but those between pages.
    pub skip: u32,
}

impl Position {
    /// Before the first row.
    pub const START: Self = Self { after: None, skip: 0 };
}
