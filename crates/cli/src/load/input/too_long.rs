//! A record that is longer than may be: passed over to its end, with nothing kept but where it is.

use super::{Content, Ends, Next, Record, Records, lines};
use crate::load::ledger::{Line, Mark};

/// A record that is longer than may be, in bytes.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it has {bytes} bytes, and may have {limit} (--max-line-bytes): it is not kept, and is only in the input{}",
    if *.may_be_unclosed { "; it goes to its end: is there a quote that is not closed?" } else { "" }
)]
pub(in crate::load) struct TooLong {
    pub(super) bytes: u64,
    pub(super) limit: usize,
    /// It is of CSV, and has no end but that of the input.
    pub(super) may_be_unclosed: bool,
}

impl TooLong {
    /// One that was found whole: there is room for one byte more than it may have.
    pub(super) fn of(length: usize, limit: usize) -> Option<Self> {
        let bytes = u64::try_from(length).unwrap_or(u64::MAX);
        (length > limit).then_some(Self { bytes, limit, may_be_unclosed: false })
    }
}

impl Records {
    /// What stands in front of a record makes room for it. Without that, the record is too long.
    pub(super) fn make_room(&mut self) {
        let blank = self.buffer.blank_start();
        self.advance(blank);
        if blank == 0 {
            self.too_long = Some(self.at);
            // Where it ends was not found in any of it.
            self.advance(self.buffer.unread().len());
        } else if let Ends::Csv(csv) = &mut self.ends {
            csv.without_blanks(blank);
        }
    }

    /// Goes on with a record that is too long, which begins at this place, to its end.
    pub(super) fn pass_over(&mut self, start: Mark) -> Next {
        let (bytes, is_at_end) = (self.buffer.unread(), self.buffer.is_at_end());
        let (passed, ends) = match &mut self.ends {
            Ends::Csv(csv) => csv.pass_over(bytes, is_at_end),
            Ends::Lines => lines::pass_over(bytes, is_at_end),
        };
        let is_last = is_at_end && passed == bytes.len();
        self.advance(passed);
        if !ends {
            return Next::Unread;
        }
        self.too_long = None;
        self.skip(0);
        let (bytes, limit) = (self.at.bytes - start.bytes, self.buffer.longest());
        let may_be_unclosed = is_last && matches!(self.ends, Ends::Csv(_));
        let content = Content::TooLong(TooLong { bytes, limit, may_be_unclosed });
        Next::Record(Record { line: Line { start, end: self.at, raw: Vec::new() }, content })
    }
}
