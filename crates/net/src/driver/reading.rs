//! Reading: what is there, as far as the budget goes, split into envelopes.
//!
//! The budget is one of bytes read, and of bytes split and not delivered too: a segment may hold 255
//! times what it has on the wire. What is over that stays unsplit until the rest is delivered.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::BytesMut;
use cqlwire_codec::{Arrival, Envelope, EnvelopeDecoder, HEADER_LEN, LARGE_BODY};
use cqlwire_mux::{Connection, Violation};
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use crate::ConnectionEnd;

/// How much room a read has at first. Doubled when a read fills it, up to [`LARGEST_READ`]: a
/// connection that carries little costs little.
const SMALLEST_READ: usize = 8 << 10;
const LARGEST_READ: usize = 128 << 10;

/// What has been read and not delivered.
pub(super) struct Incoming {
    decoder: EnvelopeDecoder,
    buffer: BytesMut,
    arrivals: Vec<Arrival>,
    /// How much of the budget these take.
    split: usize,
    room: usize,
    budget: usize,
    /// Bytes have come since the last delivery.
    progress: bool,
    /// How many came since they were counted last.
    uncounted: u64,
    /// There may be whole envelopes among what has come that are not split yet.
    unsplit: bool,
}

/// How a stretch of reading ended.
pub(super) enum Read {
    /// Nothing more is there; the task is woken when there is.
    Pending,
    /// The budget is spent. There may be more, read or not.
    More,
    /// Nothing more will come.
    End(ConnectionEnd),
}

impl Incoming {
    /// `buffer` may hold bytes that came with the end of the handshake.
    pub(super) fn new(decoder: EnvelopeDecoder, buffer: BytesMut, budget: usize) -> Self {
        let (arrivals, split, room) = (Vec::new(), 0, SMALLEST_READ);
        let (budget, progress, uncounted) = (budget.max(1), true, 0);
        // So may the decoder, which tells only when it is asked.
        let unsplit = true;
        Self { decoder, buffer, arrivals, split, room, budget, progress, uncounted, unsplit }
    }

    /// Reads and splits. What came before the end is there to be delivered all the same.
    pub(super) fn read<S: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut S>,
        context: &mut Context<'_>,
    ) -> Read {
        let mut read = 0;
        loop {
            if self.unsplit {
                self.progress = true;
                if let Err(end) = self.split() {
                    return Read::End(end);
                }
            }
            if self.unsplit || read >= self.budget {
                return Read::More;
            }
            self.make_room();
            let spare = self.buffer.capacity() - self.buffer.len();
            let got = match poll_read_buf(stream.as_mut(), context, &mut self.buffer) {
                Poll::Pending => return Read::Pending,
                Poll::Ready(Ok(0)) => return Read::End(self.cut_off()),
                Poll::Ready(Ok(got)) => got,
                Poll::Ready(Err(error)) => return Read::End(error.into()),
            };
            read += got;
            self.uncounted += got as u64;
            self.unsplit = true;
            if got == spare {
                self.room = (self.room * 2).min(LARGEST_READ);
            }
        }
    }

    /// How many bytes came since this was asked last.
    pub(super) const fn take_count(&mut self) -> u64 {
        std::mem::replace(&mut self.uncounted, 0)
    }

    /// Is there something to deliver?
    pub(super) const fn has_come(&self) -> bool {
        self.progress
    }

    /// Gives back what is kept only to be quick, and shrinks reads to what little has to come.
    pub(super) fn release_memory(&mut self) {
        self.decoder.release_memory();
        if self.buffer.is_empty() {
            (self.buffer, self.room) = (BytesMut::new(), SMALLEST_READ);
        }
    }

    /// Hands what was read to the requests that it answers.
    pub(super) fn deliver(
        &mut self,
        core: &mut Connection,
        now: Instant,
        wakers: &mut Vec<Waker>,
    ) -> Result<(), Violation> {
        if !std::mem::take(&mut self.progress) {
            return Ok(());
        }
        self.split = 0;
        if self.arrivals.is_empty() {
            core.handle_progress(now);
            return Ok(());
        }
        core.handle_envelopes(now, self.arrivals.drain(..), wakers)
    }

    /// Tells whose response is under way, of which so far no more than a part has come.
    #[cold]
    pub(super) fn tell_first_byte(&self, core: &mut Connection, now: Instant) {
        if let Some(header) = self.decoder.under_way(&self.buffer) {
            core.handle_first_byte(now, header.stream);
        }
    }

    /// Makes room for the next read. A large envelope gets a buffer that ends with it: its body will
    /// keep all of the buffer's memory.
    fn make_room(&mut self) {
        let (present, needs) = (self.buffer.len(), self.decoder.needs());
        if let Some(most) = LARGE_BODY.checked_sub(present).filter(|most| *most >= needs) {
            return make_room(&mut self.buffer, self.room.min(most).max(needs));
        }
        // One that reads in general were made into may be twice as large as what is left of this one.
        let spare = self.buffer.capacity() - present;
        if spare < needs || spare - needs > (present + needs) / 8 {
            let mut grown = BytesMut::with_capacity(present + needs);
            grown.extend_from_slice(&self.buffer);
            self.buffer = grown;
        }
    }

    /// Splits what has come, as far as the budget goes.
    fn split(&mut self) -> Result<(), ConnectionEnd> {
        while self.split < self.budget {
            let Some(arrival) = self.decoder.decode_or_skip(&mut self.buffer)? else {
                self.unsplit = false;
                return Ok(());
            };
            self.split += size_of::<Arrival>() + HEADER_LEN;
            if let Arrival::Envelope(Envelope { body, .. }) = &arrival {
                self.split += body.len();
            }
            self.arrivals.push(arrival);
        }
        Ok(())
    }

    /// The stream has ended: in good order, or in the middle of an envelope.
    fn cut_off(&self) -> ConnectionEnd {
        self.decoder
            .finish(&self.buffer)
            .map_or_else(Into::into, |()| ConnectionEnd::ClosedByServer)
    }
}

/// Room for at least so many bytes more, in no larger buffer than a large envelope fits into: that would
/// be read into it whole before its length is known, and keep all of it. So it is not for the buffer to
/// double itself, nor to take up again what a large envelope had.
fn make_room(buffer: &mut BytesMut, bytes: usize) {
    let has_room = buffer.capacity() - buffer.len() >= bytes;
    if (has_room || buffer.try_reclaim(bytes)) && buffer.capacity() <= LARGE_BODY {
        return;
    }
    // Rounded up, so that what is left over of an envelope next time finds room as well.
    let capacity = (buffer.len() + bytes).next_multiple_of(SMALLEST_READ).min(LARGE_BODY);
    let mut another = BytesMut::with_capacity(capacity);
    another.extend_from_slice(buffer);
    *buffer = another;
}

#[cfg(test)]
mod tests;
