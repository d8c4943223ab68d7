//! Where a record of CSV ends, and which fields it has. What a quote is and what is not is known by
//! `csv-core`; it reads one field at a time, so that it is known where each begins: with a quote or without
//! one, which tells a text that is empty from none.

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::buffer::Buffer;
use super::lines::line_break;
use super::quoting::{Fault, Marks};
use super::{Content, Field};
use crate::transfer::Dialect;

/// See the [module](self). Between two calls it is where it ran out of bytes.
#[derive(Debug)]
pub(super) struct CsvEnds {
    settings: ReaderBuilder,
    reader: Reader,
    marks: Marks,
    /// How many bytes of the record the reader has seen.
    seen: usize,
    /// Where the field begins, in bytes of the record.
    field: usize,
    /// The text of the record.
    text: Vec<u8>,
    /// How long the text of all fields is.
    written: usize,
    /// Where each field ends in the text, and whether it stood in quotes.
    fields: Vec<(usize, bool)>,
    /// All fields are there; only the second half of the line break may still come.
    is_whole: bool,
}

impl CsvEnds {
    pub(super) fn new(dialect: &Dialect, escape: Option<u8>) -> Self {
        let mut settings = ReaderBuilder::new();
        settings.delimiter(dialect.delimiter).quote(dialect.quote).escape(escape);
        let reader = begun(&settings);
        let (seen, field, written) = (0, 0, 0);
        let (text, fields) = (Vec::new(), Vec::new());
        let marks = Marks { delimiter: dialect.delimiter, quote: dialect.quote, escape };
        Self { settings, reader, marks, seen, field, text, written, fields, is_whole: false }
    }

    /// Begins anew, in front of a record.
    pub(super) fn begin(&mut self) {
        self.reader = begun(&self.settings);
        (self.seen, self.field, self.written) = (0, 0, 0);
        self.fields.clear();
        self.is_whole = false;
    }

    /// The length of the record and its fields; `None` if there is no whole one yet.
    pub(super) fn find(&mut self, buffer: &Buffer) -> Option<(usize, Option<Content>)> {
        let (bytes, blank) = (buffer.unread(), buffer.blank_start());
        if self.is_whole {
            return self.take_whole(buffer);
        }
        if buffer.has_empty_records && self.seen <= blank {
            let rest = bytes.get(blank..).unwrap_or_default();
            match line_break(rest, buffer.is_at_end()) {
                Some(0) => {}
                Some(length) => return Some((blank + length, Some(Content::empty_record()))),
                None => return None,
            }
        }
        // What is blank is none of the record.
        self.seen = self.seen.max(blank);
        self.field = self.field.max(blank);
        loop {
            let input = bytes.get(self.seen..).unwrap_or_default();
            if input.is_empty() && !buffer.is_at_end() {
                return None;
            }
            if self.text.len() < self.written + input.len() + 1 {
                self.text.resize(self.written + input.len() + 1, 0);
            }
            let output = self.text.get_mut(self.written..).unwrap_or_default();
            let (result, read, written) = self.reader.read_field(input, output);
            self.seen += read;
            self.written += written;
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::End => return None,
                ReadFieldResult::Field { record_end } => {
                    let quoted = bytes.get(self.field) == Some(&self.marks.quote);
                    self.fields.push((self.written, quoted));
                    self.field = self.seen;
                    if record_end {
                        return self.take_whole(buffer);
                    }
                }
            }
        }
    }

    /// So many bytes in front of the record are gone.
    pub(super) const fn without_blanks(&mut self, blank: usize) {
        self.seen = self.seen.saturating_sub(blank);
        self.field = self.field.saturating_sub(blank);
    }

    /// Passes over what has come of a record that is too long, where it ran out of bytes: how many, and
    /// whether the record ends with them. What is in it is not kept.
    pub(super) fn pass_over(&mut self, bytes: &[u8], is_at_end: bool) -> (usize, bool) {
        if self.is_whole {
            return (usize::from(bytes.first() == Some(&b'\n')), is_at_end || !bytes.is_empty());
        }
        let (mut passed, mut text) = (0, [0; 1 << 10]);
        loop {
            let input = bytes.get(passed..).unwrap_or_default();
            if input.is_empty() && !is_at_end {
                return (passed, false);
            }
            let (result, read, _) = self.reader.read_field(input, &mut text);
            passed += read;
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end: false } => {}
                ReadFieldResult::End => return (passed, true),
                ReadFieldResult::Field { record_end: true } => break,
            }
        }
        let broken = bytes.get(passed.saturating_sub(1)..).unwrap_or_default();
        self.is_whole = broken == b"\r" && !is_at_end;
        (passed + usize::from(broken.starts_with(b"\r\n")), !self.is_whole)
    }

    /// The record, once it is known how its line ends.
    fn take_whole(&mut self, buffer: &Buffer) -> Option<(usize, Option<Content>)> {
        let bytes = buffer.unread();
        let ends = bytes.get(self.seen.saturating_sub(1)..);
        self.is_whole = ends == Some(b"\r") && !buffer.is_at_end();
        if self.is_whole { None } else { Some(self.take(bytes, buffer.blank_start())) }
    }

    /// The record that is whole.
    fn take(&mut self, bytes: &[u8], blank: usize) -> (usize, Option<Content>) {
        // The reader would pass over the second half of a line break with the next record.
        let ends = bytes.get(self.seen.saturating_sub(1)..self.seen + 1);
        let length = self.seen + usize::from(ends == Some(b"\r\n"));
        let text = self.text.get(..self.written).unwrap_or_default();
        let record = bytes.get(blank..length).unwrap_or_default();
        let content = match (Fault::of(record, self.marks), std::str::from_utf8(text)) {
            (Some(fault), _) => Content::Malformed(fault),
            (None, Err(_)) => Content::NotText,
            (None, Ok(text)) => {
                let mut start = 0;
                let field = |(end, quoted): &(usize, bool)| {
                    let text = text.get(start..*end).unwrap_or_default().to_owned();
                    start = *end;
                    Field { text, quoted: *quoted }
                };
                Content::Fields(self.fields.iter().map(field).collect())
            }
        };
        (self.seen, self.field, self.written) = (0, 0, 0);
        self.fields.clear();
        (length, Some(content))
    }
}

/// A reader that has begun: it passes over a mark at the start of what it sees first, which in the middle
/// of the input is a character of a text. An empty line is nothing to it.
fn begun(settings: &ReaderBuilder) -> Reader {
    let mut reader = settings.build();
    let (_, _, _) = reader.read_field(b"\n", &mut []);
    reader
}
