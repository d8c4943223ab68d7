//! Why a connection is over.

use cqlwire_codec::{FramingError, ServerError};
use cqlwire_mux::{Unresponsive, Violation};

use super::{SharedIoError, tls_error};

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
    #[error("{0}")]
    Io(#[source] SharedIoError),
    /// rustls broke off.
    #[error("{0}")]
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

impl From<std::io::Error> for ConnectionEnd {
    /// An error of TLS comes wrapped as one of I/O; it is shown as what it is.
    fn from(error: std::io::Error) -> Self {
        tls_error(&error).map_or_else(|| Self::Io(error.into()), Self::Tls)
    }
}
