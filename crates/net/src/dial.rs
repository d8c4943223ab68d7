//! From an address to a stream, where that is not TCP: a proxy, a tunnel, a test's memory.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::ServerAddress;

/// A stream of bytes in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A stream that is being connected.
pub type Dialing<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn ByteStream>>> + Send + 'a>>;

/// Connects streams in another way than by TCP. TLS, if the settings ask for it, is spoken over
/// what it connects.
///
/// Called on the task that connects. Its future is dropped when the deadline of the attempt passes.
/// A dialer that panics makes its attempt fail, and nothing else.
pub trait Dialer: fmt::Debug + Send + Sync + 'static {
    /// A stream to this server. Its address is a name where one was written down: names are then
    /// the dialer's to look up.
    ///
    /// # Errors
    ///
    /// What stands against it; shown as the cause of the failed attempt.
    fn dial<'a>(&'a self, address: &'a ServerAddress) -> Dialing<'a>;
}
