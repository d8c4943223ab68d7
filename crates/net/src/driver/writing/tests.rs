//! How much of a batch counts as written, wherever the socket stops taking it.

use std::collections::VecDeque;
use std::time::Duration;

use cqlwire_codec::{ProtocolVersion, RequestEnvelope};
use cqlwire_mux::{Connection, Outcome, Reached, Settings, Ticket};

use super::*;
use crate::deadline::now;

/// What the socket does with one write.
#[derive(Clone, Copy, Debug)]
enum Takes {
    Bytes(usize),
    /// As many as it is offered.
    All,
    NothingNow,
    /// It takes some, sends them, and then reports an error, as TLS may.
    SomeAndFails,
}

struct Socket {
    takes: VecDeque<Takes>,
    flush: Option<io::ErrorKind>,
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.takes.pop_front().unwrap_or(Takes::NothingNow) {
            Takes::Bytes(count) => Poll::Ready(Ok(count.min(bytes.len()))),
            Takes::All => Poll::Ready(Ok(bytes.len())),
            Takes::NothingNow => Poll::Pending,
            Takes::SomeAndFails => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.flush.map_or(Ok(()), |kind| Err(kind.into())))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A connection with so many requests, the first `taken` of which are in the writer's batch.
struct Bench {
    core: Connection,
    writer: Writer,
    tickets: Vec<Ticket>,
    wakers: Vec<Waker>,
}

impl Bench {
    fn new(version: ProtocolVersion, requests: usize) -> Self {
        // A batch of two.
        let length = RequestEnvelope::options(version).len();
        let settings = Settings { max_batch_bytes: 2 * length, ..Settings::default() };
        let mut core = Connection::new(now(), version, settings);
        let deadline = now() + Duration::from_secs(60);
        let submit =
            |_| core.submit(&RequestEnvelope::options(version), deadline, None).unwrap().ticket;
        let tickets = (0..requests).map(submit).collect();
        let segments = version.uses_segments().then(|| SegmentEncoder::new(None));
        let mut writer = Writer::new(segments);
        writer.take_from(&mut core, now(), &mut Vec::new());
        Self { core, writer, tickets, wakers: Vec::new() }
    }

    fn write(&mut self, takes: &[Takes], flush: Option<io::ErrorKind>) -> io::Result<bool> {
        let mut socket = Socket { takes: takes.iter().copied().collect(), flush };
        let mut context = Context::from_waker(Waker::noop());
        self.writer.write(Pin::new(&mut socket), &mut context)
    }

    /// The connection ends: how far each request has got.
    fn end(mut self) -> Vec<Reached> {
        self.core.handle_end(self.writer.unwritten(), &mut self.wakers);
        let mut outcomes = Vec::new();
        for ticket in self.tickets {
            match self.core.poll_outcome(ticket, &mut None).unwrap() {
                Outcome::ConnectionEnded(reached) => outcomes.push(reached),
                other => panic!("{other:?}"),
            }
        }
        outcomes
    }
}

const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::V4, ProtocolVersion::V5];

#[test]
fn all_that_was_offered_counts_as_written_once_a_write_has_failed() {
    use Reached::{Queued, Written};
    for version in VERSIONS {
        for takes in [&[Takes::SomeAndFails][..], &[Takes::Bytes(1), Takes::SomeAndFails]] {
            let mut bench = Bench::new(version, 3);
            bench.write(takes, None).unwrap_err();
            assert_eq!(bench.end(), [Written, Written, Queued], "{version} {takes:?}");
        }
        let mut bench = Bench::new(version, 3);
        let error = bench.write(&[Takes::Bytes(0)], None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
        assert_eq!(bench.end(), [Written, Written, Queued]);
    }
}

#[test]
fn all_of_a_batch_counts_as_written_once_its_flush_has_failed() {
    for version in VERSIONS {
        let mut bench = Bench::new(version, 2);
        bench.write(&[Takes::All], Some(io::ErrorKind::ConnectionReset)).unwrap_err();
        assert_eq!(bench.end(), [Reached::Written; 2]);
    }
}

#[test]
fn what_was_not_taken_whole_does_not_count_while_no_write_has_failed() {
    use Reached::{Queued, Written};
    let length = RequestEnvelope::options(ProtocolVersion::V4).len();
    let cases = [
        (0, [Queued, Queued]),
        (length - 1, [Queued, Queued]),
        (length, [Written, Queued]),
        (2 * length - 1, [Written, Queued]),
        (2 * length, [Written, Written]),
    ];
    for (taken, expected) in cases {
        let mut bench = Bench::new(ProtocolVersion::V4, 2);
        let takes = if taken == 0 { Takes::NothingNow } else { Takes::Bytes(taken) };
        bench.write(&[takes], None).unwrap();
        assert_eq!(bench.end(), expected, "{taken} bytes");
    }
}

#[test]
fn a_segment_counts_as_written_from_its_last_byte_on() {
    use Reached::{Queued, Written};
    let whole = {
        let mut bench = Bench::new(ProtocolVersion::V5, 2);
        bench.write(&[], None).unwrap();
        let whole = bench.writer.packed.len();
        assert_eq!(bench.end(), [Queued; 2]);
        whole
    };
    for (taken, expected) in [(whole - 1, Queued), (whole, Written)] {
        let mut bench = Bench::new(ProtocolVersion::V5, 2);
        // Taken whole it is flushed, which takes another try.
        bench.write(&[Takes::Bytes(taken)], None).unwrap();
        assert_eq!(bench.end(), [expected; 2], "{taken} of {whole} bytes");
    }
}

#[test]
fn the_envelopes_of_a_segment_count_once_the_socket_has_its_last_byte() {
    use Reached::{Queued, Written};
    let large = |tag: u8| {
        let mut bytes = vec![4, 0, 0, 0, 0x07, 0, 1, 0x86, 0xA0];
        bytes.resize(9 + 100_000, tag);
        bytes[0] = 5;
        RequestEnvelope::from_bytes(&bytes).unwrap()
    };
    let segments_of_two = || {
        let mut core = Connection::new(
            now(),
            ProtocolVersion::V5,
            Settings { max_batch_bytes: 1 << 20, ..Settings::default() },
        );
        let deadline = now() + Duration::from_secs(60);
        let tickets = [1, 2]
            .map(|tag| core.submit(&large(tag), deadline, None).unwrap().ticket)
            .into_iter()
            .collect();
        let mut writer = Writer::new(Some(SegmentEncoder::new(None)));
        writer.take_from(&mut core, now(), &mut Vec::new());
        Bench { core, writer, tickets, wakers: Vec::new() }
    };
    let mut bench = segments_of_two();
    bench.write(&[], None).unwrap();
    let first = bench.writer.ends[0].offset;
    assert_eq!(bench.writer.ends.len(), 2);
    bench.end();
    for (taken, expected) in [(first - 1, [Queued, Queued]), (first, [Written, Queued])] {
        let mut bench = segments_of_two();
        bench.write(&[Takes::Bytes(taken)], None).unwrap();
        assert_eq!(bench.writer.progress(), cqlwire_mux::Written::Part);
        assert_eq!(bench.writer.progress(), cqlwire_mux::Written::Nothing);
        assert_eq!(bench.end(), expected, "{taken} of {first} bytes");
    }
}
