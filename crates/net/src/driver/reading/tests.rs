//! How much is read and split before it is delivered.

use cqlwire_codec::{
    Compression, DecoderSettings, Direction, EnvelopeFlags, EnvelopeHeader, Opcode,
    ProtocolVersion, SegmentEncoder, StreamId,
};
use cqlwire_mux::Settings;
use tokio::io::ReadBuf;

use super::*;
use crate::deadline::now;

/// Gives its bytes over and over, as much as it is asked for.
struct Endless {
    bytes: Vec<u8>,
    at: usize,
    read: usize,
}

impl AsyncRead for Endless {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        while buffer.remaining() > 0 {
            let rest = &self.bytes[self.at..];
            let count = rest.len().min(buffer.remaining());
            buffer.put_slice(&rest[..count]);
            self.at = (self.at + count) % self.bytes.len();
            self.read += count;
        }
        Poll::Ready(Ok(()))
    }
}

fn event(version: ProtocolVersion, length: usize) -> Vec<u8> {
    let header = EnvelopeHeader {
        version,
        direction: Direction::Response,
        flags: EnvelopeFlags::NONE,
        stream: StreamId::EVENT,
        opcode: Opcode::Event,
        length: u32::try_from(length).unwrap(),
    };
    [&header.encode()[..], &vec![0; length]].concat()
}

fn read(incoming: &mut Incoming, stream: &mut Endless) -> Read {
    incoming.read(Pin::new(stream), &mut Context::from_waker(Waker::noop()))
}

const BUDGET: usize = 64 << 10;

#[test]
fn a_server_that_never_stops_is_read_as_far_as_the_budget_goes() {
    let decoder = EnvelopeDecoder::new(DecoderSettings::default());
    let mut incoming = Incoming::new(decoder, BytesMut::new(), BUDGET);
    let mut stream = Endless { bytes: event(ProtocolVersion::V4, 100), at: 0, read: 0 };
    assert!(matches!(read(&mut incoming, &mut stream), Read::More));
    assert!(stream.read <= BUDGET + LARGEST_READ, "{} bytes", stream.read);
    assert!(incoming.has_come());
}

#[test]
fn one_large_envelope_is_read_as_far_as_the_budget_goes() {
    let decoder = EnvelopeDecoder::new(DecoderSettings::default());
    let mut incoming = Incoming::new(decoder, BytesMut::new(), BUDGET);
    let mut stream = Endless { bytes: event(ProtocolVersion::V4, 8 << 20), at: 0, read: 0 };
    assert!(matches!(read(&mut incoming, &mut stream), Read::More));
    assert!(stream.read <= BUDGET + LARGEST_READ, "{} bytes", stream.read);
}

#[test]
fn g11_5_what_is_split_and_not_delivered_is_bounded_in_bytes() {
    // 60 KiB on the wire, of segments that are 255 times as large: nothing but empty events.
    let version = ProtocolVersion::V5;
    let plain = event(version, 0).repeat(14_500);
    let mut wire = BytesMut::new();
    SegmentEncoder::new(Some(Compression::Lz4)).encode(&plain, &mut wire, &mut Vec::new());
    let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
    decoder.switch_to_segments(Some(Compression::Lz4));
    let mut incoming = Incoming::new(decoder, BytesMut::new(), BUDGET);
    let mut stream = Endless { bytes: wire.repeat(100), at: 0, read: 0 };
    let mut core = Connection::new(now(), version, Settings::default());
    let (mut delivered, mut before) = (0, 0);
    for _ in 0..1_000 {
        assert!(matches!(read(&mut incoming, &mut stream), Read::More));
        let held = incoming.arrivals.len() * size_of::<Arrival>();
        assert!(held > 0 && held <= BUDGET + size_of::<Arrival>(), "{held} bytes");
        delivered += incoming.arrivals.len();
        incoming.deliver(&mut core, now(), &mut Vec::new()).unwrap();
        // Nothing is lost on the way.
        let kept = core.usage().events + usize::try_from(core.dropped_events()).unwrap();
        assert_eq!(kept, delivered);
        assert!(delivered > before);
        before = delivered;
    }
}

#[test]
fn what_has_come_is_split_bit_by_bit_though_nothing_more_does() {
    let decoder = EnvelopeDecoder::new(DecoderSettings::default());
    let come = event(ProtocolVersion::V4, 150).repeat(3);
    let mut incoming = Incoming::new(decoder, BytesMut::from(&come[..]), 200);
    let mut core = Connection::new(now(), ProtocolVersion::V4, Settings::default());
    let (mut silent, _server) = tokio::io::duplex(1);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..3 {
        assert!(matches!(incoming.read(Pin::new(&mut silent), &mut context), Read::More));
        assert_eq!(incoming.arrivals.len(), 1);
        incoming.deliver(&mut core, now(), &mut Vec::new()).unwrap();
    }
    assert!(matches!(incoming.read(Pin::new(&mut silent), &mut context), Read::Pending));
    assert_eq!((incoming.arrivals.len(), core.usage().events), (0, 3));
}

/// How an envelope is on the wire.
#[derive(Copy, Clone, Debug)]
enum Wire {
    Bare(ProtocolVersion),
    /// Each body is an LZ4 block.
    Compressed,
    Segments(Option<Compression>),
}

const WIRES: [Wire; 5] = [
    Wire::Bare(ProtocolVersion::V3),
    Wire::Bare(ProtocolVersion::V4),
    Wire::Compressed,
    Wire::Segments(None),
    Wire::Segments(Some(Compression::Lz4)),
];

impl Wire {
    fn decoder(self) -> EnvelopeDecoder {
        let mut settings = DecoderSettings::default();
        if let Self::Compressed = self {
            settings.compression = Some(Compression::Lz4);
        }
        let mut decoder = EnvelopeDecoder::new(settings);
        if let Self::Segments(compression) = self {
            decoder.switch_to_segments(compression);
        }
        decoder
    }

    /// These bodies, back to back.
    fn encode(self, bodies: &[Vec<u8>]) -> Vec<u8> {
        let envelopes = bodies.iter().map(|body| match self {
            Self::Bare(version) => of_body(version, EnvelopeFlags::NONE, body),
            Self::Compressed => {
                of_body(ProtocolVersion::V4, EnvelopeFlags::COMPRESSED, &as_literals(body))
            }
            Self::Segments(_) => of_body(ProtocolVersion::V5, EnvelopeFlags::NONE, body),
        });
        let plain = envelopes.collect::<Vec<_>>().concat();
        let Self::Segments(compression) = self else { return plain };
        let mut wire = BytesMut::new();
        SegmentEncoder::new(compression).encode(&plain, &mut wire, &mut Vec::new());
        wire.to_vec()
    }
}

fn of_body(version: ProtocolVersion, flags: EnvelopeFlags, body: &[u8]) -> Vec<u8> {
    let header = EnvelopeHeader {
        version,
        direction: Direction::Response,
        flags,
        stream: StreamId::EVENT,
        opcode: Opcode::Event,
        length: u32::try_from(body.len()).unwrap(),
    };
    [&header.encode()[..], body].concat()
}

/// An LZ4 block of nothing but literals, after the length of what it is.
fn as_literals(body: &[u8]) -> Vec<u8> {
    let mut block = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    match body.len().checked_sub(15) {
        None => block.push(u8::try_from(body.len() << 4).unwrap()),
        Some(more) => {
            block.push(0xF0);
            block.extend(std::iter::repeat_n(255, more / 255));
            block.push(u8::try_from(more % 255).unwrap());
        }
    }
    block.extend_from_slice(body);
    block
}

/// Gives its bytes in pieces, and then nothing more.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    longest: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let rest = &self.bytes[self.at..];
        if rest.is_empty() || fastrand::u8(..) < 16 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = fastrand::usize(1..=self.longest).min(rest.len()).min(buffer.remaining());
        buffer.put_slice(&rest[..piece]);
        self.at += piece;
        Poll::Ready(Ok(()))
    }
}

/// The bodies that come out, each as it was.
fn bodies_of(incoming: &mut Incoming, stream: &mut Pieces, count: usize) -> Vec<bytes::Bytes> {
    let mut bodies = Vec::with_capacity(count);
    while bodies.len() < count {
        let read = incoming.read(Pin::new(stream), &mut Context::from_waker(Waker::noop()));
        assert!(!matches!(read, Read::End(_)), "it has failed");
        bodies.extend(incoming.arrivals.drain(..).map(|arrival| match arrival {
            Arrival::Envelope(envelope) => envelope.body,
            other => panic!("{other:?}"),
        }));
        // As once they are delivered.
        incoming.split = 0;
    }
    bodies
}

/// How much memory this body keeps, all of it, and not only what follows its first byte. Nobody else
/// has any of it.
fn memory_of(body: bytes::Bytes) -> usize {
    let mut memory = body.try_into_mut().expect("it is nobody else's");
    memory.clear();
    let (mut low, mut high) = (memory.capacity(), 64 << 20);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if memory.try_reclaim(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

fn size() -> usize {
    match fastrand::u8(..8) {
        0 => fastrand::usize(..64),
        1 | 2 => fastrand::usize(..2_000),
        3 => fastrand::usize(4_000..20_000),
        4 | 5 => LARGE_BODY - 300 + fastrand::usize(..600),
        6 => fastrand::usize(60_000..300_000),
        _ => fastrand::usize(130_000..1_500_000),
    }
}

/// However it came: in what pieces, beside whatever others, whatever room there was for it.
#[test]
fn g2_6_a_body_that_is_kept_keeps_at_most_twice_its_own_memory_and_one_block() {
    for (seed, wire) in (0..120).flat_map(|seed| WIRES.map(|wire| (seed, wire))) {
        fastrand::seed(seed);
        let bodies: Vec<Vec<u8>> = (0..fastrand::usize(1..12))
            .map(|number| vec![u8::try_from(number).unwrap() | fastrand::u8(..) << 4; size()])
            .collect();
        let longest = [1_400, 16 << 10, 64 << 10, 4 << 20][fastrand::usize(..4)];
        let mut stream = Pieces { bytes: wire.encode(&bodies), at: 0, longest };
        let budget = [1, BUDGET, 1 << 20][fastrand::usize(..3)];
        let mut incoming = Incoming::new(wire.decoder(), BytesMut::new(), budget);
        let mut come = bodies_of(&mut incoming, &mut stream, bodies.len());
        assert!(come.iter().eq(bodies.iter()), "seed {seed}, {wire:?}");
        drop(incoming);
        let kept = come.swap_remove(fastrand::usize(..come.len()));
        drop(come);
        let length = kept.len();
        let memory = memory_of(kept);
        assert!(
            memory <= 2 * length + (4 << 10),
            "seed {seed}, {wire:?}: {length} bytes keep {memory}"
        );
    }
}

/// Those that are small lie side by side: a thousand that are kept take little more than they are.
#[test]
fn g2_6_small_bodies_that_are_kept_together_take_little_more_than_they_are() {
    // What was decompressed by itself has memory of its own.
    for wire in WIRES.into_iter().filter(|wire| !matches!(wire, Wire::Compressed)) {
        let bodies: Vec<Vec<u8>> = (0..1_000_usize).map(|n| vec![7; n % 200]).collect();
        let mut stream = Pieces { bytes: wire.encode(&bodies), at: 0, longest: 16 << 10 };
        let mut incoming = Incoming::new(wire.decoder(), BytesMut::new(), BUDGET);
        let come = bodies_of(&mut incoming, &mut stream, bodies.len());
        drop(incoming);
        let mut blocks = std::collections::BTreeSet::new();
        for body in come.iter().filter(|body| !body.is_empty()) {
            blocks.insert(body.as_ptr() as usize >> 11);
        }
        let length: usize = bodies.iter().map(Vec::len).sum();
        // Memory is counted in pieces of 2 KiB, of which a block may touch two.
        let touched = blocks.len() * 2_048;
        assert!(touched <= 3 * length, "{wire:?}: {length} bytes touch {touched}");
    }
}

/// A large envelope whose header is not all there yet is not read whole into a buffer that is larger than
/// it: its body would keep all of that.
#[test]
fn g2_6_a_buffer_for_reads_in_general_has_no_room_for_a_large_envelope() {
    for present in [0, 1, 5, 9, 1_000, 60_000, LARGE_BODY - 9] {
        let mut incoming = Incoming::new(
            EnvelopeDecoder::new(DecoderSettings::default()),
            BytesMut::with_capacity(LARGEST_READ),
            BUDGET,
        );
        incoming.room = LARGEST_READ;
        incoming.buffer.extend_from_slice(&vec![0; present]);
        for _ in 0..3 {
            incoming.make_room();
            let room = incoming.buffer.capacity() - present;
            assert!(incoming.buffer.capacity() <= LARGE_BODY && room >= 9, "{present}: {room}");
        }
        // One that had a large envelope, which is gone by now.
        let mut large = BytesMut::with_capacity(1 << 20);
        large.extend_from_slice(&vec![0; 1 << 20]);
        drop(large.split_to(1 << 20));
        large.extend_from_slice(&vec![0; present]);
        incoming.buffer = large;
        incoming.make_room();
        assert!(incoming.buffer.capacity() <= LARGE_BODY, "{present}");
        assert_eq!(incoming.buffer.len(), present);
    }
}
