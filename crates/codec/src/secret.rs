//! Tokens of authentication: secrets, which no log may get by way of `Debug`.

use std::fmt;

/// Writes `name(n bytes)`, or `name(null)`.
pub(crate) fn fmt_token(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    token: Option<&[u8]>,
) -> fmt::Result {
    match token {
        Some(token) => write!(f, "{name}({} bytes)", token.len()),
        None => write!(f, "{name}(null)"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::request::RequestMessage;
    use crate::{
        AuthResponse, Direction, Envelope, EnvelopeFlags, EnvelopeHeader, Opcode, ProtocolVersion,
        Response, StreamId,
    };

    /// As PLAIN sends them: a user and a password, each after a zero.
    const TOKEN: &[u8] = b"\0stargazer\0sirius";

    #[test]
    fn no_message_prints_its_token() {
        let token = || Some(Bytes::from_static(TOKEN));
        assert_eq!(format!("{:?}", AuthResponse { token: TOKEN }), "AuthResponse(17 bytes)");
        let printed = format!("{:?}", RequestMessage::AuthResponse(token()));
        assert_eq!(printed, "AuthResponse(17 bytes)");
        assert_eq!(format!("{:#?}", Response::AuthChallenge(token())), "AuthChallenge(17 bytes)");
        assert_eq!(format!("{:?}", Response::AuthSuccess(token())), "AuthSuccess(17 bytes)");
        assert_eq!(format!("{:?}", Response::AuthSuccess(None)), "AuthSuccess(null)");
    }

    #[test]
    fn an_envelope_prints_of_its_body_the_length_only() {
        let header = EnvelopeHeader {
            version: ProtocolVersion::V5,
            direction: Direction::Request,
            flags: EnvelopeFlags::TRACING,
            stream: StreamId::new(7),
            opcode: Opcode::AuthResponse,
            length: 17,
        };
        let envelope = Envelope { header, body: Bytes::from_static(TOKEN) };
        let printed = "Envelope(v5 AUTH_RESPONSE, stream 7, flags 0x02, 17 bytes)";
        assert_eq!(format!("{envelope:?}"), printed);
    }
}
