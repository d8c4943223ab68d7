//! Where a statement ends, by its words: each line is looked at once, however many a statement has.

use cqlwire::cql::{Token, places};

use super::BLANKS;

/// Words that begin what is for the shell, and ends with its line.
const OF_SHELL: [&str; 19] = [
    "HELP",
    "CONSISTENCY",
    "SERIAL",
    "DESCRIBE",
    "DESC",
    "SHOW",
    "SOURCE",
    "CAPTURE",
    "LOGIN",
    "TRACING",
    "EXPAND",
    "PAGING",
    "EXIT",
    "QUIT",
    "CLEAR",
    "CLS",
    "HISTORY",
    "USE",
    "COPY",
];

/// Where a statement ends, and where the next one begins.
#[derive(Copy, Clone, Debug)]
pub(super) struct End {
    pub(super) statement: usize,
    pub(super) next: usize,
}

/// The first end of a line between two tokens.
fn line_end(text: &str, from: usize, to: usize) -> Option<End> {
    let at = from + text.get(from..to)?.find('\n')?;
    Some(End { statement: at, next: at + 1 })
}

/// What tells where a statement may end: its first words, and the last two.
#[derive(Debug, Default)]
pub(super) struct Words {
    count: usize,
    begins: bool,
    /// What closes it: nothing but `;`, `BATCH` behind `APPLY`, `TRANSACTION` behind `COMMIT`.
    closes: Option<(&'static str, &'static str)>,
    last: [String; 2],
    end_with_line: bool,
    /// Where the last of them ends, or blanks behind it.
    behind: usize,
    /// A quote or a comment that goes on in the next line.
    open: Option<Open>,
    /// How many bytes were looked at: tests see to it that none are again and again.
    #[cfg(test)]
    pub(super) looked_at: usize,
}

/// What is open, and how much was looked at of it.
#[derive(Debug)]
struct Open {
    closes: &'static str,
    looked: usize,
}

impl Open {
    /// What begins a text that goes on, if it is something that goes on with the next line.
    fn of(text: &str, looked: usize) -> Option<Self> {
        let kinds = [("'", "'"), ("\"", "\""), ("$$", "$$"), ("/*", "*/")];
        let (_, closes) = kinds.into_iter().find(|(opens, _)| text.starts_with(opens))?;
        Some(Self { closes, looked })
    }

    /// Is there nothing in what has come since that closes it? A quote that is doubled does not. Both
    /// halves of what closes it are in one line.
    fn goes_on(&mut self, text: &str) -> bool {
        let mut new = text.get(self.looked..).unwrap_or_default();
        self.looked = text.len();
        let may_be_doubled = matches!(self.closes, "'" | "\"");
        while let Some((_, behind)) = new.split_once(self.closes) {
            match behind.strip_prefix(self.closes).filter(|_| may_be_doubled) {
                Some(behind) => new = behind,
                None => return false,
            }
        }
        true
    }
}

impl Words {
    /// Looks at what has come since the last time, as far as the end of the first statement.
    pub(super) fn end(&mut self, text: &str) -> Option<End> {
        if let Some(open) = &mut self.open {
            #[cfg(test)]
            let looked = open.looked;
            let goes_on = open.goes_on(text);
            #[cfg(test)]
            self.count_bytes(looked, text.len());
            if goes_on {
                return None;
            }
        }
        self.open = None;
        let begin = self.behind;
        for (token, place) in places(text.get(begin..)?) {
            let (start, behind) = (begin + place.start, begin + place.end);
            #[cfg(test)]
            self.count_bytes(self.behind, behind);
            if self.end_with_line
                && let Some(end) = line_end(text, self.behind, start)
            {
                return Some(end);
            }
            if token == Token::Symbol(';') && self.may_end() {
                return Some(End { statement: start, next: behind });
            }
            // A line ends behind its last token, but for a quote that is still open.
            if behind == text.len() {
                self.open = text.get(start..).and_then(|from| Open::of(from, behind));
                return None;
            }
            self.take(token);
            self.behind = behind;
        }
        // The last line of a text that is whole ends as well.
        if self.end_with_line {
            return line_end(text, self.behind, text.len());
        }
        self.pass_blanks(text);
        None
    }

    fn take(&mut self, token: Token<'_>) {
        let word =
            if let Token::Word(word) = token { word.to_ascii_uppercase() } else { String::new() };
        match self.count {
            0 => {
                self.begins = word == "BEGIN";
                self.end_with_line = is_of_shell(&word) || token == Token::Symbol('?');
            }
            1 if self.begins => {
                let of_transaction = word == "TRANSACTION";
                let closes =
                    if of_transaction { ("COMMIT", "TRANSACTION") } else { ("APPLY", "BATCH") };
                self.closes = Some(closes);
            }
            _ => {}
        }
        self.count += 1;
        self.last.swap(0, 1);
        self.last[1] = word;
    }

    /// In front of the next statement.
    pub(super) fn begin_anew(&mut self) {
        *self = Self {
            #[cfg(test)]
            looked_at: self.looked_at,
            ..Self::default()
        };
    }

    /// Has no word come?
    pub(super) const fn is_none(&self) -> bool {
        self.count == 0
    }

    /// Is what is open at the end of this text a comment? `None` if nothing is, as far as is known.
    pub(super) fn is_open_comment(&self, text: &str) -> Option<bool> {
        let open = self.open.as_ref().filter(|open| open.looked == text.len())?;
        Some(open.closes == "*/")
    }

    /// What of this text stands behind the last word.
    pub(super) fn unread<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.behind..).unwrap_or_default()
    }

    #[cfg(test)]
    const fn count_bytes(&mut self, from: usize, to: usize) {
        self.looked_at += to - from;
    }

    /// Behind the last token are comments at most, and only one between `/*` and `*/` may go on.
    fn pass_blanks(&mut self, text: &str) {
        #[cfg(test)]
        self.count_bytes(self.behind, text.len());
        let left = text.get(self.behind..).unwrap_or_default();
        let mut left = left.trim_start_matches(BLANKS);
        while !left.is_empty() {
            let over = match left.strip_prefix("/*") {
                Some(inside) => inside.split_once("*/"),
                None => left.split_once(['\n', '\r']),
            };
            match over {
                Some((_, rest)) => left = rest.trim_start_matches(BLANKS),
                None => break,
            }
        }
        self.behind = text.len() - left.len();
        self.open = Open::of(left, text.len());
    }

    fn may_end(&self) -> bool {
        self.closes.is_none_or(|(first, second)| self.last == [first, second])
    }
}

/// Does such a word begin what is for the shell alone?
fn is_of_shell(word: &str) -> bool {
    OF_SHELL.iter().any(|own| own.eq_ignore_ascii_case(word))
}
