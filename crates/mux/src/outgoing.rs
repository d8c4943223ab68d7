//! The requests that have a stream id but are not with the shell yet: one buffer of whole envelopes.
//!
//! Whatever gathered here goes out with the next write, however much it is. A request that is given up while it
//! is still here leaves no byte on the wire.
//!
//! Every envelope has a number. One comparison with [`Outgoing::taken`] tells whether it is still here, so that
//! taking the whole buffer touches no request. When gaps are closed, envelopes behind them move up and their
//! owners get their new numbers.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Buf, BytesMut};
use cqlwire_codec::{RequestEnvelope, StreamId};

#[derive(Clone, Copy, Debug)]
struct Queued {
    /// Whose envelope it is; none: the connection's own.
    owner: Option<u32>,
    /// Until when it may be written; none: the connection's own, at any time.
    deadline: Option<Instant>,
    bytes: usize,
    withdrawn: bool,
}

/// Envelopes in the order in which they will be written.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    buffer: BytesMut,
    queue: VecDeque<Queued>,
    /// How many envelopes were taken so far: the number of the first one that is still here.
    taken: u64,
    withdrawn_bytes: usize,
    /// No deadline of those that are here is before this one.
    earliest: Option<Instant>,
    /// The number of the last one that is the connection's own.
    own: u64,
}

impl Outgoing {
    /// Bytes that wait to be written; withdrawn ones do not count.
    pub(crate) fn bytes(&self) -> usize {
        self.buffer.len() - self.withdrawn_bytes
    }

    /// Bytes that the buffer holds, withdrawn ones included.
    #[cfg(test)]
    pub(crate) fn bytes_held(&self) -> usize {
        self.buffer.len()
    }

    /// How many envelopes were taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// Has the last of the connection's own been taken?
    pub(crate) fn own_is_taken(&self) -> bool {
        self.own < self.taken
    }

    /// Append the `envelope` of `owner` under `stream`; returns its number.
    pub(crate) fn push(
        &mut self,
        envelope: &RequestEnvelope,
        stream: StreamId,
        owner: Option<(u32, Instant)>,
    ) -> u64 {
        envelope.copy_to(stream, &mut self.buffer);
        let (owner, deadline) = owner.unzip();
        if let Some(deadline) = deadline
            && self.earliest.is_none_or(|earliest| deadline < earliest)
        {
            self.earliest = Some(deadline);
        }
        let bytes = envelope.len();
        self.queue.push_back(Queued { owner, deadline, bytes, withdrawn: false });
        let number = self.taken + self.queue.len() as u64 - 1;
        if owner.is_none() {
            self.own = number;
        }
        number
    }

    /// Take the envelope with this number out, if it is still here. It will never be written.
    pub(crate) fn withdraw(&mut self, number: u64, renumber: impl FnMut(u32, u64)) -> bool {
        let place = number.checked_sub(self.taken).and_then(|place| usize::try_from(place).ok());
        let Some(queued) = place.and_then(|place| self.queue.get_mut(place)) else { return false };
        queued.withdrawn = true;
        self.withdrawn_bytes += queued.bytes;
        // Against a server that stopped reading, requests come and go without a write in between:
        // what they leave behind must not add up.
        if self.withdrawn_bytes * 2 > self.buffer.len() {
            self.close_gaps(renumber);
        }
        true
    }

    /// Push the owners of those whose deadline is at or before `now` to `overdue`.
    pub(crate) fn overdue(&mut self, now: Instant, overdue: &mut Vec<u32>) {
        if self.earliest.is_none_or(|earliest| earliest > now) {
            return;
        }
        self.earliest = None;
        for queued in self.queue.iter().filter(|queued| !queued.withdrawn) {
            match queued.deadline {
                Some(deadline) if deadline <= now => overdue.extend(queued.owner),
                Some(deadline) if self.earliest.is_none_or(|earliest| deadline < earliest) => {
                    self.earliest = Some(deadline);
                }
                Some(_) | None => {}
            }
        }
    }

    /// Move envelopes of up to `limit` bytes, and at least one, to the empty `batch`.
    /// Returns how many envelopes that are.
    pub(crate) fn take(
        &mut self,
        limit: usize,
        batch: &mut BytesMut,
        renumber: impl FnMut(u32, u64),
    ) -> usize {
        if self.withdrawn_bytes > 0 {
            self.close_gaps(renumber);
        }
        let (mut count, mut bytes) = (self.queue.len(), self.buffer.len());
        if bytes <= limit {
            std::mem::swap(&mut self.buffer, batch);
            self.queue.clear();
            self.earliest = None;
        } else {
            (count, bytes) = self.fitting(limit);
            batch.extend_from_slice(&self.buffer[..bytes]);
            self.buffer.advance(bytes);
            self.queue.drain(..count);
        }
        self.taken += count as u64;
        count
    }

    /// Forget everything: the connection is over.
    pub(crate) fn clear(&mut self) {
        self.queue = VecDeque::new();
        self.buffer = BytesMut::new();
        self.withdrawn_bytes = 0;
        self.earliest = None;
    }

    fn fitting(&self, limit: usize) -> (usize, usize) {
        let (mut count, mut bytes) = (0, 0);
        for queued in &self.queue {
            if count > 0 && bytes + queued.bytes > limit {
                break;
            }
            count += 1;
            bytes += queued.bytes;
        }
        (count, bytes)
    }

    /// Drop what was withdrawn and move what is behind it up.
    fn close_gaps(&mut self, mut renumber: impl FnMut(u32, u64)) {
        let (mut read, mut write, mut number) = (0, 0, self.taken);
        let buffer = &mut self.buffer;
        self.queue.retain(|queued| {
            if !queued.withdrawn {
                buffer.copy_within(read..read + queued.bytes, write);
                write += queued.bytes;
                match queued.owner {
                    Some(owner) => renumber(owner, number),
                    None => self.own = number,
                }
                number += 1;
            }
            read += queued.bytes;
            !queued.withdrawn
        });
        buffer.truncate(write);
        self.withdrawn_bytes = 0;
    }
}
