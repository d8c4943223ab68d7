//! Responses: what a server says, decoded by the client and encoded by the server's half.
//!
//! A body may begin with prefixes that the envelope's flags announce: the id of a trace, warnings,
//! a custom payload. Any response can carry them, ERROR included, so none of them is lost with a
//! failure. Bytes after a complete message are ignored, as the protocol demands.

mod encode;
mod error;
mod event;
mod names;
mod plain;
mod prefixes;
mod result;
mod supported;
#[cfg(test)]
mod tests;

use std::fmt;

use bytes::{Buf, Bytes};

pub use self::encode::encode_response;
pub use self::error::{
    Applied, ErrorCode, Failures, Replicas, ServerError, ServerErrorDetail, StatementKind,
    WriteType,
};
pub use self::event::{
    Event, EventKind, SchemaChange, SchemaChangeKind, SchemaTarget, StatusChange, TopologyChange,
};
pub use self::plain::PlainResponse;
pub use self::prefixes::Prefixes;
pub use self::result::{BindMetadata, Prepared, ResultResponse, Rows, RowsMetadata};
pub use self::supported::Supported;
use crate::secret::fmt_token;
use crate::wire::Reader;
use crate::{DecodeError, DecodeErrorKind, Envelope, EnvelopeHeader, Opcode};

/// A response, and what came with it (v5 §2.4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// What came before the message; nearly always nothing.
    pub prefixes: Prefixes,
    /// The message.
    pub response: Response,
}

/// What a server says (v5 §4.2).
#[derive(Clone, PartialEq, Eq)]
pub enum Response {
    /// ERROR (v5 §8): the request failed.
    Error(Box<ServerError>),
    /// READY (v5 §4.2.2): STARTUP or REGISTER is done.
    Ready,
    /// AUTHENTICATE (v5 §4.2.3): the server asks who is connecting.
    Authenticate {
        /// The class that it authenticates with.
        authenticator: String,
    },
    /// SUPPORTED (v5 §4.2.4): the answer to OPTIONS.
    Supported(Supported),
    /// RESULT (v5 §4.2.5) of a QUERY, PREPARE, EXECUTE or BATCH.
    Result(ResultResponse),
    /// EVENT (v5 §4.2.6): something that was registered for has happened.
    Event(Event),
    /// `AUTH_CHALLENGE` (v5 §4.2.7): one more question.
    AuthChallenge(Option<Bytes>),
    /// `AUTH_SUCCESS` (v5 §4.2.8): authentication is done. Password authenticators send null.
    AuthSuccess(Option<Bytes>),
}

impl Response {
    /// The opcode of its envelope.
    pub const fn opcode(&self) -> Opcode {
        match self {
            Self::Error(_) => Opcode::Error,
            Self::Ready => Opcode::Ready,
            Self::Authenticate { .. } => Opcode::Authenticate,
            Self::Supported(_) => Opcode::Supported,
            Self::Result(_) => Opcode::Result,
            Self::Event(_) => Opcode::Event,
            Self::AuthChallenge(_) => Opcode::AuthChallenge,
            Self::AuthSuccess(_) => Opcode::AuthSuccess,
        }
    }
}

impl fmt::Debug for Response {
    /// As derived, but for tokens: of these the length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => f.debug_tuple("Error").field(error).finish(),
            Self::Ready => f.write_str("Ready"),
            Self::Authenticate { authenticator } => {
                f.debug_struct("Authenticate").field("authenticator", authenticator).finish()
            }
            Self::Supported(supported) => f.debug_tuple("Supported").field(supported).finish(),
            Self::Result(result) => f.debug_tuple("Result").field(result).finish(),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::AuthChallenge(token) => fmt_token(f, "AuthChallenge", token.as_deref()),
            Self::AuthSuccess(token) => fmt_token(f, "AuthSuccess", token.as_deref()),
        }
    }
}

impl From<Response> for Decoded {
    fn from(response: Response) -> Self {
        Self { prefixes: Prefixes::NONE, response }
    }
}

/// Reads a response envelope, prefixes and message. The rows of a result stay where they are: they
/// share the bytes of the body.
///
/// # Errors
///
/// A body that ends too early or contradicts itself, and an envelope that holds a request.
pub fn decode_response(envelope: &Envelope) -> Result<Decoded, DecodeError> {
    let (mut decoded, read) = decode(&envelope.header, &envelope.body)?;
    if let Response::Result(ResultResponse::Rows(rows)) = &mut decoded.response {
        rows.content = envelope.body.slice(read..);
    }
    Ok(decoded)
}

impl Envelope {
    /// Reads it as [`decode_response`] does, and gives the bytes of its body to the rows, if there
    /// are any: nobody has to count who shares them.
    ///
    /// # Errors
    ///
    /// As [`decode_response`].
    pub fn into_response(mut self) -> Result<Decoded, DecodeError> {
        let (mut decoded, read) = decode(&self.header, &self.body)?;
        if let Response::Result(ResultResponse::Rows(rows)) = &mut decoded.response {
            self.body.advance(read);
            rows.content = self.body;
        }
        Ok(decoded)
    }
}

impl Envelope {
    /// Is it the RESULT of a USE, of kind `Set_keyspace` (v5 §4.2.5.3)? What stands before its kind
    /// is passed over, and nothing is decoded: the connection has another keyspace, whether or not
    /// the rest can be read. A kind without a name is no response to anything.
    pub fn switches_keyspace(&self) -> bool {
        const SET_KEYSPACE: [u8; 4] = result::kind::SET_KEYSPACE.to_be_bytes();
        if self.header.opcode != Opcode::Result {
            return false;
        }
        let mut reader = Reader::new(&self.body);
        prefixes::skip(&self.header, &mut reader).is_ok()
            && reader.remaining() > SET_KEYSPACE.len()
            && reader.rest().starts_with(&SET_KEYSPACE)
    }
}

/// The response, rows without their content, and how many bytes of the body were read.
fn decode(header: &EnvelopeHeader, body: &[u8]) -> Result<(Decoded, usize), DecodeError> {
    let version = header.version;
    let mut reader = Reader::new(body);
    let prefixes = Prefixes::read(header, &mut reader)?;
    let response = match header.opcode {
        Opcode::Error => Response::Error(Box::new(error::read(&mut reader, version)?)),
        Opcode::Ready => Response::Ready,
        Opcode::Authenticate => {
            let authenticator = reader.lossy_string("authenticator")?;
            Response::Authenticate { authenticator }
        }
        Opcode::Supported => Response::Supported(supported::read(&mut reader)?),
        Opcode::Result => Response::Result(result::read(&mut reader, version)?),
        Opcode::Event => Response::Event(event::read(&mut reader)?),
        Opcode::AuthChallenge => Response::AuthChallenge(read_token(&mut reader)?),
        Opcode::AuthSuccess => Response::AuthSuccess(read_token(&mut reader)?),
        request => {
            let kind = DecodeErrorKind::Unknown { value: i64::from(request.byte()) };
            return Err(reader.error("opcode of a response", kind));
        }
    };
    Ok((Decoded { prefixes, response }, reader.position()))
}

fn read_token(reader: &mut Reader<'_>) -> Result<Option<Bytes>, DecodeError> {
    Ok(reader.bytes("authentication token")?.map(Bytes::copy_from_slice))
}
