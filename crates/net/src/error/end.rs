//! Why a connection is over.

use cqlwire_codec::{ErrorCode, FramingError, ServerError};
use cqlwire_mux::{Unresponsive, Violation};

use super::{SharedIoError, io_in_words, tls_error};
use crate::tls::in_words;

/// Why a connection is over.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionEnd {
    /// It was closed here: by [`close`](crate::Connection::close), or because nobody held it.
    #[error("it was closed here")]
    ClosedHere,
    /// The server closed it, or went away in good order.
    #[error("the server closed it")]
    ClosedByServer,
    /// The network, or the server's sudden end.
    #[error("{}", io_in_words(.0))]
    Io(#[source] SharedIoError),
    /// rustls broke off.
    #[error("{}", in_words(.0))]
    Tls(#[source] rustls::Error),
    /// What came is not this protocol any more.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// Answers that were not owed.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The server said, of the connection rather than of a request, what is wrong with it.
    #[error("{0}")]
    ServerSaid(#[source] ServerError),
    /// No sign of life, not even when asked for one.
    #[error(transparent)]
    Unresponsive(#[from] Unresponsive),
    /// The runtime on which it was made has been shut down.
    #[error("the runtime on which it was opened is gone")]
    RuntimeGone,
}

impl ConnectionEnd {
    /// Is it the contents of a request or of its response that ended the connection, so that sending
    /// the request again would end the next one too? So it is where bytes that arrived unharmed
    /// cannot be decoded or are over a limit, and where the server says that it could not decode
    /// what it read. Requests of others on the connection fall under the same suspicion: which of
    /// them it was is not known.
    ///
    /// Damage on the way, a server that goes away or falls silent, and what is done here would not
    /// recur: another connection may fare better.
    pub fn would_recur(&self) -> bool {
        match self {
            Self::Framing(error) => !matches!(
                error,
                FramingError::HeaderChecksum
                    | FramingError::PayloadChecksum
                    | FramingError::CutEnvelope { .. }
            ),
            Self::Violation(violation) => {
                matches!(violation, Violation::TooLargeOnStreamZero(_))
            }
            Self::ServerSaid(error) => matches!(error.code, ErrorCode::ProtocolError),
            Self::ClosedHere
            | Self::ClosedByServer
            | Self::Io(_)
            | Self::Tls(_)
            | Self::Unresponsive(_)
            | Self::RuntimeGone => false,
        }
    }
}

impl From<std::io::Error> for ConnectionEnd {
    /// An error of TLS comes wrapped as one of I/O; it is shown as what it is.
    fn from(error: std::io::Error) -> Self {
        tls_error(&error).map_or_else(|| Self::Io(error.into()), Self::Tls)
    }
}
