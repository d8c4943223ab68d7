//! Sets and maps in the order in which servers sort them.
//!
//! Entries are written as they come, and each is compared to the one before. Only if one of them is
//! out of order are they sorted, by their bytes, within the buffer: what is sorted already, or has
//! one entry, takes nothing but the comparisons, and a few unsorted ones no allocation of their own.

use std::cmp::Ordering;
use std::ops::Range;

use arrayvec::ArrayVec;
use bytes::BytesMut;

use super::element::{bytes_at, end_of};
use crate::ColumnType;
use crate::value::ValueError;
use crate::value::order::compare;

/// So many entries are sorted without an allocation.
const FEW: usize = 64;

/// The entries of a set or map while they are written: \[bytes\] of which the first of each entry
/// decides.
pub(super) struct Ordered<'a> {
    /// The type that decides, if one is known.
    key: Option<&'a ColumnType>,
    start: usize,
    /// Where the last entry begins.
    last: Option<usize>,
    are_sorted: bool,
}

impl<'a> Ordered<'a> {
    /// Entries that begin here.
    pub(super) const fn new(key: Option<&'a ColumnType>, start: usize) -> Self {
        Self { key, start, last: None, are_sorted: true }
    }

    /// Notes the entry that begins at `start` and is the last until now.
    pub(super) fn note(&mut self, out: &[u8], start: usize) {
        if let Some(last) = self.last.replace(start) {
            let order = compare(self.key, bytes_at(out, last), bytes_at(out, start));
            self.are_sorted &= order == Ordering::Less;
        }
    }

    /// Sorts the entries of so many \[bytes\] each, if they are not, and says how many are left: one
    /// of those that are the same to a server.
    pub(super) fn finish(
        self,
        out: &mut BytesMut,
        count: usize,
        cells: usize,
    ) -> Result<usize, ValueError> {
        if self.are_sorted {
            return Ok(count);
        }
        if self.entries(out, cells).count() != count {
            return Err(ValueError::misplaced(NOT_ONE));
        }
        if count <= FEW {
            let mut entries = ArrayVec::<_, FEW>::from_iter(self.entries(out, cells));
            self.sort(out, &mut entries)
        } else {
            let mut entries = Vec::with_capacity(count);
            entries.extend(self.entries(out, cells));
            self.sort(out, &mut entries)
        }
    }

    fn entries(&self, out: &[u8], cells: usize) -> impl Iterator<Item = Range<usize>> {
        let mut start = self.start;
        std::iter::from_fn(move || {
            let entry = start..(0..cells).fold(start, |at, _| end_of(out, at));
            start = entry.end;
            (entry.start < out.len()).then_some(entry)
        })
    }

    fn sort(&self, out: &mut BytesMut, entries: &mut [Range<usize>]) -> Result<usize, ValueError> {
        let by_key = |a: &Range<usize>, b: &Range<usize>| {
            compare(self.key, bytes_at(out, a.start), bytes_at(out, b.start))
        };
        let bytes = |entry: &Range<usize>| out.get(entry.clone()).unwrap_or_default();
        // Which of two that are the same is kept must not depend on the order that they came in.
        entries.sort_unstable_by(|a, b| by_key(a, b).then_with(|| bytes(a).cmp(bytes(b))));
        let value =
            |entry: &Range<usize>| out.get(end_of(out, entry.start)..entry.end).unwrap_or_default();
        let mut kept = 0_usize;
        for at in 0..entries.len() {
            let last = kept.checked_sub(1).and_then(|last| entries.get(last));
            if let (Some(last), Some(entry)) = (last, entries.get(at))
                && by_key(last, entry).is_eq()
            {
                if value(last) != value(entry) {
                    return Err(ValueError::misplaced(SAME_KEY));
                }
                continue;
            }
            entries.swap(kept, at);
            kept += 1;
        }
        self.arrange(out, entries.get(..kept).unwrap_or_default());
        Ok(kept)
    }

    /// Puts the entries into this order, by way of the end of the buffer.
    fn arrange(&self, out: &mut BytesMut, entries: &[Range<usize>]) {
        let (end, length) = (out.len(), entries.iter().map(Range::len).sum::<usize>());
        out.resize(end + length, 0);
        let mut to = end;
        for entry in entries {
            out.copy_within(entry.clone(), to);
            to += entry.len();
        }
        out.copy_within(end.., self.start);
        out.truncate(self.start + length);
    }
}

const NOT_ONE: &str = "an element of a set or map was not written as one value";
const SAME_KEY: &str = "two keys of a map are the same to a server, and their values differ";
