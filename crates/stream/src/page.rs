//! One page of a result.

use std::net::SocketAddr;
use std::sync::Arc;
use std::{fmt, mem};

use bytes::Bytes;
use cqlwire_codec::{
    ColumnSpec, CustomPayload, DecodeRow, PagingState, Prefixes, ProtocolVersion, RowCursor,
    RowIter, ValueError,
};
use uuid::Uuid;

use crate::budget::PageBytes;
use crate::{ExecutionInfo, Fetched, PageBudget, Position};

/// One page of a result: the only owner of its bytes, which count in the
/// [`PageBudget`](crate::PageBudget) until it is dropped.
///
/// Rows, texts and blobs borrow from it. What is to outlive it is copied: `String`, `Vec<u8>`,
/// `Bytes`, or an [`OwnedRow`](crate::OwnedRow).
pub struct Page {
    columns: Arc<[ColumnSpec]>,
    content: Bytes,
    row_count: u32,
    number: u64,
    /// Before its first row.
    start: Position,
    paging_state: Option<PagingState>,
    /// It has lost its last rows to the stream's limit.
    is_cut: bool,
    info: ExecutionInfo,
    share: PageBytes,
}

impl Page {
    #[inline]
    pub(crate) fn new(fetched: Fetched, number: u64, start: Position, share: PageBytes) -> Self {
        let Fetched { columns, content, row_count, paging_state, info } = fetched;
        let is_cut = false;
        Self { columns, content, row_count, number, start, paging_state, is_cut, info, share }
    }

    /// The rows, decoded one at a time and borrowed from the page. Allocates nothing by itself.
    ///
    /// ```
    /// # use cqlwire_stream::Page;
    /// # use cqlwire_codec::ValueError;
    /// # fn read(page: &Page) -> Result<(), ValueError> {
    /// for row in page.rows::<(i64, &str, &[u8])>()? {
    ///     let (id, name, photo) = row?;
    /// #   let _ = (id, name, photo);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The columns do not go with `T`; the error names the column.
    pub fn rows<'page, T: DecodeRow<'page>>(&'page self) -> Result<RowIter<'page, T>, ValueError> {
        RowIter::new(&self.columns, self.row_count, &self.content)
    }

    /// The columns of its rows. Another page of the same result may have others, if the table was
    /// altered in between.
    pub const fn columns(&self) -> &Arc<[ColumnSpec]> {
        &self.columns
    }

    /// The cells of its rows as they came: what [`RowCursor`] walks.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// A cursor before its first row.
    pub const fn cursor(&self) -> RowCursor {
        RowCursor::new(self.row_count)
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        usize::try_from(self.row_count).unwrap_or(usize::MAX)
    }

    /// Whether it has no rows. That does not make it the last.
    pub const fn is_empty(&self) -> bool {
        self.row_count == 0
    }

    /// Where the server goes on after it; `None` if it is the last of its result.
    pub const fn paging_state(&self) -> Option<&PagingState> {
        self.paging_state.as_ref()
    }

    /// Where a reader stands that has read so many of its rows; `None` if nothing is left of the
    /// result.
    pub fn position_after(&self, rows: usize) -> Option<Position> {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX).min(self.row_count);
        if rows < self.row_count || self.is_cut {
            return Some(self.start.clone().skipping(rows));
        }
        Some(self.start.next(self.paging_state.clone()?, self.info.protocol))
    }

    /// Its number in the stream, from 1. Empty pages that were passed over have one as well.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The bytes that its rows took when they came, and so what it counts in the budget.
    pub const fn bytes(&self) -> usize {
        self.share.bytes()
    }

    /// What the server would have the client's operators know: with this page, and with the empty
    /// pages that were passed over before it.
    pub fn warnings(&self) -> &[String] {
        self.info.prefixes.warnings()
    }

    /// The id under which the server traces the request for it, in `system_traces`.
    pub fn tracing_id(&self) -> Option<Uuid> {
        self.info.prefixes.tracing_id()
    }

    /// What the server's query handler sent along.
    pub fn custom_payload(&self) -> Option<&CustomPayload> {
        self.info.prefixes.custom_payload()
    }

    /// The node that it came from.
    pub const fn coordinator(&self) -> Option<SocketAddr> {
        self.info.coordinator
    }

    /// The version of the protocol that it was asked for in.
    pub const fn protocol(&self) -> Option<ProtocolVersion> {
        self.info.protocol
    }

    /// Takes rows off its beginning, which were read elsewhere, and says how many of them are to
    /// be taken off the pages that follow.
    pub(crate) fn skip_rows(&mut self, rows: u32) -> u32 {
        let mut cursor = self.cursor();
        let mut skipped = 0;
        while skipped < rows.min(self.row_count) {
            // Whoever reads the rows that are left meets the error again, and is given it.
            let Some(Ok(_)) = cursor.next(&self.columns, &self.content) else { break };
            skipped += 1;
        }
        self.content = self.content.slice(cursor.offset()..);
        self.row_count -= skipped;
        self.start = mem::take(&mut self.start).skipping(skipped);
        if self.row_count == 0 { rows - skipped } else { 0 }
    }

    /// Takes rows off its end, which are over the limit of the stream.
    pub(crate) fn truncate(&mut self, most_rows: u64) {
        if let Ok(most) = u32::try_from(most_rows)
            && most < self.row_count
        {
            self.row_count = most;
            self.is_cut = true;
        }
    }

    /// Adds the warnings of pages before it, which nobody gets to see.
    pub(crate) fn warn_first(&mut self, mut warnings: Vec<String>) {
        let prefixes = mem::take(&mut self.info.prefixes);
        let (tracing_id, mut own, custom_payload) = prefixes.into_parts();
        warnings.append(&mut own);
        self.info.prefixes = Prefixes::new(tracing_id, warnings, custom_payload);
    }

    pub(crate) const fn start(&self) -> &Position {
        &self.start
    }

    pub(crate) fn into_warnings(self) -> Vec<String> {
        self.info.prefixes.into_parts().1
    }
}

impl Fetched {
    /// The only page that is asked for of a result, outside of any stream.
    pub fn into_page(self, budget: &PageBudget) -> Page {
        let share = self.hold(budget);
        self.into_held_page(share)
    }

    /// Counts the page that will be made of it.
    #[inline]
    pub fn hold(&self, budget: &PageBudget) -> PageBytes {
        budget.hold(self.content.len())
    }

    /// The same page, which was [counted](Self::hold) before: it is larger than this, and best made
    /// where it stays.
    #[inline]
    pub fn into_held_page(self, share: PageBytes) -> Page {
        Page::new(self, 1, Position::START, share)
    }
}

/// Its figures, and none of its values.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("number", &self.number)
            .field("rows", &self.row_count)
            .field("bytes", &self.share.bytes())
            .field("paging_state", &self.paging_state)
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}
