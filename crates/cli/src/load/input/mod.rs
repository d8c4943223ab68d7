//! The input, record by record: [`Records`] cuts it, `buffer.rs` holds the record that is being read,
//! `csv.rs` and `lines.rs` know where it ends, `quoting.rs` what is wrong with its quotes,
//! and `too_long.rs` passes over one that is too long.
//!
//! Memory is that of the longest record, which is bounded: of one that is longer nothing is kept but where it
//! is, and the next one begins where it ends, as its quotes have it.

mod buffer;
mod csv;
mod lines;
mod quoting;
#[cfg(test)]
mod tests;
mod too_long;

use std::io::{self, Read};

use self::buffer::Buffer;
use self::csv::CsvEnds;
use self::quoting::Fault;
use self::too_long::TooLong;
use super::ledger::{Line, Mark};
use crate::exit::Failure;
use crate::transfer::{Dialect, Format};

/// What is read from.
pub(super) type Source = Box<dyn Read + Send>;

/// One record: a line, or several.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) line: Line,
    pub(super) content: Content,
}

/// What a record has in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The fields of CSV.
    Fields(Vec<Field>),
    /// A line, whatever it is.
    Json(String),
    /// It is not UTF-8.
    NotText,
    /// Nobody can say which fields of CSV are meant.
    Malformed(Fault),
    /// It was passed over.
    TooLong(TooLong),
}

impl Content {
    /// What an empty line is where there is one field.
    fn empty_record() -> Self {
        Self::Fields(vec![Field { text: String::new(), quoted: false }])
    }
}

/// A field of CSV, without its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) text: String,
    /// It stood in quotes, and so is never null.
    pub(super) quoted: bool,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    Record(Record),
    /// More has to be [read](Records::read), which may take as long as whoever writes it.
    Unread,
    /// There is no more. The input ends here.
    End(Mark),
}

/// What has become of going on at another place.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    There,
    /// The input ends before it.
    TooShort,
    /// What is before it is not what was there.
    Another,
}

/// See the [module](self).
pub(super) struct Records {
    source: Source,
    buffer: Buffer,
    ends: Ends,
    /// Where the record begins that comes next, or what was not passed over yet of one that is too long.
    at: Mark,
    /// Where that begins.
    too_long: Option<Mark>,
}

enum Ends {
    Csv(Box<CsvEnds>),
    Lines,
}

impl Records {
    /// Reads this source, which begins at this place of the input, and takes no longer records.
    pub(super) fn new(
        source: Source,
        at: Mark,
        format: Format,
        dialect: &Dialect,
        escape: Option<u8>,
        longest: usize,
    ) -> Self {
        let ends = match format {
            Format::Csv => Ends::Csv(Box::new(CsvEnds::new(dialect, escape))),
            Format::Json => Ends::Lines,
        };
        let buffer = Buffer::new(longest, at.bytes == 0);
        Self { source, buffer, ends, at, too_long: None }
    }

    /// From here on each line is a record, an empty one too: of CSV with one field, null is one.
    pub(super) const fn keep_empty_lines(&mut self) {
        self.buffer.has_empty_records = true;
    }

    /// The next record, if enough has been read for it.
    pub(super) fn next(&mut self) -> Next {
        if self.buffer.is_undecided() {
            return Next::Unread;
        }
        if let Some(start) = self.too_long {
            return self.pass_over(start);
        }
        loop {
            let unread = !self.buffer.is_at_end();
            let blank = self.buffer.blank_start();
            if blank > 0 && blank == self.buffer.unread().len() {
                // Any number of empty lines is no record that is too long.
                self.skip(blank);
            }
            let found = match &mut self.ends {
                Ends::Csv(csv) => csv.find(&self.buffer),
                Ends::Lines => lines::find(&self.buffer),
            };
            let Some((length, content)) = found else {
                if unread {
                    return Next::Unread;
                }
                // What is left is nothing but line breaks.
                self.advance(self.buffer.unread().len());
                return Next::End(self.at);
            };
            let blank = self.buffer.blank_start();
            self.advance(blank);
            let start = self.at;
            let length = length - blank;
            let mut raw = self.buffer.unread().get(..length).unwrap_or_default().to_vec();
            self.advance(length);
            if let Some(mut content) = content {
                if let Some(too_long) = TooLong::of(length, self.buffer.longest()) {
                    (raw, content) = (Vec::new(), Content::TooLong(too_long));
                }
                if let Content::Malformed(fault) = &mut content {
                    *fault = fault.placed(start.line);
                }
                return Next::Record(Record { line: Line { start, end: self.at, raw }, content });
            }
        }
    }

    /// Reads more.
    pub(super) fn read(&mut self) -> Result<(), Failure> {
        let failed =
            |error: io::Error| Failure::refused(format_args!("reading the input: {error}"));
        while !self.buffer.fill(&mut self.source).map_err(failed)? {
            self.make_room();
        }
        Ok(())
    }

    /// The next record, whatever it takes. Only for what comes first.
    pub(super) fn first(&mut self) -> Result<Option<Record>, Failure> {
        loop {
            match self.next() {
                Next::Record(record) => return Ok(Some(record)),
                Next::End(_) => return Ok(None),
                Next::Unread => self.read()?,
            }
        }
    }

    /// Goes on at another place, further on, if what is before it is what was there.
    pub(super) fn skip_to(&mut self, mark: Mark) -> Result<Skipped, Failure> {
        while self.at.bytes < mark.bytes {
            let wanted = usize::try_from(mark.bytes - self.at.bytes).unwrap_or(usize::MAX);
            let there = self.buffer.unread().len().min(wanted);
            self.advance(there);
            if self.at.bytes < mark.bytes {
                if self.buffer.is_at_end() {
                    return Ok(Skipped::TooShort);
                }
                self.read()?;
            }
        }
        if (self.at.bytes, self.at.crc) != (mark.bytes, mark.crc) {
            return Ok(Skipped::Another);
        }
        self.skip(0);
        self.at = mark;
        Ok(Skipped::There)
    }

    /// So many bytes in front of a record are none of it.
    fn skip(&mut self, bytes: usize) {
        self.advance(bytes);
        if let Ends::Csv(csv) = &mut self.ends {
            csv.begin();
        }
    }

    /// So many bytes are done with.
    fn advance(&mut self, bytes: usize) {
        let done = self.buffer.unread().get(..bytes).unwrap_or_default();
        self.at.line += done.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at.bytes += bytes as u64;
        let mut crc = crc32fast::Hasher::new_with_initial(self.at.crc);
        crc.update(done);
        self.at.crc = crc.finalize();
        self.buffer.advance(bytes);
    }
}
