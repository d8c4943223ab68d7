//! Opcodes: what kind of message an envelope carries.

use std::fmt;

/// The kind of a message (v5 §2.4.1.4); the set is the same in v3, v4 and v5.
///
/// 0x04 (CREDENTIALS) died with v1 and is unknown here.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum Opcode {
    /// 0x00, response: the request failed.
    Error,
    /// 0x01, request: the first message that fixes version, compression and options.
    Startup,
    /// 0x02, response: the connection, or the registration, is ready.
    Ready,
    /// 0x03, response: the server wants credentials.
    Authenticate,
    /// 0x05, request: asks for the supported options; also the heartbeat.
    Options,
    /// 0x06, response: the supported options.
    Supported,
    /// 0x07, request: a statement as text.
    Query,
    /// 0x08, response: what a statement, a prepare or a batch gave.
    Result,
    /// 0x09, request: a statement to prepare.
    Prepare,
    /// 0x0A, request: a prepared statement with its values.
    Execute,
    /// 0x0B, request: asks for events.
    Register,
    /// 0x0C, response: an event, pushed on stream -1.
    Event,
    /// 0x0D, request: several statements as one.
    Batch,
    /// 0x0E, response: one more round of authentication.
    AuthChallenge,
    /// 0x0F, request: the answer to AUTHENTICATE or to a challenge.
    AuthResponse,
    /// 0x10, response: authentication is done.
    AuthSuccess,
}

impl Opcode {
    /// The opcode of this byte, or `None` for one that no version has.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            0x00 => Self::Error,
            0x01 => Self::Startup,
            0x02 => Self::Ready,
            0x03 => Self::Authenticate,
            0x05 => Self::Options,
            0x06 => Self::Supported,
            0x07 => Self::Query,
            0x08 => Self::Result,
            0x09 => Self::Prepare,
            0x0A => Self::Execute,
            0x0B => Self::Register,
            0x0C => Self::Event,
            0x0D => Self::Batch,
            0x0E => Self::AuthChallenge,
            0x0F => Self::AuthResponse,
            0x10 => Self::AuthSuccess,
            _ => return None,
        })
    }

    /// The byte on the wire.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Error => 0x00,
            Self::Startup => 0x01,
            Self::Ready => 0x02,
            Self::Authenticate => 0x03,
            Self::Options => 0x05,
            Self::Supported => 0x06,
            Self::Query => 0x07,
            Self::Result => 0x08,
            Self::Prepare => 0x09,
            Self::Execute => 0x0A,
            Self::Register => 0x0B,
            Self::Event => 0x0C,
            Self::Batch => 0x0D,
            Self::AuthChallenge => 0x0E,
            Self::AuthResponse => 0x0F,
            Self::AuthSuccess => 0x10,
        }
    }

    /// Whether a client sends it.
    pub const fn is_request(self) -> bool {
        matches!(
            self,
            Self::Startup
                | Self::Options
                | Self::Query
                | Self::Prepare
                | Self::Execute
                | Self::Register
                | Self::Batch
                | Self::AuthResponse
        )
    }

    /// Whether a server sends it.
    pub const fn is_response(self) -> bool {
        !self.is_request()
    }

    /// The name that the specification gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Startup => "STARTUP",
            Self::Ready => "READY",
            Self::Authenticate => "AUTHENTICATE",
            Self::Options => "OPTIONS",
            Self::Supported => "SUPPORTED",
            Self::Query => "QUERY",
            Self::Result => "RESULT",
            Self::Prepare => "PREPARE",
            Self::Execute => "EXECUTE",
            Self::Register => "REGISTER",
            Self::Event => "EVENT",
            Self::Batch => "BATCH",
            Self::AuthChallenge => "AUTH_CHALLENGE",
            Self::AuthResponse => "AUTH_RESPONSE",
            Self::AuthSuccess => "AUTH_SUCCESS",
        }
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
