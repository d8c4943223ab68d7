//! How the command ends: its exit codes, and the failure that carries one with its message.

use std::io;
use std::process::ExitCode;

use cqlwire::codec::in_one_line;
use cqlwire::{ConfigError, DescribeError, ErrorCode, ErrorKind};

/// What the help says of the exit codes.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    the server or the data refused
  2    the command line or a setting is wrong
  3    no host could be reached
  4    timed out
  130  interrupted by Ctrl-C
  143  ended by SIGTERM";

/// What the process ends with.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Refused = 1,
    Usage = 2,
    NoHost = 3,
    TimedOut = 4,
    Interrupted = 130,
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked: one line for a person, a code for a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self { exit, message: in_one_line(&message.to_string()).to_string() }
    }

    /// The server or the data refused.
    pub(crate) fn refused(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Refused, message)
    }

    /// What was asked for makes no sense.
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The same, with where it was.
    #[must_use]
    pub(crate) fn within(self, place: impl std::fmt::Display) -> Self {
        match self.message.is_empty() {
            true => self,
            false => Self::new(self.exit, format_args!("{place}: {}", self.message)),
        }
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// Nobody reads the output any more, as with `| head`: that is for the reader to decide, and no
    /// failure.
    fn unread() -> Self {
        Self::new(Exit::Done, "")
    }

    /// Says it on standard error, unless there is nothing to say.
    pub(crate) fn tell(&self) {
        if !self.message.is_empty() {
            crate::output::complain(&self.message);
        }
    }
}

impl From<cqlwire::Error> for Failure {
    fn from(error: cqlwire::Error) -> Self {
        if matches!(error.kind(), ErrorKind::UseStatement) {
            return Self::usage("USE has nothing to be for here: --keyspace says the keyspace");
        }
        let exit = match error.kind() {
            ErrorKind::Timeout { .. } => Exit::TimedOut,
            ErrorKind::NoHostAvailable { .. } => Exit::NoHost,
            ErrorKind::Settings { .. } | ErrorKind::UnknownKeyspace { .. } => Exit::Usage,
            ErrorKind::Server { error, .. } => of_server(error.code),
            _ => Exit::Refused,
        };
        Self::new(exit, error)
    }
}

/// The servers' own timeouts are timeouts, too.
const fn of_server(code: ErrorCode) -> Exit {
    match code {
        ErrorCode::ReadTimeout | ErrorCode::WriteTimeout => Exit::TimedOut,
        _ => Exit::Refused,
    }
}

impl From<DescribeError> for Failure {
    fn from(error: DescribeError) -> Self {
        Self::refused(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::unread(),
            _ => Self::refused(error),
        }
    }
}
