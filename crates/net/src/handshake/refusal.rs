//! How servers say that they do not speak a version, each release in its own way.

use cqlwire_codec::{DecodeError, Envelope, ErrorCode, ProtocolVersion, Response, decode_response};

use crate::ConnectCause;

/// The server does not speak the version that STARTUP came in.
#[derive(Debug)]
pub(crate) struct VersionRefused {
    /// The next one worth trying, if any is left.
    pub(crate) next: Option<ProtocolVersion>,
    said: String,
}

impl VersionRefused {
    pub(crate) fn cause(self, oldest: ProtocolVersion, newest: ProtocolVersion) -> ConnectCause {
        ConnectCause::NoCommonVersion { oldest, newest, said: self.said }
    }
}

/// The texts by which servers from 2.1 to 5.0 refuse a version. The code is that of a protocol
/// error, or, of early 2.1, a server error.
const TEXTS: [&str; 3] = [
    "nvalid or unsupported protocol version",
    "Beta version of the protocol used",
    "Rejecting Protocol Version",
];

/// Whether this answer to STARTUP refuses its version.
///
/// The version in the answer's header is a hint at best: 3.11 refuses v5 in v5.
pub(super) fn of(
    answer: &Envelope,
    asked: ProtocolVersion,
) -> Result<Option<VersionRefused>, DecodeError> {
    let Response::Error(error) = decode_response(answer)?.response else { return Ok(None) };
    let may_refuse = matches!(error.code, ErrorCode::ProtocolError | ErrorCode::ServerError);
    let answered_in = answer.header.version;
    let refuses = TEXTS.iter().any(|text| error.message.contains(text)) || answered_in != asked;
    if !may_refuse || !refuses {
        return Ok(None);
    }
    let next = asked.previous().map(|previous| previous.min(answered_in));
    // A server that answers in a newer version wants that one; going down will not help.
    let next = next.filter(|_| answered_in <= asked);
    Ok(Some(VersionRefused { next, said: error.message }))
}

#[cfg(test)]
mod tests {
    use ProtocolVersion::{V3, V4, V5};
    use cqlwire_codec::{Direction, EnvelopeFlags, EnvelopeHeader, Opcode, StreamId};

    use super::*;

    /// What servers from 2.1 to 5.0 say to a version that they do not speak.
    const REFUSALS: [&str; 4] = [
        "Invalid or unsupported protocol version: 5",
        "Invalid or unsupported protocol version (5); the lowest supported version is 3 and the \
         greatest is 4",
        "Beta version of the protocol used (5/v5-beta), but USE_BETA flag is unset",
        "Rejecting Protocol Version 3/v3 < 4/v4.",
    ];

    /// What an error in this version says of the one that STARTUP came in.
    fn said(
        code: ErrorCode,
        text: &str,
        version: ProtocolVersion,
        asked: ProtocolVersion,
    ) -> Option<VersionRefused> {
        let length = u16::try_from(text.len()).unwrap();
        let parts = [&code.code().to_be_bytes()[..], &length.to_be_bytes(), text.as_bytes()];
        let body = parts.concat();
        let header = EnvelopeHeader {
            version,
            direction: Direction::Response,
            flags: EnvelopeFlags::NONE,
            stream: StreamId::CONNECTION,
            opcode: Opcode::Error,
            length: u32::try_from(body.len()).unwrap(),
        };
        of(&Envelope { header, body: body.into() }, asked).unwrap()
    }

    #[test]
    fn a_version_is_refused_by_the_codes_of_servers_and_by_no_other() {
        for (text, answered_in) in REFUSALS.into_iter().zip([V3, V4, V5, V5]) {
            for code in [ErrorCode::ProtocolError, ErrorCode::ServerError] {
                let refused = said(code, text, answered_in, V5).unwrap();
                assert_eq!((refused.next, &*refused.said), (Some(answered_in.min(V4)), text));
            }
            // A text may be quoted by whoever has another reason.
            for code in [
                ErrorCode::BadCredentials,
                ErrorCode::Overloaded,
                ErrorCode::IsBootstrapping,
                ErrorCode::Unauthorized,
                ErrorCode::Invalid,
                ErrorCode::ConfigError,
                ErrorCode::Other(0x7777),
            ] {
                let refused = said(code, text, answered_in, V5);
                assert!(refused.is_none(), "{code}: {refused:?}");
            }
        }
    }

    #[test]
    fn what_is_tried_next_is_older_than_what_was_asked_and_no_newer_than_the_answer() {
        let other = |answered_in, asked| {
            said(ErrorCode::ProtocolError, "whatever it says", answered_in, asked)
        };
        for version in [V3, V4, V5] {
            assert!(other(version, version).is_none(), "any other protocol error");
        }
        assert_eq!(other(V4, V5).unwrap().next, Some(V4));
        assert_eq!(other(V3, V5).unwrap().next, Some(V3));
        assert_eq!(other(V5, V4).unwrap().next, None, "it wants the newer one");
        let refused = said(ErrorCode::ProtocolError, REFUSALS[3], V3, V3).unwrap();
        assert_eq!(refused.next, None, "there is none that is older");
    }
}
