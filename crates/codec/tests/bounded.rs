//! Memory: nothing is allocated for what is only declared, and what a message takes in memory is a
//! small multiple of its bytes, whatever they are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../src/vectors.rs"]
#[allow(dead_code, reason = "shared with the unit tests")]
mod vectors;

use std::alloc::System;
use std::process::ExitCode;

use bytes::{Bytes, BytesMut};
use cqlwire_codec::request;
use cqlwire_codec::{
    Compression, DecoderSettings, Direction, Envelope, EnvelopeDecoder, EnvelopeFlags,
    EnvelopeHeader, HEADER_LEN, Opcode, ProtocolVersion, StreamId, decode_response,
};
use libtest_mimic::{Arguments, Trial};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process, so the main thread is the only one.
fn main() -> ExitCode {
    macro_rules! trials {
        ($($test:ident),+ $(,)?) => {
            vec![$(Trial::test(stringify!($test), || {
                $test();
                Ok(())
            })),+]
        };
    }
    let tests = trials![
        g11_1_a2_a3_a_declared_length_reserves_nothing,
        g11_1_c8_d2_no_compressed_size_is_believed,
        g11_1_e5_f12_counts_inside_counts_are_not_believed,
        g11_1_rows_are_never_counted_out,
        g11_1_every_vector_flipped_anywhere_and_spliced_with_every_other_stays_small,
    ];
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, tests).exit_code()
}

/// How many bytes of memory a byte on the wire may cost, all allocations of a message added up. The
/// worst is a column of an empty name: four bytes on the wire, three pointers' worth of texts, a
/// type, and all of it once in the vector that grows and once in the slice that is shared.
const PER_BYTE: usize = 96;

/// What errors and empty containers may cost beyond that.
const SMALL: usize = 4096;

/// How many bytes `run` allocates, freed or not.
fn allocated<T>(run: impl FnOnce() -> T) -> usize {
    let region = Region::new(ALLOCATOR);
    let outcome = run();
    let bytes = region.change().bytes_allocated;
    drop(outcome);
    bytes
}

fn envelope(version: ProtocolVersion, opcode: Opcode, flags: u8, body: Vec<u8>) -> Envelope {
    let direction = if opcode.is_request() { Direction::Request } else { Direction::Response };
    let header = EnvelopeHeader {
        version,
        direction,
        flags: EnvelopeFlags::from_bits(flags),
        stream: StreamId::new(1),
        opcode,
        length: u32::try_from(body.len()).unwrap(),
    };
    Envelope { header, body: body.into() }
}

/// Decodes the message and checks what that cost.
fn check(what: &str, envelope: &Envelope) {
    let bytes = allocated(|| (decode_response(envelope).ok(), request::decode(envelope).ok()));
    let limit = PER_BYTE * envelope.body.len() + SMALL;
    assert!(bytes <= limit, "{what}: {bytes} bytes for {}", envelope.body.len());
}

fn g11_1_a2_a3_a_declared_length_reserves_nothing() {
    let header = envelope(ProtocolVersion::V4, Opcode::Result, 0, Vec::new()).header;
    for length in [1_u32, 1 << 20, 256 << 20, (256 << 20) + 1, 0x7FFF_FFFF] {
        let bytes = EnvelopeHeader { length, ..header }.encode();
        let cost = allocated(|| {
            let mut decoder = EnvelopeDecoder::new(DecoderSettings::default());
            let mut buffer = BytesMut::from(&bytes[..]);
            let outcome = decoder.decode(&mut buffer);
            assert!(decoder.needs() <= 8 << 10);
            (decoder, buffer, outcome)
        });
        assert!(cost < SMALL, "{cost} bytes for a header that declares {length}");
    }
}

fn g11_1_c8_d2_no_compressed_size_is_believed() {
    let header = envelope(ProtocolVersion::V4, Opcode::Result, 1, Vec::new()).header;
    for declared in [255_u32 * 5 + 1, 1 << 20, 256 << 20, u32::MAX] {
        let body = [&declared.to_be_bytes()[..], &[0; 5]].concat();
        let length = u32::try_from(body.len()).unwrap();
        let bytes = [&EnvelopeHeader { length, ..header }.encode()[..], &body].concat();
        let cost = allocated(|| {
            let compression = Some(Compression::Lz4);
            let settings = DecoderSettings { compression, ..Default::default() };
            EnvelopeDecoder::new(settings).decode(&mut BytesMut::from(&bytes[..])).unwrap_err()
        });
        assert!(cost < SMALL, "{cost} bytes for a block that declares {declared}");
    }
}

fn g11_1_e5_f12_counts_inside_counts_are_not_believed() {
    let column = |types: &[u8]| {
        let mut body = vec![0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        body.extend_from_slice(types);
        body.resize(body.len() + 140_000, 0);
        envelope(ProtocolVersion::V5, Opcode::Result, 0, body)
    };
    check("tuples of tuples", &column(&[0, 0x31, 0xFF, 0xFF].repeat(63)));
    let user_type = [0, 0x30, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0];
    check("user types of user types", &column(&user_type.repeat(63)));
    let columns = [&[0, 0, 0, 2, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF][..], &[0; 140_000]].concat();
    check("columns", &envelope(ProtocolVersion::V5, Opcode::Result, 0, columns));
    for opcode in [Opcode::Supported, Opcode::Startup, Opcode::Register] {
        check("a list", &envelope(ProtocolVersion::V5, opcode, 0, vec![0xFF; 2]));
        check("empty texts", &envelope(ProtocolVersion::V5, opcode, 0, zeros_after_count()));
    }
    let batch = [&[0][..], &zeros_after_count()].concat();
    check("statements", &envelope(ProtocolVersion::V5, Opcode::Batch, 0, batch));
    check("warnings", &envelope(ProtocolVersion::V5, Opcode::Ready, 0x08, zeros_after_count()));
    check("payload", &envelope(ProtocolVersion::V5, Opcode::Ready, 0x04, zeros_after_count()));
}

/// 65,535 of whatever zeros are.
fn zeros_after_count() -> Vec<u8> {
    [&[0xFF, 0xFF][..], &[0; 200_000]].concat()
}

fn g11_1_rows_are_never_counted_out() {
    let ints = |numbers: &[i32]| -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
    };
    let no_metadata = 4;
    let columns = i32::MAX;
    for (columns, rows) in [(0, i32::MAX), (columns, columns), (65_536, 65_536), (1, 1 << 20)] {
        let body = ints(&[2, no_metadata, columns, rows]);
        let page = envelope(ProtocolVersion::V4, Opcode::Result, 0, body);
        let cost = allocated(|| decode_response(&page).unwrap_err());
        assert!(cost < SMALL, "{cost} bytes for {rows} rows of {columns} columns");
    }
}

fn g11_1_every_vector_flipped_anywhere_and_spliced_with_every_other_stays_small() {
    let vectors: Vec<_> = ["response", "request", "adversarial"]
        .into_iter()
        .flat_map(vectors::section)
        .filter_map(|vector| {
            let (header, body) = vector.bytes.split_first_chunk::<HEADER_LEN>()?;
            let body = Bytes::copy_from_slice(body);
            Some((vector.name, Envelope { header: EnvelopeHeader::decode(header).ok()?, body }))
        })
        .collect();
    assert!(vectors.len() > 90, "{}", vectors.len());
    for (name, whole) in &vectors {
        for bit in 0..whole.body.len() * 8 {
            let mut body = whole.body.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            check(name, &Envelope { header: whole.header, body: body.into() });
        }
        for (_, other) in &vectors {
            for at in [4, whole.body.len() / 2].map(|at| at.min(whole.body.len())) {
                let tail = &other.body[at.min(other.body.len())..];
                let body = [&whole.body[..at], tail].concat().into();
                check(name, &Envelope { header: whole.header, body });
            }
        }
    }
}
