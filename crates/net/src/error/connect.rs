//! Why there is no connection.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{
    DecodeError, EncodeError, ErrorCode, FramingError, Opcode, ProtocolVersion, ServerError,
};

use super::{SharedIoError, tls_error};
use crate::tls::TlsSettingsError;

/// A connection that could not be made: to whom, in which phase, after how long, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot connect to {}: {phase} failed after {elapsed:.1?}: {cause}", self.target())]
pub struct ConnectError {
    /// The server as it was named.
    pub endpoint: Arc<str>,
    /// The address that was tried last, once the name was looked up.
    pub address: Option<SocketAddr>,
    /// How far it got.
    pub phase: ConnectPhase,
    /// How long it took until then.
    pub elapsed: Duration,
    /// Why.
    #[source]
    pub cause: ConnectCause,
}

impl ConnectError {
    /// Did the deadline pass, rather than anything fail?
    pub const fn is_timeout(&self) -> bool {
        matches!(self.cause, ConnectCause::DeadlinePassed)
    }

    /// Would another attempt fail in the same way until somebody changes the settings, here or on
    /// the server?
    pub const fn is_permanent(&self) -> bool {
        match &self.cause {
            ConnectCause::Server(error) => !matches!(
                error.code,
                ErrorCode::ServerError | ErrorCode::Overloaded | ErrorCode::IsBootstrapping
            ),
            ConnectCause::Tls(_)
            | ConnectCause::TlsSettings(_)
            | ConnectCause::Framing(_)
            | ConnectCause::Encode(_)
            | ConnectCause::NoCommonVersion { .. }
            | ConnectCause::NoAuthenticator { .. }
            | ConnectCause::Authenticator(_)
            | ConnectCause::TooManyChallenges { .. } => true,
            ConnectCause::DeadlinePassed
            | ConnectCause::NoAddress
            | ConnectCause::Io(_)
            | ConnectCause::Closed
            | ConnectCause::Decode(_)
            | ConnectCause::Unexpected { .. } => false,
        }
    }

    /// The server as it was named, with the address behind the name.
    fn target(&self) -> String {
        match self.address {
            Some(address) if address.to_string() != *self.endpoint => {
                format!("{} ({address})", self.endpoint)
            }
            _ => self.endpoint.to_string(),
        }
    }
}

/// What happens between wanting a connection and having one, in order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConnectPhase {
    /// The name is looked up.
    Resolve,
    /// TCP.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// STARTUP, until its answer.
    Startup,
    /// `AUTH_RESPONSE`, until the server is content.
    Authentication,
    /// USE.
    UseKeyspace,
}

impl fmt::Display for ConnectPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "looking up the name",
            Self::Tcp => "TCP",
            Self::Tls => "the TLS handshake",
            Self::Startup => "STARTUP",
            Self::Authentication => "authentication",
            Self::UseKeyspace => "USE of the keyspace",
        })
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectCause {
    /// The deadline passed.
    #[error("the deadline passed")]
    DeadlinePassed,
    /// The name stands for no address.
    #[error("the name stands for no address")]
    NoAddress,
    /// The system or the network.
    #[error("{0}")]
    Io(#[source] SharedIoError),
    /// rustls broke off.
    #[error("{}", tls_in_words(.0))]
    Tls(#[source] rustls::Error),
    /// TLS cannot be spoken with these settings.
    #[error(transparent)]
    TlsSettings(#[from] TlsSettingsError),
    /// The server closed the connection.
    #[error("the server closed the connection")]
    Closed,
    /// What came is not this protocol.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// An answer that cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The settings ask for what the protocol cannot say.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// An answer that goes with nothing that was asked.
    #[error("{got} is no answer to {asked}")]
    Unexpected {
        /// The request.
        asked: Opcode,
        /// The answer.
        got: Opcode,
    },
    /// The server refused.
    #[error("{0}")]
    Server(#[source] ServerError),
    /// The server speaks none of the versions that were allowed.
    #[error("the server speaks none of the protocol versions {oldest} to {newest}: {said}")]
    NoCommonVersion {
        /// The oldest that was allowed.
        oldest: ProtocolVersion,
        /// The newest that was allowed.
        newest: ProtocolVersion,
        /// What it said to the last one tried.
        said: String,
    },
    /// The server asks who is connecting, and nobody is there to answer.
    #[error("the server asks for credentials ({class}), and there are none in the settings")]
    NoAuthenticator {
        /// What it authenticates with.
        class: String,
    },
    /// The authenticator does not go on.
    #[error("the authenticator refuses to answer: {0}")]
    Authenticator(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The server asks and asks.
    #[error("the server was not content after {rounds} answers")]
    TooManyChallenges {
        /// How many answers it got.
        rounds: u32,
    },
}

impl From<std::io::Error> for ConnectCause {
    /// An error of TLS comes wrapped as one of I/O; it is shown as what it is.
    fn from(error: std::io::Error) -> Self {
        tls_error(&error).map_or_else(|| Self::Io(error.into()), Self::Tls)
    }
}

/// What another protocol on the port looks like to rustls says little to whoever set the port.
fn tls_in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            format!("{error}; does the server speak TLS on this port?")
        }
        _ => error.to_string(),
    }
}
