//! Errors of a connection: why there is none, why it is over, and what became of a request.

mod connect;
mod end;
mod request;

pub use connect::{ConnectCause, ConnectError, ConnectPhase, UserCode};
pub use end::ConnectionEnd;
pub use request::{Refused, RequestError, RequestFailure};

use std::fmt;
use std::io;
use std::sync::Arc;

/// An I/O error that can be cloned, and that `source()` still shows as the `io::Error` it is.
#[derive(Clone, Debug)]
pub struct SharedIoError(Arc<io::Error>);

impl SharedIoError {
    /// What kind of I/O error it is.
    pub fn kind(&self) -> io::ErrorKind {
        self.0.kind()
    }
}

impl From<io::Error> for SharedIoError {
    fn from(error: io::Error) -> Self {
        Self(Arc::new(error))
    }
}

/// The error of TLS that came wrapped as one of I/O: `source()` would pass it over.
fn tls_error(error: &io::Error) -> Option<rustls::Error> {
    error.get_ref()?.downcast_ref().cloned()
}

/// An error of I/O; of TLS that breaks off, in words of our own: rustls tells whoever programs it what
/// to read. A dialer's stream may end otherwise, and says itself how.
fn io_in_words(error: &SharedIoError) -> String {
    let text = error.to_string();
    match error.kind() {
        io::ErrorKind::UnexpectedEof if text.contains("close_notify") => {
            "the server broke the connection off, without the word that ends TLS".to_owned()
        }
        _ => text,
    }
}

impl fmt::Display for SharedIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SharedIoError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}
