//! Where pages come from.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};

use bytes::{Buf, Bytes};
use cqlwire_codec::{ColumnSpec, PagingState, Prefixes, ProtocolVersion, Rows, RowsMetadata};

use crate::{Fingerprint, Position, Progress, UnknownColumns};

/// Whoever asks the server for the pages of one result.
///
/// Retries and deadlines of a page are its own: an error that it reports ends the stream.
pub trait PageSource: Send {
    /// Why a page does not come.
    type Error: Send;

    /// A page on its way. Polled once it is started, as a request on the wire is: from then on it
    /// makes progress by itself, and polling only finds out. Dropping it abandons the request.
    ///
    /// While the reader is busy elsewhere, nobody polls it, for as long as the reader likes. So what
    /// it does in a second step (another attempt, a PREPARE) has to get its time when that step
    /// begins, and a page that has come must not keep anything that others wait for until it is
    /// taken. The stream itself counts no time, and holds no more than room in its budget.
    ///
    /// It is kept in the stream as it is. A source that awaits in several steps boxes them
    /// (`Pin<Box<dyn Future + Send>>`), which costs one allocation a page; one that names its
    /// future needs none.
    type Fetch: Future<Output = Result<Fetched, Self::Error>> + Send + Unpin;

    /// Asks for the page that begins at this position: after the one that gave out its paging
    /// state, or the first. Rows to be skipped are part of the page.
    ///
    /// `most_rows` is how many rows are still of use, if the stream has a limit: the page size to
    /// ask for is no larger, so that the limit falls between two pages.
    fn fetch(&mut self, from: &Position, most_rows: Option<NonZeroU32>) -> Self::Fetch;

    /// A reader waits for this page from now on: until then, the time that passed was not its
    /// own. Called before each poll by which a reader waits.
    #[expect(unused_variables, reason = "the name is for those who implement it")]
    fn awaited(fetch: &mut Self::Fetch) {}

    /// What its result is known by: positions in it are given out with it. Whether the one that a
    /// stream begins at is in this result is for the source to check.
    fn fingerprint(&self) -> Option<Fingerprint> {
        None
    }

    /// Notes in an error that the stream found by itself where another stream would go on: with the
    /// row, or the page, that could not be given out.
    fn failed_at(&self, error: Self::Error, position: Option<&Position>) -> Self::Error {
        let _ = position;
        error
    }

    /// Is given the figures after each page that came, and once more when the stream ends, however
    /// it does (`progress.ending`): all that it held is given back by then.
    ///
    /// Called on the reader's task, from `Drop` too, so it must not panic.
    fn progressed(&mut self, progress: &Progress) {
        let _ = progress;
    }
}

/// A page as it came, its columns known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    pub(crate) columns: Arc<[ColumnSpec]>,
    pub(crate) content: Bytes,
    pub(crate) row_count: u32,
    pub(crate) paging_state: Option<PagingState>,
    /// What came with the rows.
    pub info: ExecutionInfo,
}

/// What came with a page, beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionInfo {
    /// The id of its trace, warnings, a custom payload.
    pub prefixes: Prefixes,
    /// The node that answered.
    pub coordinator: Option<SocketAddr>,
    /// The version of the protocol that it was asked in.
    pub protocol: Option<ProtocolVersion>,
}

impl Fetched {
    /// The rows of a response. If the server left the description of the columns out, as it was
    /// asked to, they are those that are `known` of the prepared statement; one that it sends goes
    /// first, as it is newer.
    ///
    /// # Errors
    ///
    /// Columns that were left out and are not known, or not as many: to decode such rows with
    /// other columns would be to make values up.
    #[inline]
    pub fn new(
        rows: Rows,
        known: Option<&Arc<[ColumnSpec]>>,
        info: ExecutionInfo,
    ) -> Result<Self, UnknownColumns> {
        let Rows { metadata, row_count, content } = rows;
        let RowsMetadata { columns, column_count: sent, paging_state, .. } = metadata;
        let Some(columns) = columns.or_else(|| known.map(Arc::clone)) else {
            return Err(UnknownColumns { sent, known: None });
        };
        if columns.len() != sent {
            return Err(UnknownColumns { sent, known: Some(columns.len()) });
        }
        Ok(Self { columns, content, row_count, paging_state, info })
    }

    /// All rows of a result, with these columns: as many as the cells have that begin there, and go
    /// on to the end.
    #[inline]
    pub fn whole(
        columns: Arc<[ColumnSpec]>,
        row_count: u32,
        mut body: Bytes,
        content: usize,
        info: ExecutionInfo,
    ) -> Self {
        body.advance(content.min(body.len()));
        Self { columns, content: body, row_count, paging_state: None, info }
    }

    /// Does its result go on behind it?
    pub const fn has_more_pages(&self) -> bool {
        self.paging_state.is_some()
    }

    /// How many rows it has.
    pub const fn row_count(&self) -> u32 {
        self.row_count
    }

    /// A result that is none of rows: a page without columns or rows, and the last.
    pub fn without_rows(info: ExecutionInfo) -> Self {
        let (columns, content) = (no_columns(), Bytes::new());
        Self { columns, content, row_count: 0, paging_state: None, info }
    }
}

/// Of results that are none of rows, which is what most writes have: shared, since even an empty
/// `Arc` of its own is an allocation.
fn no_columns() -> Arc<[ColumnSpec]> {
    static NONE: LazyLock<Arc<[ColumnSpec]>> = LazyLock::new(|| Arc::from([]));
    Arc::clone(&NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cqlwire_codec::ColumnType;

    fn columns(names: &[&str]) -> Arc<[ColumnSpec]> {
        let column = |name: &&str| ColumnSpec {
            keyspace: Arc::from("ks"),
            table: Arc::from("t"),
            name: (*name).to_owned(),
            column_type: ColumnType::Int,
        };
        names.iter().map(column).collect()
    }

    fn rows(column_count: usize, columns: Option<Arc<[ColumnSpec]>>) -> Rows {
        let (paging_state, new_metadata_id) = (None, None);
        let metadata = RowsMetadata { columns, column_count, paging_state, new_metadata_id };
        Rows { metadata, row_count: 0, content: Bytes::new() }
    }

    #[test]
    fn columns_that_the_server_sends_go_before_those_that_are_known() {
        let (sent, known) = (columns(&["a", "b"]), columns(&["a"]));
        let fetch = |rows| Fetched::new(rows, Some(&known), ExecutionInfo::default()).unwrap();
        assert!(Arc::ptr_eq(&fetch(rows(2, Some(Arc::clone(&sent)))).columns, &sent));
        assert!(Arc::ptr_eq(&fetch(rows(1, None)).columns, &known));
    }

    #[test]
    fn rows_are_not_decoded_with_columns_that_are_not_theirs() {
        let known = columns(&["a"]);
        let fetch = |known| Fetched::new(rows(2, None), known, ExecutionInfo::default());
        let error = fetch(Some(&known)).unwrap_err();
        assert_eq!(error, UnknownColumns { sent: 2, known: Some(1) });
        let text = "rows of 2 columns came undescribed; the statement is known to have 1";
        assert_eq!(error.to_string(), text);
        let error = fetch(None).unwrap_err();
        assert_eq!(error.to_string(), "rows of 2 columns came undescribed, and none are known");
    }

    #[test]
    fn what_came_says_how_many_rows_it_has_and_whether_more_follow() {
        let known = columns(&["a"]);
        let fetch = |row_count, paging_state| {
            let mut rows = Rows { row_count, ..rows(1, None) };
            rows.metadata.paging_state = paging_state;
            Fetched::new(rows, Some(&known), ExecutionInfo::default()).unwrap()
        };
        let (first, last) = (fetch(7, Some(PagingState::new(b"after 7"))), fetch(2, None));
        assert_eq!((first.row_count(), first.has_more_pages()), (7, true));
        assert_eq!((last.row_count(), last.has_more_pages()), (2, false));
    }
}
