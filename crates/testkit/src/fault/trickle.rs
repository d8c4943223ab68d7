//! A stream whose bytes come in pieces.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that reads and writes in pieces of given sizes.
///
/// Before each piece after the first it is pending once, so that whoever drives it returns to its
/// loop with a part in hand.
#[derive(Debug)]
pub struct Trickle<S> {
    stream: S,
    reads: Pieces,
    writes: Pieces,
}

/// Sizes, taken in turn and from the start again.
#[derive(Debug)]
struct Pieces {
    sizes: Vec<usize>,
    next: usize,
    /// Whether a piece went through and the pause after it is still to come.
    pause: bool,
}

impl Pieces {
    fn new(sizes: &[usize]) -> Self {
        assert!(sizes.iter().all(|size| *size > 0), "a piece has at least one byte");
        Self { sizes: sizes.to_vec(), next: 0, pause: false }
    }

    /// The size of the piece that is due, or a pause; no sizes at all mean no limit and no pause.
    fn poll_size(&mut self, context: &Context<'_>) -> Poll<usize> {
        if std::mem::take(&mut self.pause) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.sizes.get(self.next).copied().unwrap_or(usize::MAX))
    }

    fn done(&mut self) {
        self.pause = !self.sizes.is_empty();
        self.next = (self.next + 1) % self.sizes.len().max(1);
    }
}

impl<S> Trickle<S> {
    /// Reads in pieces of at most `reads` bytes and writes in pieces of at most `writes`, each in
    /// turn and from the start again; an empty list leaves its direction as it is.
    ///
    /// # Panics
    ///
    /// If a size is 0.
    pub fn new(stream: S, reads: &[usize], writes: &[usize]) -> Self {
        Self { stream, reads: Pieces::new(reads), writes: Pieces::new(writes) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Trickle<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let size = std::task::ready!(this.reads.poll_size(context)).min(buffer.remaining());
        let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(size));
        std::task::ready!(Pin::new(&mut this.stream).poll_read(context, &mut piece))?;
        let read = piece.filled().len();
        buffer.advance(read);
        this.reads.done();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Trickle<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let size = std::task::ready!(this.writes.poll_size(context)).min(bytes.len());
        let piece = bytes.get(..size).unwrap_or(bytes);
        let written = std::task::ready!(Pin::new(&mut this.stream).poll_write(context, piece))?;
        this.writes.done();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
