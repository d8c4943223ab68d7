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
