//! How the command ends: its exit codes, and the failure that carries one with its message.

use std::io;
use std::process::ExitCode;

use cqlwire::cluster::ContactFailure;
use cqlwire::codec::in_one_line;
use cqlwire::net::{ConnectCause, ConnectError};
use cqlwire::{
    Attempt, AttemptFailure, ConfigError, DescribeError, ErrorCode, ErrorKind, Unconnected,
};

use crate::statements::TooLong;

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
    pub(crate) fn unread() -> Self {
        Self::new(Exit::Done, "")
    }

    /// Says it on standard error, unless there is nothing to say.
    pub(crate) fn tell(&self) {
        if !self.message.is_empty() {
            crate::output::complain(&self.message);
        }
    }
}

impl From<TooLong> for Failure {
    fn from(error: TooLong) -> Self {
        Self::refused(error)
    }
}

impl From<cqlwire::Error> for Failure {
    fn from(error: cqlwire::Error) -> Self {
        if matches!(error.kind(), ErrorKind::UseStatement) {
            return Self::usage("USE has nothing to be for here: --keyspace says the keyspace");
        }
        match error.attempts().iter().find_map(of_credentials) {
            Some(told) => Self::refused(told),
            None => Self::new(of_kind(error.kind()), error),
        }
    }
}

fn of_kind(kind: &ErrorKind) -> Exit {
    match kind {
        ErrorKind::Timeout { .. } => Exit::TimedOut,
        ErrorKind::NoHostAvailable { .. } => Exit::NoHost,
        ErrorKind::Settings { .. } | ErrorKind::UnknownKeyspace { .. } => Exit::Usage,
        ErrorKind::Server { error, .. } => of_server(error.code),
        _ => Exit::Refused,
    }
}

/// What is said of a host that was reached, and refused who asks: in the words of the command, which has
/// other names for it than the driver.
fn of_credentials(attempt: &Attempt) -> Option<String> {
    let error: &ConnectError = match &attempt.failure {
        AttemptFailure::NotConnected(none) => of_pool(&none.reason)?,
        AttemptFailure::Contact(failure) => match &**failure {
            ContactFailure::Connect(error) => error,
            ContactFailure::Pool(reason) => of_pool(reason)?,
            _ => return None,
        },
        _ => return None,
    };
    refusal(&error.cause).map(|refusal| format!("{}: {refusal}", attempt.host))
}

fn of_pool(reason: &Unconnected) -> Option<&ConnectError> {
    match reason {
        Unconnected::Failed(error) => Some(error),
        _ => None,
    }
}

/// Who asks, and by what they are known.
const WHO: &str = "-u NAME, with CQLWIRE_PASSWORD or --password-file";

fn refusal(cause: &ConnectCause) -> Option<String> {
    match cause {
        ConnectCause::Server(error) if error.code == ErrorCode::BadCredentials => {
            Some(format!("authentication failed: {error} ({WHO})"))
        }
        ConnectCause::NoAuthenticator { class } => {
            Some(format!("the server asks who it is, with {class}: {WHO}, says so"))
        }
        ConnectCause::EveryAddress(errors) => errors.iter().find_map(|error| refusal(&error.cause)),
        _ => None,
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

#[cfg(test)]
mod tests {
    use cqlwire::{ServerError, ServerErrorDetail, TimeoutPhase};

    use super::*;

    fn server(code: ErrorCode) -> ServerError {
        ServerError { code, message: "why".to_owned(), detail: ServerErrorDetail::None }
    }

    fn said(code: ErrorCode) -> ErrorKind {
        let error = Box::new(server(code));
        ErrorKind::Server {
            host: "db".into(),
            error,
            prefixes: cqlwire::codec::Prefixes::default(),
        }
    }

    #[test]
    fn each_error_has_its_exit_code() {
        let timeout =
            ErrorKind::Timeout { phase: TimeoutPhase::Queue, host: None, of_attempt: false };
        let settings = ErrorKind::Settings { setting: "tls".into(), why: String::new() };
        for (kind, expected) in [
            (timeout, Exit::TimedOut),
            (said(ErrorCode::ReadTimeout), Exit::TimedOut),
            (said(ErrorCode::WriteTimeout), Exit::TimedOut),
            (said(ErrorCode::Unavailable), Exit::Refused),
            (said(ErrorCode::Unauthorized), Exit::Refused),
            (said(ErrorCode::BadCredentials), Exit::Refused),
            (said(ErrorCode::Invalid), Exit::Refused),
            (ErrorKind::NoHostAvailable { plan_was_empty: true }, Exit::NoHost),
            (ErrorKind::NoHostAvailable { plan_was_empty: false }, Exit::NoHost),
            (ErrorKind::SessionClosed, Exit::Refused),
            (ErrorKind::UseStatement, Exit::Usage),
            (settings, Exit::Usage),
        ] {
            let told = kind.to_string();
            assert_eq!(Failure::from(cqlwire::Error::from(kind)).exit, expected, "{told}");
        }
    }

    #[test]
    fn who_is_refused_has_reached_a_host_and_is_told_the_flags() {
        let class = "PasswordAuthenticator".to_owned();
        for (cause, expected) in [
            (ConnectCause::Server(server(ErrorCode::BadCredentials)), true),
            (ConnectCause::NoAuthenticator { class }, true),
            (ConnectCause::Server(server(ErrorCode::ServerError)), false),
            (ConnectCause::DeadlinePassed, false),
            (ConnectCause::NoAddress, false),
            (ConnectCause::Closed, false),
        ] {
            let told = refusal(&cause);
            assert_eq!(told.is_some(), expected, "{cause}");
            assert!(told.is_none_or(|told| told.contains("-u NAME, with CQLWIRE_PASSWORD")));
        }
    }
}
