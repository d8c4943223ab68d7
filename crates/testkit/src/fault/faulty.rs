//! A stream with one fault.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A way in which a transport fails.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends: reads see the end of the stream, writes a broken pipe, and the other
    /// side sees the end too.
    Cut,
    /// The connection is reset: reads and writes fail so; the other side sees its end.
    Reset,
    /// Bytes stop in this direction and nobody is told. The other direction goes on.
    Stall,
    /// The byte arrives with the bits of this mask turned over; everything else is as it was.
    Flip(u8),
}

/// Which bytes a fault is counted in, seen from who holds the stream.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Those that it reads.
    Reads,
    /// Those that it writes.
    Writes,
}

/// A stream that is whole but for one fault at one byte of one direction.
#[derive(Debug)]
pub struct FaultyStream<S> {
    /// `None` once it has been cut or reset.
    stream: Option<S>,
    fault: Fault,
    sense: Sense,
    /// How many bytes pass before the fault: it concerns the byte with this index.
    left: u64,
    happened: bool,
}

impl<S> FaultyStream<S> {
    /// A stream that lets `at` bytes pass in this direction; then the fault is there. A cut, a
    /// reset or a stall happens when the next byte of that direction is asked for.
    pub const fn new(stream: S, sense: Sense, at: u64, fault: Fault) -> Self {
        Self { stream: Some(stream), fault, sense, left: at, happened: false }
    }

    /// Whether the conversation got as far as the fault. A sweep ends where it did not.
    pub const fn has_happened(&self) -> bool {
        self.happened
    }

    /// How many of `wanted` bytes may pass in this direction before something happens; `None` if
    /// nothing is to happen any more.
    fn before_fault(&self, sense: Sense, wanted: usize) -> Option<usize> {
        let ahead = sense == self.sense && !(self.happened && matches!(self.fault, Fault::Flip(_)));
        ahead.then(|| usize::try_from(self.left).unwrap_or(usize::MAX).min(wanted))
    }

    fn passed(&mut self, sense: Sense, bytes: usize) {
        if sense == self.sense {
            self.left = self.left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    /// Lets a cut, a reset or a stall happen.
    fn strike(&mut self) {
        self.happened = true;
        if self.fault != Fault::Stall {
            self.stream = None;
        }
    }

    fn broken(&self) -> io::Error {
        let kind = match self.fault {
            Fault::Reset => io::ErrorKind::ConnectionReset,
            _ => io::ErrorKind::BrokenPipe,
        };
        kind.into()
    }
}

impl<S: AsyncRead + Unpin> FaultyStream<S> {
    /// Reads into `buffer`, at most `limit` bytes, and gives the range that was filled.
    fn read_some(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Ok(0));
        };
        let mut piece = ReadBuf::new(buffer.initialize_unfilled_to(limit));
        std::task::ready!(Pin::new(stream).poll_read(context, &mut piece))?;
        let read = piece.filled().len();
        buffer.advance(read);
        self.passed(Sense::Reads, read);
        Poll::Ready(Ok(read))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FaultyStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wanted = buffer.remaining();
        let limit = self.before_fault(Sense::Reads, wanted);
        if limit == Some(0) && wanted > 0 && self.stream.is_some() {
            if let Fault::Flip(mask) = self.fault {
                return self.read_flipped(context, buffer, mask);
            }
            self.strike();
        }
        match (&self.stream, self.fault) {
            (None, Fault::Reset) => Poll::Ready(Err(self.broken())),
            (Some(_), Fault::Stall) if limit == Some(0) => Poll::Pending,
            _ => self.read_some(context, buffer, limit.unwrap_or(wanted)).map_ok(|_| ()),
        }
    }
}

impl<S: AsyncRead + Unpin> FaultyStream<S> {
    /// Reads the one byte that arrives changed.
    fn read_flipped(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        mask: u8,
    ) -> Poll<io::Result<()>> {
        let read = std::task::ready!(self.read_some(context, buffer, 1))?;
        if read > 0 {
            self.happened = true;
            if let Some(last) = buffer.filled_mut().last_mut() {
                *last ^= mask;
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> FaultyStream<S> {
    fn write_some(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(self.broken()));
        };
        let written = std::task::ready!(Pin::new(stream).poll_write(context, bytes))?;
        self.passed(Sense::Writes, written);
        Poll::Ready(Ok(written))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FaultyStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let limit = self.before_fault(Sense::Writes, bytes.len());
        let struck = limit == Some(0) && !bytes.is_empty() && self.stream.is_some();
        match (self.fault, bytes) {
            (Fault::Flip(mask), [first, ..]) if struck => {
                let written = std::task::ready!(self.write_some(context, &[first ^ mask]))?;
                self.happened = written > 0;
                return Poll::Ready(Ok(written));
            }
            _ if struck => self.strike(),
            _ => {}
        }
        if self.fault == Fault::Stall && struck {
            return Poll::Pending;
        }
        let passing = bytes.get(..limit.unwrap_or(bytes.len())).unwrap_or(bytes);
        self.write_some(context, passing)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_flush(context),
            None => Poll::Ready(Err(self.broken())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_shutdown(context),
            None => Poll::Ready(Ok(())),
        }
    }
}
