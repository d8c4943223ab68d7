//! Envelopes to segments: many small ones in one, a large one over several.

use bytes::{BufMut, BytesMut};
use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};

use super::Compression;
use super::crc::crc32;
use super::segment::{Layout, MAX_PAYLOAD, SegmentHeader};
use crate::HEADER_LEN;
use crate::wire::write::patch;

/// Payloads of fewer bytes are stored as they are: a few bytes less on the wire do not pay for
/// clearing the compressor's table.
const WORTH_COMPRESSING: usize = 64;

/// Packs envelopes into segments (v5 §2). One per direction of a connection; keeps nothing between
/// calls but the compressor's table.
pub struct SegmentEncoder {
    layout: Layout,
    table: Option<CompressTable>,
}

/// Where one segment ends.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct SegmentEnd {
    /// The length of the output once this segment was in it, in bytes.
    pub offset: usize,
    /// How many envelopes are complete by then, counted since the start of the call.
    pub envelopes: usize,
}

impl std::fmt::Debug for SegmentEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentEncoder").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl SegmentEncoder {
    /// An encoder for a connection that negotiated this compression. v5 knows only LZ4; anything
    /// else means plain segments.
    pub fn new(compression: Option<Compression>) -> Self {
        let layout = Layout::of(compression);
        let table = (layout == Layout::Lz4).then(CompressTable::default);
        Self { layout, table }
    }

    /// Packs `envelopes`, which stand back to back and are whole, into segments appended to `out`,
    /// and tells in `ends` where each segment ends.
    ///
    /// As many envelopes as fit go into each self-contained segment; one over 131,071 bytes goes
    /// alone, sliced. A payload is compressed only if that makes it strictly smaller.
    pub fn encode(&mut self, envelopes: &[u8], out: &mut BytesMut, ends: &mut Vec<SegmentEnd>) {
        let mut rest = envelopes;
        let mut complete = 0;
        while !rest.is_empty() {
            let (packed, count) = pack(rest);
            let (payload, after) = rest.split_at(packed);
            rest = after;
            if payload.len() <= MAX_PAYLOAD {
                complete += count;
                self.put_segment(payload, true, out);
                ends.push(SegmentEnd { offset: out.len(), envelopes: complete });
                continue;
            }
            let mut slices = payload.chunks(MAX_PAYLOAD).peekable();
            while let Some(slice) = slices.next() {
                complete += usize::from(slices.peek().is_none());
                self.put_segment(slice, false, out);
                ends.push(SegmentEnd { offset: out.len(), envelopes: complete });
            }
        }
    }

    fn put_segment(&mut self, payload: &[u8], self_contained: bool, out: &mut BytesMut) {
        let start = out.len();
        let header_len = self.layout.header_len();
        out.reserve(header_len + payload.len() + size_of::<u32>());
        out.put_bytes(0, header_len);
        let compressed = self.put_compressed(payload, out);
        let uncompressed = if compressed {
            payload.len()
        } else {
            out.put_slice(payload);
            0
        };
        let on_wire = out.get(start + header_len..).unwrap_or_default();
        let header = SegmentHeader { payload: on_wire.len(), uncompressed, self_contained };
        let checksum = crc32(on_wire);
        let bytes = header.encode(self.layout);
        match bytes.first_chunk::<6>() {
            Some(bytes) if header_len == bytes.len() => patch(out, start, *bytes),
            _ => patch(out, start, bytes),
        }
        out.put_u32_le(checksum);
    }

    /// Appends the payload compressed, or nothing if it does not get smaller.
    fn put_compressed(&mut self, payload: &[u8], out: &mut BytesMut) -> bool {
        let Some(table) = self.table.as_mut().filter(|_| payload.len() >= WORTH_COMPRESSING) else {
            return false;
        };
        let start = out.len();
        out.resize(start + get_maximum_output_size(payload.len()), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let smaller = compress_into_with_table(payload, room, table)
            .ok()
            .filter(|compressed| *compressed < payload.len());
        out.truncate(start + smaller.unwrap_or_default());
        smaller.is_some()
    }
}

/// How many bytes of the front go together, and how many envelopes that is: as many whole ones as
/// fit into a payload, or a single one that does not fit.
fn pack(envelopes: &[u8]) -> (usize, usize) {
    let mut packed = 0;
    let mut count = 0;
    while let Some(length) = envelopes.get(packed..).and_then(first_len) {
        let end = packed.saturating_add(length).min(envelopes.len());
        if end > MAX_PAYLOAD && count > 0 {
            break;
        }
        packed = end;
        count += 1;
    }
    (packed, count)
}

/// The length of the first envelope, header included.
fn first_len(envelopes: &[u8]) -> Option<usize> {
    let header: &[u8; HEADER_LEN] = match envelopes.first_chunk() {
        Some(header) => header,
        // Less than a header is no envelope; it goes as it is rather than being lost.
        None => return (!envelopes.is_empty()).then_some(envelopes.len()),
    };
    let [.., l0, l1, l2, l3] = *header;
    let body = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    Some(body.saturating_add(HEADER_LEN))
}
