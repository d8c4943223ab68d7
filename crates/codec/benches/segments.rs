//! Segments, written and read: both checksums, and LZ4.
//!
//! ```text
//! cargo bench -p cqlwire-codec --bench segments
//! ```
//!
//! Once of requests that are small and gathered, once of a page that is large and sliced. What a
//! copy of as many bytes takes stands beside it, as a measure of the machine.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

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
