//! A stream whose bytes come in portions, whoever says how large each is and when it is due.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What passes in one direction.
pub trait Portions: fmt::Debug + Unpin {
    /// The size of the portion that is due, at least 1, once it is.
    fn poll_size(&mut self, context: &mut Context<'_>) -> Poll<usize>;

    /// So much of it has passed.
    fn passed(&mut self, bytes: usize);
}

/// A stream that passes on what the other one has, each direction in portions of its own.
#[derive(Debug)]
pub struct InPortions<S, P> {
    stream: S,
    reads: P,
    writes: P,
}

impl<S, P> InPortions<S, P> {
    pub(super) const fn of(stream: S, reads: P, writes: P) -> Self {
        Self { stream, reads, writes }
    }
}

impl<S: AsyncRead + Unpin, P: Portions> AsyncRead for InPortions<S, P> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let size = ready!(this.reads.poll_size(context)).min(buffer.remaining());
        let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(size));
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut piece))?;
        let read = piece.filled().len();
        buffer.advance(read);
        this.reads.passed(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, P: Portions> AsyncWrite for InPortions<S, P> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let size = ready!(this.writes.poll_size(context)).min(bytes.len());
        let piece = bytes.get(..size).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, piece))?;
        this.writes.passed(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
