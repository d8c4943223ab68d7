//! Why there is no connection.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{
    DecodeError, EncodeError, ErrorCode, FramingError, Opcode, ProtocolVersion, ServerError,
    in_one_line,
};

use super::{SharedIoError, io_in_words, tls_error};
use crate::tls::{TlsSettingsError, in_words};
use crate::{Deadline, NotAnswered};

/// A connection that could not be made: to whom, in which phase, after how long, and why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot connect to {}: {}", self.target(), self.reason())]
#[non_exhaustive]
pub struct ConnectError {
    /// The server as it was named.
    pub endpoint: Arc<str>,
    /// The address that was tried, once the name was looked up.
    pub address: Option<SocketAddr>,
    /// How far it got.
    pub phase: ConnectPhase,
    /// How long it took until then.
    pub elapsed: Duration,
    /// Why.
    #[source]
    pub cause: ConnectCause,
    /// Whether TLS was asked for, where that is known.
    pub(crate) over_tls: Option<bool>,
}

impl ConnectError {
    /// An error of the attempt that began with this deadline.
    pub(crate) fn new(
        endpoint: &str,
        phase: ConnectPhase,
        deadline: Deadline,
        cause: ConnectCause,
    ) -> Self {
        let (endpoint, elapsed) = (Arc::from(endpoint), deadline.elapsed());
        Self { endpoint, address: None, phase, elapsed, cause, over_tls: None }
    }

    /// Did the deadline pass, rather than anything fail?
    pub fn is_timeout(&self) -> bool {
        match &self.cause {
            ConnectCause::DeadlinePassed => true,
            ConnectCause::EveryAddress(errors) => errors.iter().all(Self::is_timeout),
            _ => false,
        }
    }

    /// Would another attempt fail in the same way until somebody changes the settings, here or on
    /// the server? So it is with a wrong password, keyspace, certificate or version.
    pub fn is_permanent(&self) -> bool {
        match &self.cause {
            ConnectCause::EveryAddress(errors) => errors.iter().all(Self::is_permanent),
            cause => cause.is_permanent(),
        }
    }

    /// What the server said of the keyspace of the settings, if that is what it refused: there is no
    /// such keyspace.
    pub fn unknown_keyspace(&self) -> Option<&ServerError> {
        match &self.cause {
            ConnectCause::Server(error) => (self.phase == ConnectPhase::UseKeyspace
                && error.code == ErrorCode::Invalid)
                .then_some(error),
            ConnectCause::EveryAddress(errors) => errors.iter().find_map(Self::unknown_keyspace),
            _ => None,
        }
    }

    /// Does the server seem to speak TLS on this port, while the settings do not? It answered with
    /// TLS, which is certain; or it broke off at the first bytes that were not TLS, as Cassandra
    /// does, and a server that is being stopped too.
    pub fn seems_to_expect_tls(&self) -> bool {
        self.over_tls == Some(false)
            && self.phase == ConnectPhase::Startup
            && self.cause.is_like_tls()
    }

    /// Does the server seem to be unhappy with the certificate of this client, or to miss one? By TLS
    /// 1.3 it looks at it once the client thinks that all is well, and a connection that ends then may
    /// take the alert with it. A server that is being stopped does the same.
    fn seems_to_refuse_certificate(&self) -> bool {
        self.over_tls == Some(true)
            && self.phase == ConnectPhase::Startup
            && matches!(self.cause, ConnectCause::Closed | ConnectCause::Io(_))
    }

    /// The error without the server's name, for whoever has named it already: in which phase, after
    /// how long, and why.
    pub fn reason(&self) -> impl fmt::Display + '_ {
        Reason(self)
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

struct Reason<'a>(&'a ConnectError);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConnectError { phase, elapsed, cause, .. } = self.0;
        write!(f, "{phase} failed after {elapsed:.1?}: {cause}")?;
        f.write_str(if self.0.seems_to_expect_tls() {
            "; the server seems to speak TLS on this port, and the settings do not: set `tls`"
        } else if self.0.seems_to_refuse_certificate() {
            "; over TLS, so ends a server also that does not take the certificate of this client, \
             or misses one"
        } else if self.0.is_timeout() && *phase == ConnectPhase::Authenticator {
            "; an attempt has the time of `cluster.pool.connect_timeout`"
        } else {
            ""
        })
    }
}

/// What happens between wanting a connection and having one, in order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum ConnectPhase {
    /// The name is looked up.
    Resolve,
    /// TCP, or a dialer's way.
    Tcp,
    /// A Unix socket is connected to.
    UnixSocket,
    /// The TLS handshake.
    Tls,
    /// STARTUP, until its answer.
    Startup,
    /// The [`Authenticator`](crate::Authenticator) of the settings is asked what to answer.
    Authenticator,
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
            Self::UnixSocket => "the Unix socket",
            Self::Tls => "the TLS handshake",
            Self::Startup => "STARTUP",
            Self::Authenticator => "asking the authenticator of the settings",
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
    /// The name stands for several addresses, and none of them led to a connection: each with its
    /// own error, in the resolver's order.
    #[error("{}", each(.0))]
    EveryAddress(Arc<[ConnectError]>),
    /// The name stands for no address.
    #[error("the name stands for no address")]
    NoAddress,
    /// The system or the network.
    #[error("{}", io_in_words(.0))]
    Io(#[source] SharedIoError),
    /// rustls broke off.
    #[error("{}", in_words(.0))]
    Tls(#[source] rustls::Error),
    /// TLS cannot be spoken with these settings.
    #[error(transparent)]
    TlsSettings(#[from] TlsSettingsError),
    /// The source of certificates gave none, and never had.
    #[error("the source of certificates fails: {0}")]
    TlsSource(#[source] Arc<dyn std::error::Error + Send + Sync>),
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
    #[error(
        "the server speaks none of the protocol versions {oldest} to {newest}: {}",
        in_one_line(said)
    )]
    NoCommonVersion {
        /// The oldest that was allowed.
        oldest: ProtocolVersion,
        /// The newest that was allowed.
        newest: ProtocolVersion,
        /// What it said to the last one tried.
        said: String,
    },
    /// The server asks who is connecting, and nobody is there to answer.
    #[error(
        "the server asks for credentials ({}), and there are none in the settings: set `credentials`, \
         or an `authenticator`",
        class.escape_debug()
    )]
    NoAuthenticator {
        /// What it authenticates with.
        class: String,
    },
    /// The server authenticates with what the settings do not list. Nothing was sent to it.
    #[error(
        "the server authenticates with {}, and `authenticator_classes` allows only {}: nothing was \
         sent to it",
        class.escape_debug(),
        allowed.join(", ")
    )]
    AuthenticatorClass {
        /// What it authenticates with.
        class: String,
        /// What is allowed.
        allowed: Arc<[String]>,
    },
    /// The server asks for a password, the connection is not encrypted, and the settings refuse that.
    /// It was not sent.
    #[error(
        "the server asks for a password ({}), the connection is without TLS, and \
         `plain_password_without_tls` is Refuse: it was not sent; set `tls`, or the former to Warn or \
         Allow",
        class.escape_debug()
    )]
    PasswordWithoutTls {
        /// What it authenticates with.
        class: String,
    },
    /// The authenticator does not go on.
    #[error("the authenticator refuses to answer: {0}")]
    Authenticator(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Code of the user's that is called while connecting panicked.
    #[error("{whose} panicked: {message}")]
    Panicked {
        /// Whose code.
        whose: UserCode,
        /// What the panic said.
        message: String,
    },
    /// The server asks and asks.
    #[error("the server was not content after {rounds} answers")]
    TooManyChallenges {
        /// How many answers it got.
        rounds: u32,
    },
}

impl ConnectCause {
    fn is_permanent(&self) -> bool {
        match self {
            Self::Server(error) => !matches!(
                error.code,
                ErrorCode::ServerError | ErrorCode::Overloaded | ErrorCode::IsBootstrapping
            ),
            Self::Authenticator(error) => error.is::<NotAnswered>(),
            Self::Tls(_)
            | Self::TlsSettings(_)
            | Self::Framing(_)
            | Self::Encode(_)
            | Self::NoCommonVersion { .. }
            | Self::NoAuthenticator { .. }
            | Self::AuthenticatorClass { .. }
            | Self::PasswordWithoutTls { .. }
            | Self::TooManyChallenges { .. } => true,
            Self::DeadlinePassed
            | Self::EveryAddress(_)
            | Self::NoAddress
            | Self::Io(_)
            | Self::Closed
            | Self::TlsSource(_)
            | Self::Decode(_)
            | Self::Panicked { .. }
            | Self::Unexpected { .. } => false,
        }
    }

    /// Is it what a server does that speaks TLS, when it is spoken to without?
    fn is_like_tls(&self) -> bool {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match self {
            Self::Closed => true,
            Self::Io(error) => {
                matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset)
            }
            Self::Framing(FramingError::NotCql { looks_like }) => looks_like.contains("TLS"),
            _ => false,
        }
    }
}

/// What came of each address.
fn each(errors: &[ConnectError]) -> String {
    let each: Vec<_> = errors
        .iter()
        .map(|error| match error.address {
            Some(address) => format!("{address}: {}", error.reason()),
            None => format!("{}: {}", error.endpoint, error.reason()),
        })
        .collect();
    each.join("; ")
}

/// Whose code was called.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserCode {
    /// A [`Dialer`](crate::Dialer).
    Dialer,
    /// An [`Authenticator`](crate::Authenticator), or its exchange.
    Authenticator,
    /// A [`TlsSource`](crate::TlsSource).
    TlsSource,
    /// The stream that a dialer connected, or what a configuration of rustls calls.
    Stream,
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dialer => "the dialer",
            Self::Authenticator => "the authenticator",
            Self::TlsSource => "the source of certificates",
            Self::Stream => "the dialer's stream, or what TLS calls,",
        })
    }
}

impl From<std::io::Error> for ConnectCause {
    /// An error of TLS comes wrapped as one of I/O; it is shown as what it is.
    fn from(error: std::io::Error) -> Self {
        tls_error(&error).map_or_else(|| Self::Io(error.into()), Self::Tls)
    }
}
