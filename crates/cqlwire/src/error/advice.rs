//! What to do about an error of a server, where its words do not lead there.

use cqlwire_codec::ServerError;

/// To be written behind what the server said; nothing, if that says it all.
pub(super) fn advice(error: &ServerError) -> &'static str {
    // "ConsistencyLevel LOCAL_QUORUM is unsupported with Accord for write/commit, supported are [ANY,
    // ONE, QUORUM, ALL, SERIAL]", of a transaction at the consistency that is the default here.
    if error.message.contains("unsupported with Accord") {
        return "; transactions span data centers: set `consistency` to QUORUM and `serial_consistency` to \
                SERIAL, of the request or in its profile";
    }
    ""
}

#[cfg(test)]
mod tests {
    use cqlwire_codec::{ErrorCode, Prefixes, ServerErrorDetail};

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn a_transaction_at_a_local_consistency_says_which_setting_to_change() {
        let text = "ConsistencyLevel LOCAL_QUORUM is unsupported with Accord for write/commit";
        let said = |message: &str| {
            let (code, detail) = (ErrorCode::Invalid, ServerErrorDetail::None);
            let error = Box::new(ServerError { code, message: message.to_owned(), detail });
            let kind = ErrorKind::Server { host: "h".into(), error, prefixes: Prefixes::NONE };
            kind.to_string()
        };
        assert!(said(text).ends_with("of the request or in its profile"));
        assert_eq!(said("no"), "h: invalid: no");
    }
}
