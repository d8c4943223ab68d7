//! Whether a row that was not written is at fault itself.
//!
//! A line is rejected only for what is in it. Whatever else keeps a row from being written (hosts that are
//! down, a right that is missing, a table that is gone) would keep the next ones from it too, and says
//! nothing of them: the load ends there, and a second run goes on with that row.

use cqlwire::codec::EncodeError;
use cqlwire::{ErrorCode, ErrorKind, ServerError};

/// What has become of the schema, as servers say it with the same code as that a value is wrong.
const OF_SCHEMA: [&str; 8] = [
    "does not exist",
    "doesn't exist",
    "couldn't find table",
    "unconfigured table",
    "unconfigured columnfamily",
    "undefined column name",
    "unknown identifier",
    "unknown keyspace",
];

/// Is it the row's own fault that it was not written?
pub(super) fn is_of_row(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Encode(error) => is_of_values(error),
        // It takes a single row for that.
        ErrorKind::BatchTooLarge { statements, .. } => *statements <= 1,
        ErrorKind::Server { error, .. } => is_refused_value(error),
        _ => false,
    }
}

const fn is_of_values(error: &EncodeError) -> bool {
    !matches!(error, EncodeError::NotInVersion { .. } | EncodeError::Missing { .. })
}

fn is_refused_value(error: &ServerError) -> bool {
    let message = error.message.to_ascii_lowercase();
    let is_of_schema = OF_SCHEMA.iter().any(|said| message.contains(said));
    error.code == ErrorCode::Invalid && !is_of_schema
}

#[cfg(test)]
mod tests {
    use cqlwire::codec::ServerErrorDetail;
    use cqlwire::{RequestLimit, TimeoutPhase};

    use super::*;

    fn server(code: ErrorCode, message: &str) -> ErrorKind {
        let (message, detail) = (message.to_owned(), ServerErrorDetail::None);
        let error = Box::new(ServerError { code, message, detail });
        ErrorKind::Server { host: "h".into(), error, prefixes: cqlwire::codec::Prefixes::default() }
    }

    #[test]
    fn only_what_is_wrong_with_its_values_is_of_the_row() {
        let too_long = EncodeError::TooLong { what: "value", length: 2, limit: 1 };
        for kind in [
            ErrorKind::Encode(too_long),
            ErrorKind::BatchTooLarge { statements: 1, bytes: 2, limit: 1 },
            server(ErrorCode::Invalid, "Key length of 70000 is longer than maximum of 65535"),
            server(ErrorCode::Invalid, "Invalid null value in condition for column keyspace name"),
        ] {
            assert!(is_of_row(&kind), "{kind}");
        }
        let of_others = [
            server(ErrorCode::Invalid, "unconfigured table t"),
            server(ErrorCode::Invalid, "table t does not exist"),
            server(ErrorCode::Invalid, "unconfigured columnfamily t"),
            server(ErrorCode::Invalid, "Keyspace 'ks' does not exist"),
            server(ErrorCode::Invalid, "Undefined column name v in table ks.t"),
            server(ErrorCode::Invalid, "Unknown identifier v"),
            ErrorKind::NoHostAvailable { plan_was_empty: false },
            ErrorKind::SessionClosed,
            ErrorKind::Overloaded { limit: RequestLimit::Session { in_flight: 1, waiting: 1 } },
            ErrorKind::Timeout { phase: TimeoutPhase::Response, host: None, of_attempt: false },
            ErrorKind::BatchTooLarge { statements: 2, bytes: 2, limit: 1 },
        ];
        for kind in of_others {
            assert!(!is_of_row(&kind), "{kind}");
        }
        let others = ErrorCode::KNOWN.iter().filter(|code| **code != ErrorCode::Invalid);
        for code in others.copied().chain([ErrorCode::Other(7)]) {
            assert!(!is_of_row(&server(code, "no")), "{code}");
        }
    }
}
