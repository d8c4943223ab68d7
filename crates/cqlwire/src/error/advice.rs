//! What to do about an error of a server, where its words do not lead there.

use cqlwire_codec::{ErrorCode, ServerError};

/// To be written behind what the server said; nothing, if that says it all.
pub(super) fn advice(error: &ServerError) -> &'static str {
    // "ConsistencyLevel LOCAL_QUORUM is unsupported with Accord for write/commit, supported are [ANY,
    // ONE, QUORUM, ALL, SERIAL]", of a transaction at the consistency that is the default here.
    if error.message.contains("unsupported with Accord") {
        return "; tables with a `transactional_mode` span data centers, whatever the statement: set \
                `consistency` to QUORUM and `serial_consistency` to SERIAL, of the request or in its profile";
    }
    // "line 1:6 mismatched input 'TRANSACTION' expecting K_BATCH (BEGIN [TRANSACTION]...)", of every
    // server before 6.0.
    let message = error.message.to_ascii_lowercase();
    if error.code == ErrorCode::SyntaxError
        && message.contains("mismatched input 'transaction' expecting k_batch")
    {
        return "; transactions take Cassandra 6.0, with `accord: {enabled: true}` in its settings";
    }
    ""
}

#[cfg(test)]
mod tests {
    use cqlwire_codec::{ErrorCode, Prefixes, ServerErrorDetail};

    use super::*;
    use crate::error::ErrorKind;

    fn said(code: ErrorCode, message: &str) -> String {
        let detail = ServerErrorDetail::None;
        let error = Box::new(ServerError { code, message: message.to_owned(), detail });
        ErrorKind::Server { host: "h".into(), error, prefixes: Prefixes::NONE }.to_string()
    }

    #[test]
    fn a_transaction_at_a_local_consistency_says_which_setting_to_change() {
        let text = "ConsistencyLevel LOCAL_QUORUM is unsupported with Accord for write/commit";
        assert!(said(ErrorCode::Invalid, text).ends_with("of the request or in its profile"));
        assert_eq!(said(ErrorCode::Invalid, "no"), "h: invalid: no");
    }

    #[test]
    fn a_transaction_that_an_older_server_cannot_read_says_which_one_can() {
        let text =
            "line 1:6 mismatched input 'transaction' expecting K_BATCH (begin [transaction]...)";
        let error = said(ErrorCode::SyntaxError, text);
        assert!(
            error.ends_with(
                "; transactions take Cassandra 6.0, with `accord: {enabled: true}` in its settings"
            ),
            "{error}"
        );
        assert_eq!(said(ErrorCode::Invalid, text), format!("h: invalid: {text}"));
        let other = "line 1:6 mismatched input 'x' expecting K_BATCH";
        assert_eq!(said(ErrorCode::SyntaxError, other), format!("h: syntax error: {other}"));
    }
}
