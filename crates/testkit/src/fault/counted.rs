//! A stream whose bytes are counted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Sense;

/// A stream that counts the bytes of both directions: how long a conversation is, so that a fault
/// can be swept over it.
#[derive(Debug)]
pub struct Counted<S> {
    stream: S,
    bytes: Arc<Bytes>,
}

#[derive(Debug, Default)]
struct Bytes {
    read: AtomicU64,
    written: AtomicU64,
}

/// The counts of a [`Counted`] stream, which may be gone by then.
#[derive(Clone, Debug)]
pub struct Count(Arc<Bytes>);

impl Count {
    /// How many bytes have passed in this direction.
    pub fn of(&self, sense: Sense) -> u64 {
        match sense {
            Sense::Reads => self.0.read.load(Ordering::Relaxed),
            Sense::Writes => self.0.written.load(Ordering::Relaxed),
        }
    }
}

impl<S> Counted<S> {
    /// Counts from now on.
    pub fn new(stream: S) -> (Self, Count) {
        let bytes = Arc::<Bytes>::default();
        let count = Count(Arc::clone(&bytes));
        (Self { stream, bytes }, count)
    }
}

fn add(to: &AtomicU64, bytes: usize) {
    to.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        add(&self.bytes.read, buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        add(&self.bytes.written, written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
