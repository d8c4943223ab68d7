//! What a statement is: for the servers, or for the shell alone.

use std::path::PathBuf;

use cqlwire::cql::{Token, places};
use cqlwire::{Consistency, SerialConsistency};

use crate::connect;
use crate::exit::Failure;
use crate::file::expanded;
use crate::name::spelled;

/// One statement as it was typed, understood as far as the shell has to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ShellCommand<'a> {
    /// For the servers, as it is.
    Cql(&'a str),
    /// For the servers, and shown in its own way.
    Describe(&'a str),
    Use(String),
    Consistency(Option<Consistency>),
    SerialConsistency(Option<SerialConsistency>),
    Tracing(Option<bool>),
    Expand(Option<bool>),
    Paging(Paging),
    Source(PathBuf),
    Capture(Capture),
    Login(String),
    Show(Show),
    Help(Option<String>),
    Clear,
    Exit,
}

/// What is said of pages.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    Ask,
    On,
    Off,
    Rows(u32),
}

/// Where results are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    Ask,
    To(PathBuf),
    Off,
}

/// What is to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Version,
    Host,
    Session(uuid::Uuid),
}

impl<'a> ShellCommand<'a> {
    pub(super) fn parse(statement: &'a str) -> Result<Self, Failure> {
        let words: Vec<Word<'_>> = places(statement)
            .map(|(token, place)| Word { token, text: statement.get(place).unwrap_or_default() })
            .collect();
        let Some((first, rest)) = words.split_first() else { return Ok(Self::Cql(statement)) };
        Ok(match first.upper().as_str() {
            "USE" => Self::Use(one_name(rest)?),
            "DESCRIBE" | "DESC" => Self::Describe(statement),
            "CONSISTENCY" => Self::Consistency(level(rest, connect::consistency)?),
            "SERIAL" => Self::serial(rest)?,
            "TRACING" => Self::Tracing(switch("TRACING", rest)?),
            "EXPAND" => Self::Expand(switch("EXPAND", rest)?),
            "PAGING" => Self::Paging(paging(rest)?),
            "SOURCE" => Self::Source(file(rest)?.ok_or_else(|| usage("SOURCE 'file'"))?),
            "CAPTURE" => Self::Capture(capture(rest)?),
            "LOGIN" => Self::Login(who(rest)?),
            "SHOW" => Self::Show(show(rest)?),
            "HELP" | "?" => Self::Help(rest.first().map(Word::upper)),
            "CLEAR" | "CLS" => Self::Clear,
            "EXIT" | "QUIT" => Self::Exit,
            "COPY" => {
                let why = "COPY is none of the shell: `cqlwire load` and `cqlwire export` do that";
                return Err(Failure::usage(why));
            }
            _ => Self::Cql(statement),
        })
    }

    fn serial(rest: &[Word<'_>]) -> Result<Self, Failure> {
        match rest.split_first() {
            Some((second, rest)) if second.upper() == "CONSISTENCY" => {
                Ok(Self::SerialConsistency(level(rest, connect::serial_consistency)?))
            }
            _ => Err(usage("SERIAL CONSISTENCY [level]")),
        }
    }
}

/// A token with its text.
#[derive(Copy, Clone, Debug)]
struct Word<'a> {
    token: Token<'a>,
    text: &'a str,
}

impl Word<'_> {
    fn upper(&self) -> String {
        self.text.to_ascii_uppercase()
    }

    /// What stands between single quotes, if it is a text.
    fn inside(&self) -> Option<String> {
        let inside = self.text.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(inside.replace("''", "'"))
    }
}

fn usage(how: &str) -> Failure {
    Failure::usage(format_args!("usage: {how}"))
}

fn one_name(rest: &[Word<'_>]) -> Result<String, Failure> {
    match rest {
        [name] => spelled(name.token).ok_or_else(|| usage("USE keyspace")),
        _ => Err(usage("USE keyspace")),
    }
}

/// The level, if one is named.
fn level<T>(
    rest: &[Word<'_>],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Failure> {
    match rest {
        [] => Ok(None),
        [level] => parse(level.text).map(Some).map_err(|why| {
            Failure::usage(format_args!("`{}` is no consistency; {why}", level.text))
        }),
        _ => Err(usage("CONSISTENCY [level]")),
    }
}

fn switch(command: &str, rest: &[Word<'_>]) -> Result<Option<bool>, Failure> {
    match rest.iter().map(Word::upper).collect::<Vec<_>>().as_slice() {
        [] => Ok(None),
        [word] if word == "ON" => Ok(Some(true)),
        [word] if word == "OFF" => Ok(Some(false)),
        _ => Err(usage(&format!("{command} [ON|OFF]"))),
    }
}

fn paging(rest: &[Word<'_>]) -> Result<Paging, Failure> {
    let wrong = || usage("PAGING [ON|OFF|rows]");
    match rest {
        [word] if word.token == Token::Literal => {
            let rows = word.text.parse().ok().filter(|rows| *rows > 0);
            rows.map(Paging::Rows).ok_or_else(wrong)
        }
        rest => match switch("PAGING", rest).map_err(|_| wrong())? {
            None => Ok(Paging::Ask),
            Some(true) => Ok(Paging::On),
            Some(false) => Ok(Paging::Off),
        },
    }
}

/// A path in quotes; `~` is the home.
fn file(rest: &[Word<'_>]) -> Result<Option<PathBuf>, Failure> {
    let path = match rest {
        [] => return Ok(None),
        [path] => path.inside(),
        _ => None,
    };
    let path = path.ok_or_else(|| Failure::usage("a path has to stand in quotes: 'file'"))?;
    Ok(Some(expanded(&path)))
}

fn capture(rest: &[Word<'_>]) -> Result<Capture, Failure> {
    match rest {
        [word] if word.upper() == "OFF" => Ok(Capture::Off),
        rest => Ok(file(rest)?.map_or(Capture::Ask, Capture::To)),
    }
}

/// A password is asked for: what is typed in a statement is seen by whoever looks on.
fn who(rest: &[Word<'_>]) -> Result<String, Failure> {
    match rest {
        [user] => user.inside().or_else(|| spelled(user.token)).ok_or_else(|| usage("LOGIN user")),
        [_, _] => {
            Err(Failure::usage("LOGIN user: the password is asked for, and not typed behind it"))
        }
        _ => Err(usage("LOGIN user")),
    }
}

fn show(rest: &[Word<'_>]) -> Result<Show, Failure> {
    let wrong = || usage("SHOW VERSION, SHOW HOST or SHOW SESSION id");
    match rest {
        [word] if word.upper() == "VERSION" => Ok(Show::Version),
        [word] if word.upper() == "HOST" => Ok(Show::Host),
        [word, id] if word.upper() == "SESSION" => {
            id.text.parse().map(Show::Session).map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ShellCommand<'_> {
        ShellCommand::parse(text).unwrap()
    }

    #[test]
    fn what_is_for_the_shell_is_understood_in_whatever_case() {
        assert_eq!(parse("use \"Shop\""), ShellCommand::Use("Shop".to_owned()));
        assert_eq!(parse("USE Shop"), ShellCommand::Use("shop".to_owned()));
        let quorum = Some(Consistency::LocalQuorum);
        assert_eq!(parse("consistency local_quorum"), ShellCommand::Consistency(quorum));
        assert_eq!(parse("CONSISTENCY"), ShellCommand::Consistency(None));
        let serial = Some(SerialConsistency::Serial);
        assert_eq!(parse("serial consistency SERIAL"), ShellCommand::SerialConsistency(serial));
        assert_eq!(parse("tracing on"), ShellCommand::Tracing(Some(true)));
        assert_eq!(parse("EXPAND OFF"), ShellCommand::Expand(Some(false)));
        assert_eq!(parse("PAGING 50"), ShellCommand::Paging(Paging::Rows(50)));
        assert_eq!(parse("paging off"), ShellCommand::Paging(Paging::Off));
        assert_eq!(parse("SOURCE 'a''b.cql'"), ShellCommand::Source("a'b.cql".into()));
        assert_eq!(parse("CAPTURE off"), ShellCommand::Capture(Capture::Off));
        assert_eq!(parse("capture 'x'"), ShellCommand::Capture(Capture::To("x".into())));
        assert_eq!(parse("LOGIN Ada"), ShellCommand::Login("ada".to_owned()));
        assert_eq!(parse("LOGIN 'Ada'"), ShellCommand::Login("Ada".to_owned()));
        assert_eq!(parse("LOGIN '''Ada'"), ShellCommand::Login("'Ada".to_owned()));
        assert_eq!(parse("? tracing"), ShellCommand::Help(Some("TRACING".to_owned())));
        assert_eq!(parse("quit"), ShellCommand::Exit);
        assert_eq!(parse("desc tables"), ShellCommand::Describe("desc tables"));
    }

    #[test]
    fn everything_else_is_for_the_servers() {
        for text in ["SELECT * FROM use", "/* USE x */ INSERT", "\"USE\" x", "LIST ROLES"] {
            assert_eq!(parse(text), ShellCommand::Cql(text));
        }
    }

    #[test]
    fn what_is_wrong_is_told_before_anything_is_sent() {
        let wrong = |text| ShellCommand::parse(text).unwrap_err().to_string();
        assert_eq!(wrong("USE a b"), "usage: USE keyspace");
        assert_eq!(wrong("TRACING maybe"), "usage: TRACING [ON|OFF]");
        assert_eq!(wrong("PAGING 0"), "usage: PAGING [ON|OFF|rows]");
        let most = "`most` is no consistency; allowed: ANY, ONE, TWO";
        assert!(wrong("CONSISTENCY most").contains(most));
        assert_eq!(wrong("SOURCE file"), "a path has to stand in quotes: 'file'");
        assert!(wrong("LOGIN ada secret").contains("the password is asked for"));
        assert!(!wrong("LOGIN ada secret").contains("secret"));
        assert!(wrong("COPY t TO 'x'").contains("cqlwire export"));
    }
}
