//! Segments, written and read: both checksums, and LZ4.
//!
//! ```text
//! cargo bench -p cqlwire-codec --bench segments
//! ```
//!
//! Once of requests that are small and gathered, once of a page that is large and sliced. What a
//! copy of as many bytes takes stands beside it, as a measure of the machine, and so does what of it
//! the checksums are: of a header, and of the longest payload.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

#[path = "../src/framing/crc.rs"]
mod crc;

use bytes::BytesMut;
use cqlwire_codec::{
    Compression, DecoderSettings, Direction, EnvelopeDecoder, EnvelopeFlags, EnvelopeHeader,
    Opcode, ProtocolVersion, SegmentEncoder, StreamId,
};
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// What goes into segments: how many envelopes with bodies of how many bytes.
const LOADS: [(usize, usize); 2] = [(1000, 100), (1, 1_000_000)];

/// The longest payload of a segment, in bytes: one less than 128 KiB.
const LONGEST_PAYLOAD: usize = 131_071;

fn main() {
    divan::main();
}

/// Envelopes back to back, half of whose bytes repeat, as those of rows do.
fn envelopes((count, length): (usize, usize)) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(7);
    let header = EnvelopeHeader {
        version: ProtocolVersion::V5,
        direction: Direction::Response,
        flags: EnvelopeFlags::NONE,
        stream: StreamId::new(1),
        opcode: Opcode::Result,
        length: u32::try_from(length).unwrap(),
    };
    let mut out = Vec::new();
    for _ in 0..count {
        out.extend(header.encode());
        out.extend((0..length).map(|at| if at % 8 < 4 { 0 } else { random.u8(..) }));
    }
    out
}

fn segments(compression: Option<Compression>, envelopes: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    SegmentEncoder::new(compression).encode(envelopes, &mut out, &mut Vec::new());
    out
}

#[divan::bench(args = LOADS)]
fn copy(bencher: Bencher<'_, '_>, load: (usize, usize)) {
    let envelopes = envelopes(load);
    let mut out = BytesMut::with_capacity(2 * envelopes.len());
    bencher.counter(BytesCount::new(envelopes.len())).bench_local(|| {
        out.clear();
        out.extend_from_slice(black_box(&envelopes));
    });
}

/// Of a plain header, and of one with LZ4.
#[divan::bench(args = [3, 5])]
fn crc24_header(bencher: Bencher<'_, '_>, length: usize) {
    let header = [0xA5; 5];
    let header = &header[..length];
    bencher.counter(BytesCount::new(length)).bench_local(|| crc::crc24(black_box(header)));
}

/// Of a small envelope, and of a full segment.
#[divan::bench(args = [100, LONGEST_PAYLOAD])]
fn crc32_payload(bencher: Bencher<'_, '_>, length: usize) {
    let payload = envelopes((1, length));
    let payload = &payload[..length];
    bencher.counter(BytesCount::new(length)).bench_local(|| crc::crc32(black_box(payload)));
}

#[divan::bench(args = LOADS)]
fn encode_plain(bencher: Bencher<'_, '_>, load: (usize, usize)) {
    encode(bencher, load, None);
}

#[divan::bench(args = LOADS)]
fn encode_lz4(bencher: Bencher<'_, '_>, load: (usize, usize)) {
    encode(bencher, load, Some(Compression::Lz4));
}

fn encode(bencher: Bencher<'_, '_>, load: (usize, usize), compression: Option<Compression>) {
    let envelopes = envelopes(load);
    let mut encoder = SegmentEncoder::new(compression);
    let mut out = BytesMut::with_capacity(2 * envelopes.len());
    let mut ends = Vec::with_capacity(100);
    bencher.counter(BytesCount::new(envelopes.len())).bench_local(|| {
        out.clear();
        ends.clear();
        encoder.encode(black_box(&envelopes), &mut out, &mut ends);
    });
}

#[divan::bench(args = LOADS)]
fn decode_plain(bencher: Bencher<'_, '_>, load: (usize, usize)) {
    decode(bencher, load, None);
}

#[divan::bench(args = LOADS)]
fn decode_lz4(bencher: Bencher<'_, '_>, load: (usize, usize)) {
    decode(bencher, load, Some(Compression::Lz4));
}

fn decode(bencher: Bencher<'_, '_>, load: (usize, usize), compression: Option<Compression>) {
    let plain = envelopes(load);
    let wire = segments(compression, &plain);
    bencher.counter(BytesCount::new(plain.len())).with_inputs(|| wire.clone()).bench_local_values(
        |mut wire| {
            let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
            decoder.switch_to_segments(compression);
            while let Some(envelope) = decoder.decode(&mut wire).unwrap() {
                black_box(envelope);
            }
        },
    );
}
