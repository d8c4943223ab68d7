//! A stream whose bytes come slowly, as long as somebody says so.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How fast the bytes of streams pass: as fast as they can, unless [`slow`](Self::slow) says
/// otherwise. Its clones are the same pace, so that it can change while streams are under way.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<Mutex<Option<(usize, Duration)>>>);

impl Pace {
    /// So many bytes pass at a time, at least one, and then none for so long.
    pub fn slow(&self, bytes: usize, pause: Duration) {
        self.set(Some((bytes.max(1), pause)));
    }

    /// As fast as they can.
    pub fn free(&self) {
        self.set(None);
    }

    fn set(&self, pace: Option<(usize, Duration)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    fn get(&self) -> Option<(usize, Duration)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream of which both directions have a [`Pace`], each by itself.
#[derive(Debug)]
pub struct Drip<S> {
    stream: S,
    pace: Pace,
    reads: Gate,
    writes: Gate,
}

/// The pause after what has passed, if there is one.
#[derive(Debug, Default)]
struct Gate(Option<Pin<Box<Sleep>>>);

impl Gate {
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.0 {
            ready!(pause.as_mut().poll(context));
            self.0 = None;
        }
        Poll::Ready(())
    }

    fn passed(&mut self, bytes: usize, pace: Option<(usize, Duration)>) {
        self.0 = pace.filter(|_| bytes > 0).map(|(_, pause)| Box::pin(sleep(pause)));
    }
}

impl<S> Drip<S> {
    /// A stream of this pace.
    pub fn new(stream: S, pace: Pace) -> Self {
        Self { stream, pace, reads: Gate::default(), writes: Gate::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Drip<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(this.reads.poll_open(context));
        let pace = this.pace.get();
        let size = pace.map_or(usize::MAX, |(bytes, _)| bytes).min(buffer.remaining());
        let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(size));
        ready!(Pin::new(&mut this.stream).poll_read(context, &mut piece))?;
        let read = piece.filled().len();
        buffer.advance(read);
        this.reads.passed(read, pace);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Drip<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.writes.poll_open(context));
        let pace = this.pace.get();
        let size = pace.map_or(usize::MAX, |(bytes, _)| bytes);
        let piece = bytes.get(..size).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, piece))?;
        this.writes.passed(written, pace);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
