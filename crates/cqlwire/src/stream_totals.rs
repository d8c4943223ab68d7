//! What the streams of a session came to since it was connected.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cqlwire_stream::{Ending, Progress};

/// What all streams of a session came to since it was connected, whole results that are awaited
/// not among them. Figures only ever grow.
///
/// Rows are counted when the next page comes, or when the stream ends: once nothing is open any
/// more, all figures are exactly the sums of those of the streams ([`Progress`]).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamTotals {
    /// Streams that were made, polled or not.
    pub opened: u64,
    /// Streams that were read to the end of their result.
    pub complete: u64,
    /// Streams that were read to their limit of rows or pages.
    pub limited: u64,
    /// Streams that gave their reader an error.
    pub failed: u64,
    /// Streams whose reader let go of them before any of these.
    pub dropped: u64,
    /// Pages that came, empty ones included.
    pub pages: u64,
    /// Pages without rows among them.
    pub empty_pages: u64,
    /// Rows that were given to readers.
    pub rows: u64,
    /// Bytes of the rows of these pages, as they came.
    pub bytes: u64,
}

impl StreamTotals {
    /// Streams that ended, one way or another.
    pub const fn ended(&self) -> u64 {
        self.complete + self.limited + self.failed + self.dropped
    }

    /// Streams that have not ended yet.
    pub const fn open(&self) -> u64 {
        self.opened.saturating_sub(self.ended())
    }
}

impl fmt::Display for StreamTotals {
    /// One line, a `name count` each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { opened, complete, limited, failed, dropped, .. } = self;
        let Self { pages, empty_pages, rows, bytes, .. } = self;
        write!(
            f,
            "opened {opened}, complete {complete}, limited {limited}, failed {failed}, \
             dropped {dropped}, pages {pages}, empty pages {empty_pages}, rows {rows}, \
             bytes {bytes}"
        )
    }
}

/// [`StreamTotals`] as they are counted: without a lock, and a few additions a page.
#[derive(Debug, Default)]
pub(crate) struct StreamCounters {
    opened: AtomicU64,
    complete: AtomicU64,
    limited: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    pages: AtomicU64,
    empty_pages: AtomicU64,
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl StreamCounters {
    pub(crate) fn opened(&self) {
        self.opened.fetch_add(1, Relaxed);
    }

    /// A stream that stood at `before` when it was counted last stands at `now`.
    pub(crate) fn progressed(&self, before: &Progress, now: &Progress) {
        self.pages.fetch_add(now.pages - before.pages, Relaxed);
        self.empty_pages.fetch_add(now.empty_pages - before.empty_pages, Relaxed);
        self.rows.fetch_add(now.rows - before.rows, Relaxed);
        self.bytes.fetch_add(now.bytes - before.bytes, Relaxed);
        let ended = match now.ending {
            None => return,
            Some(Ending::Complete) => &self.complete,
            Some(Ending::Limit) => &self.limited,
            Some(Ending::Failed) => &self.failed,
            Some(_) => &self.dropped,
        };
        ended.fetch_add(1, Relaxed);
    }

    /// Read one after another, while others count.
    pub(crate) fn totals(&self) -> StreamTotals {
        StreamTotals {
            complete: self.complete.load(Relaxed),
            limited: self.limited.load(Relaxed),
            failed: self.failed.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            opened: self.opened.load(Relaxed),
            pages: self.pages.load(Relaxed),
            empty_pages: self.empty_pages.load(Relaxed),
            rows: self.rows.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }
}
