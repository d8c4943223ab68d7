//! The bytes of the record that is being read: as many as it has, up to a limit.

use std::io::{self, ErrorKind, Read};

/// How much is read at once, at least.
const CHUNK: usize = 64 << 10;

/// What an editor of Windows puts before everything else.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    longest: usize,
    /// The source has no more.
    is_at_end: bool,
    /// Nothing of the input is done with.
    is_at_start: bool,
    /// An empty line is a record, too.
    pub(super) has_empty_records: bool,
}

impl Buffer {
    pub(super) fn new(longest: usize, is_at_start: bool) -> Self {
        let bytes = vec![0; CHUNK.min(longest.max(1))];
        let longest = longest.max(1);
        let (start, end, is_at_end, has_empty_records) = (0, 0, false, false);
        Self { bytes, start, end, longest, is_at_end, is_at_start, has_empty_records }
    }

    /// What is there and not done with.
    pub(super) fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) const fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    pub(super) const fn longest(&self) -> usize {
        self.longest
    }

    /// How many bytes at its start are no part of a record: line breaks, and what stands before
    /// everything else.
    pub(super) fn blank_start(&self) -> usize {
        let mark = match self.is_at_start && self.unread().starts_with(BYTE_ORDER_MARK) {
            true => BYTE_ORDER_MARK.len(),
            false => 0,
        };
        if self.has_empty_records {
            return mark;
        }
        let rest = self.unread().get(mark..).unwrap_or_default();
        mark + rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count()
    }

    /// Has too little of the input come to know whether there is something before everything else?
    pub(super) fn is_undecided(&self) -> bool {
        let few = self.unread();
        let may_be = few.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(few);
        self.is_at_start && may_be && !self.is_at_end
    }

    /// So many bytes are done with.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.end);
        self.is_at_start &= bytes == 0;
    }

    /// Reads more; false if there is no room, since a record is as long as may be.
    pub(super) fn fill(&mut self, source: &mut impl Read) -> io::Result<bool> {
        if self.is_at_end {
            return Ok(true);
        }
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.bytes.len() {
            // One more, so that it is seen whether a record ends where it is as long as may be.
            let most = self.longest.saturating_add(1);
            if self.end >= most {
                return Ok(false);
            }
            let larger = self.bytes.len().saturating_mul(2).min(most);
            self.bytes.resize(larger, 0);
        }
        let read = loop {
            match source.read(self.bytes.get_mut(self.end..).unwrap_or_default()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.end += read;
        self.is_at_end = read == 0;
        Ok(true)
    }
}
