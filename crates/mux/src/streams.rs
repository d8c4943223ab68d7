//! Which stream ids are in use, and who is owed the answer on each.
//!
//! A stream id belongs to the wire, not to the caller: once its request may have reached the server, only the
//! server's answer or the end of the connection gives it back. A caller that went away leaves an **orphan**.
//!
//! ```text
//!            claim                    complete
//!    free ----------> owed to a request ----------> free
//!     ^                |        |                     ^
//!     |    release     |        | orphan              | complete (the late answer)
//!     +----------------+        v                     |
//!       (never written)       orphaned ---------------+
//! ```
//!
//! Stream 0 is not among them: it is the connection's own. Servers answer there what they cannot attribute to
//! a request (a version they do not speak, a checksum that failed), which is then recognisable as such.

use std::time::Instant;

use cqlwire_codec::StreamId;

use crate::orphans::Orphans;

const NONE: u16 = 0;

#[derive(Clone, Copy, Debug)]
enum Stream {
    /// Not in use; `next` is the next free one, or [`NONE`].
    Free { next: u16 },
    /// An answer is owed to the request under this key.
    Owed { request: u32 },
    /// An answer is owed, and nobody waits for it any more.
    Orphaned,
}

/// An answer arrived on a stream on which none is owed: the connection cannot be trusted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOwed;

/// The stream ids of one connection, 1 to `limit`.
#[derive(Debug)]
pub(crate) struct Streams {
    /// By stream id; number 0 is never free. Grows to the most that were ever in use at once.
    streams: Vec<Stream>,
    free: u16,
    limit: u16,
    owed: usize,
    orphans: Orphans,
}

impl Streams {
    /// `limit` is how many may be in use at once, 1 to 32,767.
    pub(crate) fn new(limit: u16) -> Self {
        let limit = limit.clamp(1, i16::MAX.unsigned_abs());
        let streams = vec![Stream::Free { next: NONE }];
        Self { streams, free: NONE, limit, owed: 0, orphans: Orphans::new() }
    }

    /// How many requests are owed an answer.
    pub(crate) fn owed(&self) -> usize {
        self.owed
    }

    /// How many answers are owed to nobody.
    pub(crate) fn orphaned(&self) -> usize {
        self.orphans.count()
    }

    /// Since when the oldest of those answers has been owed to nobody.
    pub(crate) fn oldest_orphan(&self) -> Option<Instant> {
        self.orphans.oldest()
    }

    /// From now on so many may be in use at once, 1 to 32,767. Those that are stay so.
    pub(crate) fn set_limit(&mut self, limit: u16) {
        self.limit = limit.clamp(1, i16::MAX.unsigned_abs());
    }

    /// The limit, if as many are in use as may.
    #[inline]
    pub(crate) fn exhausted(&self) -> Option<u16> {
        let used = self.owed + self.orphans.count();
        (used >= usize::from(self.limit)).then_some(self.limit)
    }

    /// Take a free id for `request`; the last one given back first, while its cache lines are warm.
    pub(crate) fn claim(&mut self, request: u32) -> Option<StreamId> {
        if self.exhausted().is_some() {
            return None;
        }
        let id = match self.free {
            // Then all are in use that there are, so that there is one more below the limit.
            NONE => {
                let id = u16::try_from(self.streams.len()).ok()?;
                self.streams.push(Stream::Owed { request });
                id
            }
            id => {
                if let Stream::Free { next } = self.streams[usize::from(id)] {
                    self.free = next;
                }
                self.streams[usize::from(id)] = Stream::Owed { request };
                id
            }
        };
        self.owed += 1;
        i16::try_from(id).ok().map(StreamId::new)
    }

    /// The request that is owed the answer on `id`, if one still waits for it.
    pub(crate) fn owed_to(&self, id: StreamId) -> Option<u32> {
        match self.streams.get(id.index()?) {
            Some(Stream::Owed { request }) => Some(*request),
            Some(Stream::Free { .. } | Stream::Orphaned) | None => None,
        }
    }

    /// The answer on `id` came: the id is free again. Returns the request that it is for, if one still waits.
    pub(crate) fn complete(&mut self, id: StreamId) -> Result<Option<u32>, NotOwed> {
        let index = id.index().ok_or(NotOwed)?;
        let number = id.raw().unsigned_abs();
        let request = match self.streams.get(index) {
            Some(Stream::Owed { request }) => Some(*request),
            Some(Stream::Orphaned) => None,
            Some(Stream::Free { .. }) | None => return Err(NotOwed),
        };
        match request {
            Some(_) => self.owed -= 1,
            None => self.orphans.remove(number),
        }
        self.set_free(index);
        Ok(request)
    }

    /// The request on `id` was withdrawn before a byte of it left: the id is free again.
    pub(crate) fn release(&mut self, id: StreamId) {
        if let Some(index) = id.index().filter(|index| self.is_owed(*index)) {
            self.owed -= 1;
            self.set_free(index);
        }
    }

    /// The request on `id` has nobody waiting from `now` on, but the server still owes its answer.
    pub(crate) fn orphan(&mut self, id: StreamId, now: Instant) {
        if let Some(index) = id.index().filter(|index| self.is_owed(*index)) {
            self.streams[index] = Stream::Orphaned;
            self.owed -= 1;
            self.orphans.add(id.raw().unsigned_abs(), now);
        }
    }

    /// The connection is over: no answer is owed any more.
    pub(crate) fn drain(&mut self) {
        self.streams.truncate(1);
        (self.free, self.owed) = (NONE, 0);
        self.orphans.clear();
    }

    fn is_owed(&self, index: usize) -> bool {
        let owed = matches!(self.streams.get(index), Some(Stream::Owed { .. }));
        debug_assert!(owed, "stream {index} is given up by a request that does not hold it");
        owed
    }

    fn set_free(&mut self, index: usize) {
        self.streams[index] = Stream::Free { next: self.free };
        self.free = u16::try_from(index).unwrap_or(NONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_used_again_only_after_its_answer() {
        let mut streams = Streams::new(2);
        let first = streams.claim(10).unwrap();
        let second = streams.claim(11).unwrap();
        assert_ne!(first, second);
        assert_eq!(streams.claim(12), None);

        streams.orphan(first, Instant::now());
        assert_eq!(streams.claim(12), None, "an orphan holds its id");
        assert_eq!(streams.complete(first), Ok(None));
        assert_eq!(streams.claim(12), Some(first));
        assert_eq!(streams.complete(second), Ok(Some(11)));
        assert_eq!((streams.owed(), streams.orphaned()), (1, 0));
    }

    #[test]
    fn a_lower_limit_holds_once_ids_come_back_and_a_higher_one_at_once() {
        let mut streams = Streams::new(3);
        let ids: Vec<_> = (0..3).map(|request| streams.claim(request).unwrap()).collect();
        streams.set_limit(2);
        streams.orphan(ids[0], Instant::now());
        assert_eq!(streams.complete(ids[1]), Ok(Some(1)));
        assert_eq!(streams.claim(3), None, "one is owed, one is an orphan");
        streams.set_limit(4);
        assert!(streams.claim(3).is_some() && streams.claim(4).is_some());
        assert_eq!(streams.claim(5), None);
    }

    #[test]
    fn an_answer_that_is_not_owed_is_refused() {
        let mut streams = Streams::new(8);
        let id = streams.claim(0).unwrap();
        assert_eq!(streams.complete(id), Ok(Some(0)));
        assert_eq!(streams.complete(id), Err(NotOwed), "a second answer");
        assert_eq!(streams.complete(StreamId::new(5)), Err(NotOwed), "never issued");
        assert_eq!(streams.complete(StreamId::CONNECTION), Err(NotOwed));
        assert_eq!(streams.complete(StreamId::new(-7)), Err(NotOwed));
    }

    #[test]
    fn stream_zero_is_never_given_to_a_request() {
        let mut streams = Streams::new(u16::MAX);
        let ids: Vec<_> = std::iter::from_fn(|| streams.claim(0)).collect();
        assert_eq!(ids.len(), 32_767);
        assert!(ids.iter().all(|id| id.raw() > 0));
    }
}
