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
