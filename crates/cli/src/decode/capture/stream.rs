//! One direction of TCP: segments to bytes in order. What came twice is there once, what came too early
//! waits for what is before it, and what will not come is told.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::packet::Piece;

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The number of the byte that comes next, once anything was seen.
    next: Option<u32>,
    /// What came too early, by how far behind `next` it was when `base` was `next`.
    early: BTreeMap<u64, Bytes>,
    /// How many bytes were given out, or are missing: keys of `early` are of the same kind.
    position: u64,
    early_bytes: usize,
    /// Where it ends, if that was said.
    end: Option<u64>,
}

/// What there is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Got {
    Bytes(Bytes),
    /// So many bytes will not come.
    Missing(u64),
}

impl Stream {
    /// How many bytes wait for others.
    pub(super) const fn held(&self) -> usize {
        self.early_bytes
    }

    pub(super) fn is_over(&self) -> bool {
        self.end.is_some_and(|end| end <= self.position)
    }

    /// Takes what a packet carries.
    pub(super) fn take(&mut self, piece: &Piece<'_>) -> Vec<Got> {
        let mut got = Vec::new();
        let first = piece.sequence.wrapping_add(u32::from(piece.is_first));
        let next = *self.next.get_or_insert(first);
        let ahead = distance(next, first);
        let begins = i128::from(self.position) + i128::from(ahead);
        if piece.is_last {
            let length = i128::try_from(piece.payload.len()).unwrap_or(i128::MAX);
            self.end = u64::try_from(begins + length + i128::from(piece.missing)).ok();
        }
        // Of what came before, and of what is not in the packet any more, nothing is left.
        let known = usize::try_from(-begins + i128::from(self.position)).unwrap_or(0);
        let new = piece.payload.get(known..).unwrap_or_default();
        if !new.is_empty() {
            let at = u64::try_from(begins.max(i128::from(self.position))).unwrap_or(u64::MAX);
            self.put(at, Bytes::copy_from_slice(new));
            self.drain(&mut got);
        }
        if piece.missing > 0 && ahead <= 0 && known <= piece.payload.len() {
            // The packet was longer than what of it is in the capture.
            self.miss(u64::from(piece.missing), &mut got);
        }
        got
    }

    /// The other end has had all before this number.
    pub(super) fn acknowledge(&mut self, number: u32) -> Vec<Got> {
        let mut got = Vec::new();
        let Some(next) = self.next else { return got };
        // Only once something came behind it: an acknowledgement may overtake what it is of.
        let Some(first_early) = self.early.keys().next() else { return got };
        let ahead = u64::try_from(distance(next, number)).unwrap_or(0);
        if self.position + ahead >= *first_early {
            self.miss(first_early - self.position, &mut got);
        }
        got
    }

    /// What is missing will not come: all that is there.
    pub(super) fn give_up(&mut self) -> Vec<Got> {
        let mut got = Vec::new();
        while let Some(first_early) = self.early.keys().next() {
            self.miss(first_early - self.position, &mut got);
        }
        got
    }

    fn miss(&mut self, bytes: u64, got: &mut Vec<Got>) {
        got.push(Got::Missing(bytes));
        self.advance(bytes);
        self.drain(got);
    }

    fn advance(&mut self, bytes: u64) {
        self.position += bytes;
        // Numbers of TCP begin anew after 2^32.
        let [.., b4, b5, b6, b7] = bytes.to_be_bytes();
        self.next = self.next.map(|next| next.wrapping_add(u32::from_be_bytes([b4, b5, b6, b7])));
    }

    /// Keeps the longer one of two that begin at the same place.
    fn put(&mut self, at: u64, bytes: Bytes) {
        let known = self.early.get(&at).map_or(0, Bytes::len);
        if bytes.len() > known {
            self.early_bytes += bytes.len() - known;
            self.early.insert(at, bytes);
        }
    }

    /// Gives out what is in order by now.
    fn drain(&mut self, got: &mut Vec<Got>) {
        while let Some(first) =
            self.early.first_entry().filter(|first| *first.key() <= self.position)
        {
            let (at, bytes) = first.remove_entry();
            self.early_bytes -= bytes.len();
            let known = usize::try_from(self.position - at).unwrap_or(usize::MAX);
            if known < bytes.len() {
                let new = bytes.slice(known..);
                self.advance(u64::try_from(new.len()).unwrap_or(u64::MAX));
                got.push(Got::Bytes(new));
            }
        }
    }
}

/// How far `to` is behind `from`; less than nothing if it is before it.
fn distance(from: u32, to: u32) -> i64 {
    i64::from(to.wrapping_sub(from).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(sequence: u32, payload: &[u8]) -> Piece<'_> {
        Piece {
            from: ([127, 0, 0, 1], 1).into(),
            to: ([127, 0, 0, 1], 2).into(),
            sequence,
            acknowledged: None,
            is_first: false,
            is_last: false,
            is_reset: false,
            payload,
            missing: 0,
        }
    }

    fn bytes(bytes: &'static [u8]) -> Got {
        Got::Bytes(Bytes::from_static(bytes))
    }

    /// The numbers begin anew in the middle of all of these.
    const FIRST: u32 = u32::MAX - 1;

    #[test]
    fn what_comes_twice_is_there_once() {
        let mut stream = Stream::default();
        assert_eq!(stream.take(&piece(FIRST, b"abcd")), [bytes(b"abcd")]);
        assert_eq!(stream.take(&piece(FIRST, b"abcd")), []);
        assert_eq!(stream.take(&piece(FIRST.wrapping_sub(9), b"x")), []);
        assert_eq!(stream.take(&piece(FIRST.wrapping_add(2), b"cdef")), [bytes(b"ef")]);
    }

    #[test]
    fn what_comes_too_early_waits() {
        let mut stream = Stream::default();
        stream.take(&piece(FIRST, b"a"));
        assert_eq!(stream.take(&piece(FIRST.wrapping_add(4), b"ef")), []);
        assert_eq!(stream.take(&piece(FIRST.wrapping_add(4), b"efg")), []);
        assert_eq!(stream.held(), 3);
        let got = stream.take(&piece(FIRST.wrapping_add(1), b"bcde"));
        assert_eq!(got, [bytes(b"bcde"), bytes(b"fg")]);
        assert_eq!(stream.held(), 0);
    }

    #[test]
    fn what_the_other_end_has_had_will_not_come() {
        let mut stream = Stream::default();
        stream.take(&piece(FIRST, b"a"));
        stream.take(&piece(FIRST.wrapping_add(4), b"ef"));
        assert_eq!(stream.acknowledge(FIRST.wrapping_add(1)), []);
        let got = stream.acknowledge(FIRST.wrapping_add(6));
        assert_eq!(got, [Got::Missing(3), bytes(b"ef")]);
        assert_eq!(stream.take(&piece(FIRST.wrapping_add(1), b"bcd")), [], "too late");
        let mut stream = Stream::default();
        stream.take(&piece(FIRST, b"a"));
        stream.take(&piece(FIRST.wrapping_add(4), b"ef"));
        assert_eq!(stream.give_up(), [Got::Missing(3), bytes(b"ef")]);
    }

    #[test]
    fn of_a_packet_that_is_cut_the_rest_is_missing() {
        let mut stream = Stream::default();
        let cut = Piece { missing: 2, ..piece(FIRST, b"ab") };
        assert_eq!(stream.take(&cut), [bytes(b"ab"), Got::Missing(2)]);
        assert_eq!(stream.take(&cut), []);
        let last = Piece { is_last: true, ..piece(FIRST.wrapping_add(4), b"e") };
        assert_eq!(stream.take(&last), [bytes(b"e")]);
        assert!(stream.is_over());
    }
}
