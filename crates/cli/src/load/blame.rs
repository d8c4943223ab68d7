//! Whether a row that was not written is at fault itself.
//!
//! A line is rejected only for what is in it. Whatever else keeps a row from being written (hosts that are
//! down, a right that is missing, a table that is gone) would keep the next ones from it too, and says
//! nothing of them: the load ends there, and a second run goes on with that row.

use cqlwire::codec::EncodeError;
use cqlwire::{ErrorCode, ErrorKind};

/// Whose fault it is that a row was not written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Blame<'e> {
    /// Its own.
    Row,
    /// Not its own.
    Others,
    /// This host says with one code that a value is wrong and that the table or a column is gone: it is the
    /// row's own if these are as they were.
    RowUnlessAltered(&'e str),
}

impl<'e> Blame<'e> {
    pub(super) fn of(kind: &'e ErrorKind) -> Self {
        match kind {
            ErrorKind::Encode(EncodeError::NotInVersion { .. } | EncodeError::Missing { .. }) => {
                Self::Others
            }
            ErrorKind::Encode(_) => Self::Row,
            // It takes a single row for that.
            ErrorKind::BatchTooLarge { statements: 0 | 1, .. } => Self::Row,
            ErrorKind::Server { host, error, .. } if error.code == ErrorCode::Invalid => {
                Self::RowUnlessAltered(host)
            }
            _ => Self::Others,
        }
    }
}

#[cfg(test)]
mod tests {
    use cqlwire::{ProtocolVersion, RequestLimit, ServerError, TimeoutPhase};

    use super::*;

    fn server(code: ErrorCode) -> ErrorKind {
        let error = Box::new(ServerError::new(code, "unconfigured table t"));
        ErrorKind::Server { host: "h".into(), error, prefixes: cqlwire::codec::Prefixes::default() }
    }

    #[test]
    fn only_what_is_wrong_with_its_values_is_of_the_row() {
        let too_long = EncodeError::TooLong { what: "value", length: 2, limit: 1 };
        for kind in [
            ErrorKind::Encode(too_long),
            ErrorKind::BatchTooLarge { statements: 1, bytes: 2, limit: 1 },
        ] {
            assert_eq!(Blame::of(&kind), Blame::Row, "{kind}");
        }
        assert_eq!(Blame::of(&server(ErrorCode::Invalid)), Blame::RowUnlessAltered("h"));
        let of_others = [
            ErrorKind::Encode(EncodeError::Missing {
                what: "a value",
                version: ProtocolVersion::V4,
            }),
            ErrorKind::NoHostAvailable { plan_was_empty: false },
            ErrorKind::SessionClosed,
            ErrorKind::Overloaded { limit: RequestLimit::Session { in_flight: 1, waiting: 1 } },
            ErrorKind::Timeout { phase: TimeoutPhase::Response, host: None, of_attempt: false },
            ErrorKind::BatchTooLarge { statements: 2, bytes: 2, limit: 1 },
        ];
        for kind in of_others {
            assert_eq!(Blame::of(&kind), Blame::Others, "{kind}");
        }
        let others = ErrorCode::KNOWN.iter().filter(|code| **code != ErrorCode::Invalid);
        for code in others.copied().chain([ErrorCode::Other(7)]) {
            assert_eq!(Blame::of(&server(code)), Blame::Others, "{code}");
        }
    }
}
