//! The slices of a large envelope, joined where its page will be read.
//!
//! Each is copied there once if there is memory for the whole envelope from the start. Otherwise the
//! memory grows with what arrives, and each time it does, what has come is copied again.
//!
//! Memory of this size is expensive to ask for: the allocator gets it from the system page by page,
//! and gives it back as soon as it is free. So that of envelopes given out before is used again,
//! once whoever had them has dropped them.
//!
//! ```text
//!   spare ──room for the total?──▶ joined ──whole──▶ envelope ──dropped──▶ spare again
//!     ▲                              │
//!     └──── a handle on its memory ──┘
//! ```

use bytes::BytesMut;

use super::arrival::{Skip, Stop};
use super::intake::Intake;
use crate::{Envelope, FramingError};

/// Of how many envelopes the memory is kept in sight: one is read, one waits, one is on its
/// way, and one is to spare.
const MOST_SPARE: usize = 4;

/// Larger ones are not kept: so many times this many bytes is the most that an idle decoder has.
const LARGEST_SPARE: usize = 1 << 20;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Slices {
    joined: BytesMut,
    /// What is left of an envelope that is over the limit, instead.
    skip: Skip,
    /// The oldest first.
    spare: Vec<Spare>,
}

/// An empty handle on the memory of an envelope that was given out. It may still be in use there.
#[derive(Debug)]
struct Spare {
    handle: BytesMut,
    size: usize,
}

impl Slices {
    /// How many bytes of an unfinished envelope there are.
    pub(super) fn len(&self) -> usize {
        self.joined.len() + self.skip.passed()
    }

    /// Those bytes, but for one that is over the limit.
    pub(super) fn joined(&self) -> &[u8] {
        &self.joined
    }

    /// Are they those of an envelope that is over the limit?
    pub(super) const fn are_skipped(&self) -> bool {
        self.skip.left() > 0
    }

    /// Passes over a slice of so many bytes.
    pub(super) fn skip(&mut self, bytes: usize) -> Result<(), FramingError> {
        let (passed, left) = (self.skip.passed(), self.skip.left());
        if bytes > left {
            return Err(FramingError::OverlongSlices {
                declared: passed.saturating_add(left),
                got: passed.saturating_add(bytes),
            });
        }
        self.skip.pass(bytes);
        Ok(())
    }

    /// Appends one slice. [`join`](Self::join) is to be called after each.
    pub(super) fn append(&mut self, slice: &[u8], intake: &Intake) -> Result<(), FramingError> {
        let start = if self.joined.is_empty() { slice } else { &self.joined };
        if let Some((_, total)) = intake.header(start)? {
            self.make_room(slice.len(), total);
        }
        self.joined.extend_from_slice(slice);
        Ok(())
    }

    /// The envelope, once its slices make it whole; one that is over the limit as soon as its header
    /// says so.
    pub(super) fn join(&mut self, intake: &mut Intake) -> Result<Option<Envelope>, Stop> {
        let Some((header, declared)) = intake.header(&self.joined)? else {
            return Ok(None);
        };
        let got = self.joined.len();
        if got > declared {
            return Err(FramingError::OverlongSlices { declared, got }.into());
        }
        if intake.is_oversized(header) {
            let oversized = intake.oversized(header);
            self.joined = BytesMut::new();
            self.skip = Skip::new(declared, got);
            return Err(oversized);
        }
        if got < declared {
            return Ok(None);
        }
        let size = self.joined.capacity();
        let mut handle = std::mem::take(&mut self.joined);
        let envelope = intake.take_within(&mut handle, declared, Some(size))?;
        self.keep(Spare { handle, size });
        Ok(Some(envelope))
    }

    /// Lets go of memory that is kept for envelopes to come.
    pub(super) fn release(&mut self) {
        self.spare.clear();
    }

    /// Room for `more` bytes on the way to `total`. Memory that is there already costs nothing; new
    /// memory is twice what has arrived at most, so that a declared length alone reserves nothing,
    /// and never beyond the total, so that a page does not keep twice its size alive.
    fn make_room(&mut self, more: usize, total: usize) {
        let length = self.joined.len();
        let needed = length + more;
        if length == 0 {
            self.joined = self.reclaim(total).unwrap_or_default();
        }
        if self.joined.capacity() >= needed {
            return;
        }
        let room = length.saturating_mul(2).min(total).max(needed);
        let mut grown = BytesMut::with_capacity(room);
        grown.extend_from_slice(&self.joined);
        self.joined = grown;
    }

    /// Memory for an envelope of this size, at most a quarter larger, that nobody reads any more.
    fn reclaim(&mut self, total: usize) -> Option<BytesMut> {
        let free = |spare: &mut Spare| {
            spare.size <= total.saturating_add(total / 4) && spare.handle.try_reclaim(total)
        };
        let index = self.spare.iter_mut().position(free)?;
        Some(self.spare.remove(index).handle)
    }

    fn keep(&mut self, spare: Spare) {
        if spare.size > LARGEST_SPARE {
            return;
        }
        if self.spare.len() == MOST_SPARE {
            self.spare.remove(0);
        }
        self.spare.push(spare);
    }
}
