//! Writing: whole batches of envelopes, in segments where the version has them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::{Buf, BytesMut};
use cqlwire_codec::{HEADER_LEN, SegmentEncoder, SegmentEnd};
use cqlwire_mux::{Connection, Written};
use tokio::io::AsyncWrite;

use crate::deadline::now;

/// A buffer larger than this is not kept once it is written.
const LARGEST_KEPT: usize = 1 << 20;

/// The batch that is being written.
///
/// ```text
///   idle --take_from: envelopes there--> writing --all written--> flushing --flushed--> idle
/// ```
pub(super) struct Writer {
    /// `None`: envelopes go bare.
    segments: Option<SegmentEncoder>,
    /// As the multiplexer gave it out: envelopes back to back.
    batch: BytesMut,
    /// The same in segments.
    packed: BytesMut,
    ends: Vec<SegmentEnd>,
    /// How many envelopes the batch has.
    envelopes: usize,
    /// How many bytes of what goes to the socket it has taken.
    written: usize,
    /// It has taken some since that was last asked.
    moved: bool,
    /// How many bytes it took since they were counted last.
    uncounted: u64,
    flushing: bool,
    /// Would anybody like to know when it has taken which of them?
    is_timed: bool,
    /// When it had all of them but so many, until that is told.
    handed_over: Option<(Instant, usize)>,
}

impl Writer {
    pub(super) fn new(segments: Option<SegmentEncoder>) -> Self {
        Self {
            segments,
            batch: BytesMut::new(),
            packed: BytesMut::new(),
            ends: Vec::new(),
            envelopes: 0,
            written: 0,
            moved: false,
            uncounted: 0,
            flushing: false,
            is_timed: false,
            handed_over: None,
        }
    }

    /// Is everything written that was taken?
    pub(super) const fn is_idle(&self) -> bool {
        self.envelopes == 0 && !self.flushing
    }

    /// Takes the next batch; the lock is held, so it is only moved. Only when idle.
    pub(super) fn take_from(
        &mut self,
        core: &mut Connection,
        now: Instant,
        wakers: &mut Vec<Waker>,
    ) {
        debug_assert!(self.is_idle(), "a batch is taken before the last one is written");
        self.envelopes = core.poll_transmit(now, &mut self.batch, wakers);
        self.written = 0;
        self.is_timed = core.times_requests();
    }

    /// How many bytes the socket took since this was asked last.
    pub(super) const fn take_count(&mut self) -> u64 {
        std::mem::replace(&mut self.uncounted, 0)
    }

    /// How far it has got since that was last asked.
    pub(super) fn progress(&mut self) -> Written {
        let moved = std::mem::take(&mut self.moved);
        match (self.is_idle(), moved) {
            (true, _) => Written::All,
            (false, true) => Written::Part,
            (false, false) => Written::Nothing,
        }
    }

    /// When the socket had all of what was taken last but so many envelopes, if somebody would like to
    /// know and it is not known yet.
    pub(super) const fn take_handed_over(&mut self) -> Option<(Instant, usize)> {
        self.handed_over.take()
    }

    /// Is there something to be told to the multiplexer?
    pub(super) const fn has_news(&self) -> bool {
        self.handed_over.is_some()
    }

    /// Writes as much as the socket takes. True if that was all of a batch: there may be another.
    pub(super) fn write<S: AsyncWrite>(
        &mut self,
        stream: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> io::Result<bool> {
        if self.is_idle() {
            return Ok(false);
        }
        let is_done = self.write_batch(stream, context)?;
        if self.is_timed {
            self.note_time(is_done);
        }
        Ok(is_done)
    }

    /// TLS may hold what it took until it is flushed.
    #[cold]
    fn note_time(&mut self, is_done: bool) {
        if is_done || (self.moved && !self.flushing) {
            self.handed_over = Some((now(), self.unwritten()));
            self.is_timed = !is_done;
        }
    }

    #[inline]
    fn write_batch<S: AsyncWrite>(
        &mut self,
        mut stream: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> io::Result<bool> {
        self.pack();
        while self.written < self.outgoing().len() {
            let rest = self.outgoing().get(self.written..).unwrap_or_default();
            let error = match stream.as_mut().poll_write(context, rest) {
                Poll::Pending => return Ok(false),
                Poll::Ready(Ok(taken)) if taken > 0 => {
                    self.written += taken;
                    self.uncounted += taken as u64;
                    self.moved = true;
                    continue;
                }
                Poll::Ready(Ok(_)) => io::ErrorKind::WriteZero.into(),
                Poll::Ready(Err(error)) => error,
            };
            // TLS may have sent some of what it was offered before it failed.
            self.written = self.outgoing().len();
            return Err(error);
        }
        self.finish_batch();
        // TLS keeps bytes until it is told to let go of them.
        if stream.poll_flush(context)?.is_pending() {
            return Ok(false);
        }
        self.flushing = false;
        Ok(true)
    }

    /// How many envelopes of the batch were not wholly handed to the socket. Bytes that TLS still
    /// holds count as handed over, and so does all that was offered when a write failed: they may
    /// get there.
    pub(super) fn unwritten(&self) -> usize {
        if self.segments.is_some() && self.packed.is_empty() {
            return self.envelopes;
        }
        let whole = match self.segments {
            Some(_) => self.whole_in_segments(),
            None => whole_envelopes(self.batch.get(..self.written).unwrap_or_default()),
        };
        self.envelopes.saturating_sub(whole)
    }

    fn pack(&mut self) {
        if let Some(segments) = self.segments.as_mut().filter(|_| self.packed.is_empty()) {
            segments.encode(&self.batch, &mut self.packed, &mut self.ends);
        }
    }

    fn outgoing(&self) -> &[u8] {
        if self.segments.is_some() { &self.packed } else { &self.batch }
    }

    fn finish_batch(&mut self) {
        (self.envelopes, self.written, self.flushing) = (0, 0, true);
        self.ends.clear();
        for buffer in [&mut self.batch, &mut self.packed] {
            if buffer.capacity() > LARGEST_KEPT {
                *buffer = BytesMut::new();
            }
            buffer.clear();
        }
    }

    fn whole_in_segments(&self) -> usize {
        let ended = self.ends.iter().take_while(|end| end.offset <= self.written);
        ended.last().map_or(0, |end| end.envelopes)
    }
}

/// How many whole envelopes these bytes begin with.
fn whole_envelopes(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some([.., l0, l1, l2, l3]) = bytes.first_chunk::<HEADER_LEN>() {
        let body = u32::from_be_bytes([*l0, *l1, *l2, *l3]);
        let Some(whole) = usize::try_from(body).ok().and_then(|body| body.checked_add(HEADER_LEN))
        else {
            break;
        };
        if whole > bytes.len() {
            break;
        }
        bytes.advance(whole);
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests;
