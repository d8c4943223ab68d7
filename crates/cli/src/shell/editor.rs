//! Lines as they are typed on a terminal: edited, completed, and kept in a history.

use std::fs;
use std::path::PathBuf;

use cqlwire::{Session, cql};
use rustyline::config::{BellStyle, CompletionType};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;

use super::complete::Completion;
use super::input::Line;
#[cfg(unix)]
use super::more::{self, Answer};
use crate::connect::state_home;
use crate::exit::Failure;
use crate::output;

/// How many statements are kept.
const HISTORY: usize = 1_000;

/// A terminal with somebody at it.
pub(super) struct Editor {
    editor: rustyline::Editor<Completion, FileHistory>,
    /// Where the history is kept.
    history: Option<PathBuf>,
    /// What has been typed of the next line already.
    begun: String,
}

impl std::fmt::Debug for Editor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Editor").field("history", &self.history).finish_non_exhaustive()
    }
}

impl Editor {
    pub(super) fn new(session: Session, no_history: bool) -> Result<Self, Failure> {
        let config = rustyline::Config::builder()
            .max_history_size(HISTORY)
            .map_err(refused)?
            .history_ignore_dups(true)
            .map_err(refused)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .bell_style(BellStyle::None)
            .build();
        let mut editor = rustyline::Editor::with_config(config).map_err(refused)?;
        editor.set_helper(Some(Completion::new(session)));
        let history = if no_history { None } else { place() };
        if let Some(path) = history.as_ref().filter(|path| path.exists())
            && let Err(error) = editor.load_history(path)
        {
            output::notice(&format!("history: {}: {error}", path.display()));
        }
        Ok(Self { editor, history, begun: String::new() })
    }

    /// The next line. While nobody types, the session lives on: other threads serve it.
    pub(super) fn line(
        &mut self,
        prompt: &str,
        before: &str,
        session: &Session,
    ) -> Result<Line, Failure> {
        if let Some(completion) = self.editor.helper_mut() {
            completion.look_at(before, session);
        }
        let begun = std::mem::take(&mut self.begun);
        let read = || self.editor.readline_with_initial(prompt, (&begun, ""));
        match tokio::task::block_in_place(read) {
            Ok(line) => Ok(Line::Text(line)),
            Err(ReadlineError::Interrupted) => Ok(Line::Abandoned),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(refused(error)),
        }
    }

    /// Space and Enter go on; `q`, Ctrl-C and Ctrl-D do not, and neither does the next statement.
    #[cfg(unix)]
    pub(super) fn wants_more(&mut self) -> Result<bool, Failure> {
        match tokio::task::block_in_place(|| more::ask("---MORE---"))? {
            Answer::More => Ok(true),
            Answer::Enough => Ok(false),
            Answer::Typed(begin) => {
                self.begun.push(begin);
                Ok(false)
            }
        }
    }

    /// Enter goes on; `q`, Ctrl-C and Ctrl-D do not.
    #[cfg(not(unix))]
    pub(super) fn wants_more(&mut self) -> Result<bool, Failure> {
        match tokio::task::block_in_place(|| self.editor.readline("---MORE---")) {
            Ok(line) => Ok(!line.trim().eq_ignore_ascii_case("q")),
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => Ok(false),
            Err(error) => Err(refused(error)),
        }
    }

    /// Keeps a statement, unless a secret stands in it: at once, since nobody knows how the shell ends.
    pub(super) fn remember(&mut self, statement: &str) {
        if is_secret(statement) {
            return;
        }
        match self.editor.add_history_entry(format!("{statement};")) {
            Ok(true) => self.write_history(),
            Ok(false) => {}
            Err(error) => output::notice(&format!("history: {error}")),
        }
    }

    /// Writes what is to be kept; the file is for nobody else to read.
    fn write_history(&mut self) {
        let Some(path) = &self.history else { return };
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        let saved = folder.map_err(ReadlineError::from);
        if let Err(error) = saved.and_then(|()| self.editor.append_history(path)) {
            output::notice(&format!("history: {}: {error}", path.display()));
        }
    }
}

/// Who logs in is nobody's business, either.
fn is_secret(statement: &str) -> bool {
    let is_login = cql::places(statement).next().is_some_and(
        |(token, _)| matches!(token, cql::Token::Word(word) if word.eq_ignore_ascii_case("LOGIN")),
    );
    is_login || cql::has_secret(statement)
}

fn place() -> Option<PathBuf> {
    Some(state_home()?.join("history"))
}

fn refused(error: ReadlineError) -> Failure {
    Failure::refused(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_password_is_not_kept() {
        for text in [
            "CREATE ROLE ada WITH PASSWORD = 'enigma' AND LOGIN = true",
            "alter user ada with password 'enigma'",
            "LOGIN ada",
        ] {
            assert!(is_secret(text), "{text}");
        }
        for text in ["SELECT * FROM shop.users", "LIST ROLES", "SELECT login FROM t"] {
            assert!(!is_secret(text), "{text}");
        }
    }
}
