//! What the streams of a session came to since it was connected.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cqlwire_net::counters;
use cqlwire_stream::{Ending, Progress};

counters! {
    /// What all streams of a session came to since it was connected, whole results that are awaited
    /// not among them.
    ///
    /// Rows are counted when the next page comes, or when the stream ends: once nothing is open any
    /// more, all figures are exactly the sums of those of the streams ([`Progress`]).
    pub struct StreamTotals {
        /// Streams that were made, polled or not.
        opened,
        /// Streams that were read to the end of their result.
        complete,
        /// Streams that were read to their limit of rows or pages.
        limited,
        /// Streams that gave their reader an error.
        failed,
        /// Streams whose reader let go of them before any of these.
        dropped,
        /// Pages that came, empty ones included.
        pages,
        /// Pages without rows among them.
        empty_pages,
        /// Rows that were given to readers.
        rows,
        /// Bytes of the rows of these pages, as they came.
        bytes,
    }
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
