//! Where the lines of a shell come from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use cqlwire::Session;
use tokio::sync::mpsc;

use super::editor::Editor;
use crate::exit::Failure;
use crate::file::LONGEST;
use crate::statements::Statements;

/// What came.
#[derive(Debug)]
pub(super) enum Line {
    Text(String),
    /// Ctrl-C at the prompt: what has come of a statement is forgotten.
    Abandoned,
    End,
}

/// Where lines come from.
#[derive(Debug)]
pub(super) enum Input {
    /// Somebody types them.
    Terminal(Box<Editor>),
    Lines(Lines),
}

/// Lines of something that is read to its end.
#[derive(Debug)]
pub(super) struct Lines {
    lines: mpsc::Receiver<io::Result<String>>,
    /// Empty for what stood on the command line.
    name: String,
    /// The line that came last.
    number: u64,
}

/// How many lines are read ahead.
const AHEAD: usize = 64;

impl Input {
    pub(super) fn of_terminal(session: &Session, no_history: bool) -> Result<Self, Failure> {
        Ok(Self::Terminal(Box::new(Editor::new(session.clone(), no_history)?)))
    }

    pub(super) fn of_standard_input() -> Result<Self, Failure> {
        Self::read("standard input".to_owned(), || Ok(Box::new(io::stdin().lock())))
    }

    pub(super) fn of_file(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path);
        let file = file.map_err(|error| Failure::usage(format_args!("{name}: {error}")))?;
        Self::read(name, || Ok(Box::new(BufReader::new(file))))
    }

    /// What stands on the command line need not end with `;`.
    pub(super) fn of_text(text: &str) -> Result<Self, Failure> {
        let text = format!("{text}\n;\n");
        Self::read(String::new(), || Ok(Box::new(io::Cursor::new(text))))
    }

    /// A thread reads, since nothing else can be done meanwhile: it ends with its input, or with whoever
    /// takes the lines.
    fn read(
        name: String,
        open: impl FnOnce() -> io::Result<Box<dyn BufRead>> + Send + 'static,
    ) -> Result<Self, Failure> {
        let (sender, lines) = mpsc::channel(AHEAD);
        std::thread::Builder::new().name("cqlwire input".to_owned()).spawn(move || {
            let lines = match open() {
                Ok(input) => bounded_lines(input),
                Err(error) => {
                    // Whoever took the lines may have gone.
                    drop(sender.blocking_send(Err(error)));
                    return;
                }
            };
            for line in lines {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self::Lines(Lines { lines, name, number: 0 }))
    }

    /// The next line. What there is of a statement, and the schema, are what is completed by.
    pub(super) async fn line(
        &mut self,
        prompt: &str,
        before: &Statements,
        session: &Session,
    ) -> Result<Line, Failure> {
        match self {
            Self::Terminal(editor) => editor.line(prompt, before.unfinished(), session),
            Self::Lines(lines) => lines.next().await,
        }
    }

    /// Is the next page wanted? Only somebody who sits there is asked.
    pub(super) fn wants_more(&mut self) -> Result<bool, Failure> {
        match self {
            Self::Terminal(editor) => editor.wants_more(),
            Self::Lines(_) => Ok(true),
        }
    }

    /// Keeps a statement in the history, if there is one.
    pub(super) fn remember(&mut self, statement: &str) {
        if let Self::Terminal(editor) = self {
            editor.remember(statement);
        }
    }

    /// A failure with where it was.
    pub(super) fn at(&self, failure: Failure) -> Failure {
        match self {
            Self::Lines(lines) if !lines.name.is_empty() => {
                failure.within(format_args!("{} line {}", lines.name, lines.number))
            }
            Self::Terminal(_) | Self::Lines(_) => failure,
        }
    }
}

/// Lines without their line feeds: a carriage return before that may be within a quote, and is left
/// where it is. One that is longer than a statement may be is an error: nobody waits for its end.
fn bounded_lines(mut input: impl BufRead) -> impl Iterator<Item = io::Result<String>> {
    let longest = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        match input.by_ref().take(longest + 2).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(error)),
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let why = match std::str::from_utf8(line) {
            _ if line.len() > LONGEST => format!("a line of over {LONGEST} bytes"),
            Ok(line) => return Some(Ok(line.to_owned())),
            Err(_) => "it is not UTF-8".to_owned(),
        };
        Some(Err(io::Error::new(io::ErrorKind::InvalidData, why)))
    })
}

impl Lines {
    /// Ctrl-C ends it: nobody is there to go on.
    async fn next(&mut self) -> Result<Line, Failure> {
        let line = tokio::select! {
            line = self.lines.recv() => line.transpose(),
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                return Err(Failure::interrupted());
            }
        };
        let name = &self.name;
        let line = line.map_err(|error| Failure::refused(format_args!("{name}: {error}")))?;
        self.number += u64::from(line.is_some());
        Ok(line.map_or(Line::End, Line::Text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_a_statement_may_be() {
        let mut lines = bounded_lines(BufReader::new(&b"a\r\n\nb\n\xFF\nlast"[..]));
        let mut next = || lines.next().map(Result::ok);
        assert_eq!([next(), next()], [Some(Some("a\r".to_owned())), Some(Some(String::new()))]);
        assert_eq!([next(), next()], [Some(Some("b".to_owned())), Some(None)]);
        assert_eq!([next(), next()], [Some(Some("last".to_owned())), None]);
        let endless = bounded_lines(BufReader::new(io::repeat(b'x'))).next().unwrap();
        assert!(endless.unwrap_err().to_string().contains("over 16777216 bytes"));
    }

    async fn statements(text: &'static str) -> Vec<String> {
        let input = Input::read(String::new(), move || Ok(Box::new(io::Cursor::new(text))));
        let Input::Lines(mut lines) = input.unwrap() else { panic!("lines") };
        let (mut statements, mut taken) = (Statements::default(), Vec::new());
        while let Line::Text(line) = lines.next().await.unwrap() {
            statements.push(&line).unwrap();
            taken.extend(std::iter::from_fn(|| statements.take()));
        }
        assert!(statements.is_blank());
        taken
    }

    #[tokio::test]
    async fn what_is_within_quotes_stays_byte_for_byte() {
        let text = "USE shop\r\n-- a\r\nINSERT INTO t (v) VALUES ('a\r\nb\nc\r');\r\nEXIT\r\n";
        let expected = ["USE shop", "-- a\r\nINSERT INTO t (v) VALUES ('a\r\nb\nc\r')", "EXIT"];
        assert_eq!(statements(text).await, expected);
    }
}
