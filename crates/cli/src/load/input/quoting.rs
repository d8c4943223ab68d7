//! What is wrong with the quotes of a record of CSV. `csv-core` makes fields of whatever it sees; here it is
//! seen that what it made is what was meant.

use std::fmt;

/// The characters that mean something.
#[derive(Copy, Clone, Debug)]
pub(super) struct Marks {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    pub(super) escape: Option<u8>,
}

/// What is wrong. Lines are counted from the first of the record, until it is [placed](Fault::placed).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::load) enum Fault {
    /// The input ends within quotes that began in this line, so many lines on.
    Unclosed { line: u64, lines: u64 },
    /// Something stands between the quote that ends a field and what ends the field, in this line.
    GoesOn { line: u64 },
}

impl Fault {
    /// The first fault of a record, of which all bytes are there.
    pub(super) fn of(record: &[u8], marks: Marks) -> Option<Self> {
        let mut at = 0;
        while at < record.len() {
            at = match record.get(at) == Some(&marks.quote) {
                true => match closing(record, at + 1, marks) {
                    Some(closing) => closing + 1,
                    None => return Some(Self::unclosed(record, at)),
                },
                false => at + plain(record.get(at..).unwrap_or_default(), marks),
            };
            match record.get(at) {
                None | Some(b'\n' | b'\r') => return None,
                Some(byte) if *byte == marks.delimiter => at += 1,
                Some(_) => return Some(Self::GoesOn { line: lines(record.get(..at)) }),
            }
        }
        None
    }

    fn unclosed(record: &[u8], at: usize) -> Self {
        let rest = record.get(at..).unwrap_or_default();
        // A line break at the very end begins no line.
        let rest = rest.strip_suffix(b"\n").unwrap_or(rest);
        Self::Unclosed { line: lines(record.get(..at)), lines: lines(Some(rest)) + 1 }
    }

    /// The same, of a record that begins in this line.
    pub(super) const fn placed(self, first: u64) -> Self {
        match self {
            Self::Unclosed { line, lines } => Self::Unclosed { line: line + first, lines },
            Self::GoesOn { line } => Self::GoesOn { line: line + first },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclosed { line, lines } => write!(
                f,
                "the quote that opens in line {line} is not closed: it takes in all {lines} lines to the \
                 end of the input"
            ),
            Self::GoesOn { line } => write!(
                f,
                "in line {line} a field goes on behind the quote that closes it; a quote within quotes is \
                 written twice"
            ),
        }
    }
}

/// Where the quote is that closes what is open at this place.
fn closing(record: &[u8], mut at: usize, marks: Marks) -> Option<usize> {
    loop {
        let byte = record.get(at)?;
        let next = record.get(at + 1);
        at += match (*byte == marks.quote, next == Some(&marks.quote)) {
            (true, true) => 2,
            (true, false) => return Some(at),
            _ if Some(*byte) == marks.escape => 2,
            _ => 1,
        };
    }
}

/// How long a field is that stands in no quotes.
fn plain(rest: &[u8], marks: Marks) -> usize {
    let ends = |byte: &u8| *byte == marks.delimiter || matches!(byte, b'\n' | b'\r');
    rest.iter().position(ends).unwrap_or(rest.len())
}

fn lines(of: Option<&[u8]>) -> u64 {
    of.unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() as u64
}
