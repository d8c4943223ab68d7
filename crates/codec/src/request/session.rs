//! The requests that are about a connection: STARTUP, OPTIONS, REGISTER, `AUTH_RESPONSE`.

use std::collections::BTreeMap;

use bytes::BytesMut;

use super::EncodeRequest;
use crate::secret::fmt_token;
use crate::wire::write;
use crate::{Compression, EncodeError, EventKind, Opcode, ProtocolVersion};

/// STARTUP (v5 §4.1.1): the first message that means anything, bare and uncompressed. Its answer,
/// READY or AUTHENTICATE, is the last bare envelope of a v5 connection.
///
/// Servers ignore keys that they do not know; since 4.1 they show every one of them in
/// `system_views.clients`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Startup {
    /// Keys to values.
    pub options: BTreeMap<String, String>,
}

impl Startup {
    /// The key of the CQL version, which servers demand.
    pub const CQL_VERSION: &'static str = "CQL_VERSION";
    /// The key of the compression.
    pub const COMPRESSION: &'static str = "COMPRESSION";
    /// The key that, with the value `1`, makes an overloaded server say so (error 0x1001) rather
    /// than stop reading.
    pub const THROW_ON_OVERLOAD: &'static str = "THROW_ON_OVERLOAD";
    /// The key of the driver's name, shown by servers since 4.0.
    pub const DRIVER_NAME: &'static str = "DRIVER_NAME";
    /// The key of the driver's version, shown by servers since 4.0.
    pub const DRIVER_VERSION: &'static str = "DRIVER_VERSION";
    /// The key of what tells the connections of one session from those of another.
    pub const SESSION_ID: &'static str = "SESSION_ID";
    /// The key of the program's name.
    pub const APPLICATION_NAME: &'static str = "APPLICATION_NAME";
    /// The key of the program's version.
    pub const APPLICATION_VERSION: &'static str = "APPLICATION_VERSION";
    /// The key of the settings that the driver runs with, as JSON.
    pub const DRIVER_CONFIG: &'static str = "DRIVER_CONFIG";

    /// The options that every server accepts: CQL 3.0.0, and the compression if one is wanted.
    pub fn new(compression: Option<Compression>) -> Self {
        let version = (Self::CQL_VERSION.to_owned(), "3.0.0".to_owned());
        let compression = compression.map(|c| (Self::COMPRESSION.to_owned(), c.name().to_owned()));
        Self { options: std::iter::once(version).chain(compression).collect() }
    }

    /// This message with one more option.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.insert(key.into(), value.into());
        self
    }
}

impl EncodeRequest for Startup {
    const OPCODE: Opcode = Opcode::Startup;

    fn encode_body(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        let compression = self.options.get(Self::COMPRESSION);
        if version.uses_segments() && compression.is_some_and(|name| !is_lz4(name)) {
            let what = "any compression but LZ4";
            return Err(EncodeError::NotInVersion { what, version });
        }
        write::short_length(out, "STARTUP options", self.options.len())?;
        self.options.iter().try_for_each(|(key, value)| {
            write::string(out, "STARTUP option", key)?;
            write::string(out, "STARTUP option", value)
        })
    }
}

fn is_lz4(name: &str) -> bool {
    Compression::from_name(name) == Some(Compression::Lz4)
}

/// OPTIONS (v5 §4.1.3): asks what the server supports. Allowed before STARTUP; also the usual
/// heartbeat, except while the server waits for `AUTH_RESPONSE`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Options;

impl EncodeRequest for Options {
    const OPCODE: Opcode = Opcode::Options;

    fn encode_body(&self, _: ProtocolVersion, _: &mut BytesMut) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// REGISTER (v5 §4.1.8): asks for events. They may begin before the READY that answers it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Register<'a> {
    /// Which ones, 65,535 at most. Servers refuse the whole request for one they do not know.
    pub events: &'a [EventKind],
}

impl EncodeRequest for Register<'_> {
    const OPCODE: Opcode = Opcode::Register;

    fn encode_body(&self, _: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        write::string_list(out, "event types", self.events)
    }
}

/// `AUTH_RESPONSE` (v5 §4.1.2): the answer to AUTHENTICATE or to `AUTH_CHALLENGE`.
///
/// Never null: servers answer that with an internal error.
#[derive(Copy, Clone)]
pub struct AuthResponse<'a> {
    /// What the authenticator is to get, 0 bytes or more.
    pub token: &'a [u8],
}

impl std::fmt::Debug for AuthResponse<'_> {
    /// Shows the length only: the token is a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fmt_token(f, "AuthResponse", Some(self.token))
    }
}

impl EncodeRequest for AuthResponse<'_> {
    const OPCODE: Opcode = Opcode::AuthResponse;

    fn encode_body(&self, _: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        write::bytes(out, "authentication token", Some(self.token))
    }
}
