//! Statements out of a text that comes line by line: a shell, a file, standard input.
//!
//! A statement ends with `;`, where that is none of a text, a name or a comment. A batch ends behind
//! `APPLY BATCH`, a transaction behind `COMMIT TRANSACTION`. What is for the shell alone ends with its
//! line, too, as in cqlsh. `words.rs` knows where that is.

#[cfg(test)]
mod tests;
mod words;

use cqlwire::cql::places;

use self::words::Words;
use crate::file::LONGEST;

/// What the server passes over between words. Other white space is a word that it refuses.
const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// A statement has more bytes than servers take. It is forgotten.
#[derive(Copy, Clone, Debug, thiserror::Error)]
#[error("a statement of over {LONGEST} bytes")]
pub(crate) struct TooLong;

/// What has come of a text so far, and was not taken.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    text: String,
    /// Where in the text begins what was not taken: it is moved once a line, and not once a statement.
    start: usize,
    /// What was looked at of that.
    words: Words,
}

impl Statements {
    /// The next line.
    pub(crate) fn push(&mut self, line: &str) -> Result<(), TooLong> {
        // What editors of Windows put before everything else; within quotes it is a character.
        let line = match self.left().is_empty() {
            true => line.trim_start_matches('\u{FEFF}'),
            false => line,
        };
        self.text.drain(..self.start);
        self.start = 0;
        if self.text.len() + line.len() > LONGEST {
            self.clear();
            return Err(TooLong);
        }
        self.text.push_str(line);
        self.text.push('\n');
        Ok(())
    }

    /// The next statement that is whole, without the `;` behind it. One of nothing is none.
    pub(crate) fn take(&mut self) -> Option<String> {
        loop {
            let left = self.text.get(self.start..)?;
            let end = self.words.end(left)?;
            self.words.begin_anew();
            self.start += end.next;
            let statement = left.get(..end.statement)?;
            if !is_blank(statement) {
                return Some(statement.trim_matches(BLANKS).to_owned());
            }
        }
    }

    /// Is nothing there but comments?
    pub(crate) fn is_blank(&self) -> bool {
        self.words.is_none()
            && self
                .words
                .is_open_comment(self.left())
                .unwrap_or_else(|| is_blank(self.words.unread(self.left())))
    }

    /// What has come of a statement that is not over.
    pub(crate) fn unfinished(&self) -> &str {
        self.left().trim_matches(BLANKS)
    }

    /// What was not taken.
    fn left(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Are there only comments and white space?
fn is_blank(text: &str) -> bool {
    places(text).next().is_none()
}
