//! Statements out of a text that comes line by line: a shell, a file, standard input.
//!
//! A statement ends with `;`, where that is none of a text, a name or a comment. A batch ends behind
//! `APPLY BATCH`, a transaction behind `COMMIT TRANSACTION`. What is for the shell alone ends with its
//! line, too, as in cqlsh.

use cqlwire::cql::{Token, places};

use crate::exit::Failure;
use crate::file::LONGEST;

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

/// What has come of a text so far, and was not taken.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    text: String,
    /// What was looked at of it: each line is read once, however many a statement has.
    words: Words,
}

impl Statements {
    /// The next line.
    pub(crate) fn push(&mut self, line: &str) -> Result<(), Failure> {
        // What editors of Windows put before everything else; within quotes it is a character.
        let line = match self.text.is_empty() {
            true => line.trim_start_matches('\u{FEFF}'),
            false => line,
        };
        if self.text.len() + line.len() > LONGEST {
            self.clear();
            return Err(Failure::refused(format_args!("a statement of over {LONGEST} bytes")));
        }
        self.text.push_str(line);
        self.text.push('\n');
        Ok(())
    }

    /// The next statement that is whole, without the `;` behind it. One of nothing is none.
    pub(crate) fn take(&mut self) -> Option<String> {
        loop {
            let end = self.words.end(&self.text)?;
            self.words = Words::default();
            let rest = self.text.split_off(end.next);
            let mut statement = std::mem::replace(&mut self.text, rest);
            statement.truncate(end.statement);
            if !is_blank(&statement) {
                return Some(statement.trim().to_owned());
            }
        }
    }

    /// Is nothing there but comments?
    pub(crate) fn is_blank(&self) -> bool {
        let Words { count, behind, open, .. } = &self.words;
        let open = open.as_ref().filter(|open| open.looked == self.text.len());
        let is_blank = || match open {
            Some(open) => open.closes == "*/",
            None => is_blank(self.text.get(*behind..).unwrap_or_default()),
        };
        *count == 0 && is_blank()
    }

    /// What has come of a statement that is not over.
    pub(crate) fn unfinished(&self) -> &str {
        self.text.trim()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Are there only comments and white space?
fn is_blank(text: &str) -> bool {
    places(text).next().is_none()
}

/// Does such a word begin what is for the shell alone?
fn is_of_shell(word: &str) -> bool {
    OF_SHELL.iter().any(|own| own.eq_ignore_ascii_case(word))
}

/// Where a statement ends, and where the next one begins.
#[derive(Copy, Clone, Debug)]
struct End {
    statement: usize,
    next: usize,
}

/// The first end of a line between two tokens.
fn line_end(text: &str, from: usize, to: usize) -> Option<End> {
    let at = from + text.get(from..to)?.find('\n')?;
    Some(End { statement: at, next: at + 1 })
}

/// What tells where a statement may end: its first words, and the last two.
#[derive(Debug, Default)]
struct Words {
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

    /// Is there nothing in what has come since that could close it?
    fn goes_on(&mut self, text: &str) -> bool {
        let new = text.get(self.looked..).unwrap_or_default();
        self.looked = text.len();
        !new.contains(self.closes)
    }
}

impl Words {
    /// Looks at what has come since the last time, as far as the end of the first statement.
    fn end(&mut self, text: &str) -> Option<End> {
        if self.open.as_mut().is_some_and(|open| open.goes_on(text)) {
            return None;
        }
        self.open = None;
        let begin = self.behind;
        for (token, place) in places(text.get(begin..)?) {
            let (start, behind) = (begin + place.start, begin + place.end);
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

    /// Behind the last token are comments at most, and only one between `/*` and `*/` may go on.
    fn pass_blanks(&mut self, text: &str) {
        let mut left = text.get(self.behind..).unwrap_or_default().trim_start();
        while !left.is_empty() {
            let over = match left.strip_prefix("/*") {
                Some(inside) => inside.split_once("*/"),
                None => left.split_once(['\n', '\r']),
            };
            match over {
                Some((_, rest)) => left = rest.trim_start(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (Vec<String>, String) {
        let mut statements = Statements::default();
        let mut taken = Vec::new();
        for line in text.lines() {
            statements.push(line).unwrap();
            while let Some(statement) = statements.take() {
                taken.push(statement);
            }
        }
        (taken, statements.unfinished().to_owned())
    }

    #[test]
    fn a_semicolon_ends_a_statement_where_it_is_one() {
        let (taken, left) =
            all("SELECT ';' FROM t; -- a;\nSELECT\n1 /* ;\n; */;SELECT \";\" // ;\n;x");
        let expected = ["SELECT ';' FROM t", "-- a;\nSELECT\n1 /* ;\n; */", "SELECT \";\" // ;"];
        assert_eq!(taken, expected);
        assert_eq!(left, "x");
        let (taken, _) = all("CREATE FUNCTION f AS $$ a; b; $$; SELECT 1;");
        assert_eq!(taken, ["CREATE FUNCTION f AS $$ a; b; $$", "SELECT 1"]);
    }

    #[test]
    fn nothing_between_two_semicolons_is_no_statement() {
        assert_eq!(all(";; -- nothing\n;/**/;").0, [""; 0]);
        assert!(is_blank("-- a comment"));
    }

    #[test]
    fn a_batch_ends_behind_its_last_words() {
        let batch = "BEGIN UNLOGGED BATCH\nINSERT INTO t (k) VALUES (1);\nAPPLY BATCH";
        let (taken, left) = all(&format!("{batch}; SELECT 1;"));
        assert_eq!(taken, [batch, "SELECT 1"]);
        assert_eq!(left, "");
        let transaction = "begin transaction LET a = (SELECT * FROM t WHERE k=1); SELECT a.v; \
                           commit transaction";
        assert_eq!(all(&format!("{transaction};")).0, [transaction]);
        assert_eq!(all("BEGIN BATCH UPDATE t SET v = 1 WHERE k = 1;").0, [""; 0]);
    }

    #[test]
    fn what_is_for_the_shell_ends_with_its_line() {
        let (taken, left) = all("describe tables\nUSE shop\nSOURCE 'a;b'\n?\nEXIT;SELECT 1\n");
        assert_eq!(taken, ["describe tables", "USE shop", "SOURCE 'a;b'", "?", "EXIT"]);
        assert_eq!(left, "SELECT 1");
        assert_eq!(all("CONSISTENCY QUORUM; SELECT 1;").0, ["CONSISTENCY QUORUM", "SELECT 1"]);
    }

    #[test]
    fn a_quote_over_several_lines_is_one() {
        let text =
            "INSERT INTO t (v) VALUES ('a;\n$$ b;\n''c') /* ;\n;\n*/;\nSELECT $$;\n;$$;\n\"x;\ny\"";
        let (taken, left) = all(text);
        let expected =
            ["INSERT INTO t (v) VALUES ('a;\n$$ b;\n''c') /* ;\n;\n*/", "SELECT $$;\n;$$"];
        assert_eq!(taken, expected);
        assert_eq!(left, "\"x;\ny\"");
    }

    /// What is read anew with each line takes minutes.
    #[test]
    fn each_line_is_read_once_however_many_there_are() {
        let began = std::time::Instant::now();
        let lines = 100_000;
        for (first, line, last) in [
            ("", "-- nothing; but a comment", "SELECT 1;"),
            ("/* one", "that goes on; and on", "*/ SELECT 1;"),
            ("INSERT INTO t (v) VALUES ('", "a text; of many lines", "');"),
            ("SELECT $$", "a text; of many lines", "$$;"),
            ("SELECT 1", "-- nothing; but a comment", ";"),
        ] {
            let mut statements = Statements::default();
            statements.push(first).unwrap();
            for _ in 0..lines {
                statements.push(line).unwrap();
                assert_eq!(statements.take(), None);
                assert_eq!(statements.is_blank(), matches!(first, "" | "/* one"));
            }
            statements.push(last).unwrap();
            let statement = statements.take().unwrap();
            assert_eq!(statement.lines().filter(|read| *read == line).count(), lines);
            assert!(statements.is_blank() && statements.take().is_none());
        }
        assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    }

    #[test]
    fn what_editors_put_before_everything_is_no_part_of_a_statement() {
        assert_eq!(
            all("\u{FEFF}USE shop\nSELECT '\u{FEFF}';").0,
            ["USE shop", "SELECT '\u{FEFF}'"]
        );
    }

    #[test]
    fn a_comment_goes_on_in_the_next_line_only_if_it_is_open() {
        let (taken, left) =
            all("/* a */ -- /* b\n-- c\r/* d\n; */ SELECT 1; /*/ e\n; */ SELECT 2;");
        let first = "/* a */ -- /* b\n-- c\r/* d\n; */ SELECT 1";
        assert_eq!((&*taken[0], &*taken[1], taken.len()), (first, "/*/ e\n; */ SELECT 2", 2));
        assert_eq!(left, "");
        let mut statements = Statements::default();
        statements.push("/* open").unwrap();
        assert_eq!(statements.take(), None);
        assert!(statements.is_blank());
        statements.push("*/ SELECT 1").unwrap();
        assert!(!statements.is_blank());
    }

    #[test]
    fn a_statement_that_is_too_long_is_refused() {
        let mut statements = Statements::default();
        statements.push(&"x".repeat(LONGEST)).unwrap();
        assert!(statements.push("y").is_err());
        assert!(statements.is_blank());
    }
}
