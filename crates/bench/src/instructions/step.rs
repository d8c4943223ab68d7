//! The hot paths, each to be done so many times.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use clap::ValueEnum;
use cqlwire_codec::wire::write;
use cqlwire_codec::{
    ColumnSpec, ColumnType, Consistency, Decoded, Envelope, EnvelopeDecoder, Execute,
    ProtocolVersion, QueryParameters, RequestEnvelope, RequestOptions, Response, ResultResponse,
    RowIter, Rows, RowsMetadata, SegmentEncoder, StreamId, Token, decode_response, encode_request,
    encode_response,
};
use cqlwire_mux::{Connection, Measure, RequestKind, Settings};

use super::{facade, plan};
use crate::work::{NAME, PAYLOAD, Work};
use crate::{Result, ensure, ring};

/// How many requests share a segment or a lock in the steps that go by batches.
const BATCH: u32 = 256;

/// One hot path.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// An EXECUTE with a key.
    EncodeRead,
    /// An EXECUTE with three values.
    EncodeInsert,
    /// A response with one row, and the row.
    DecodeRow,
    /// One row of a page of 5,000, borrowed.
    DecodeBorrowed,
    /// One row of a page of 5,000, owned.
    DecodeOwned,
    /// An answer out of a segment with 256.
    SplitSegment,
    /// A request through the multiplexer, 256 in flight.
    MuxCycle,
    /// The replicas of a token, of 3 hosts.
    RingFind3,
    /// The replicas of a token, of 1,000 hosts.
    RingFind1000,
    /// The host that a request goes to, of 3.
    Plan3,
    /// The same of 1,000.
    Plan1000,
    /// A read through the facade, one at a time.
    FacadeRead1,
    /// A read through the facade, 256 in flight.
    FacadeRead256,
    /// The same of three nodes, each key at its replica.
    FacadeRead256Of3,
    /// An insert through the facade, 256 in flight.
    FacadeInsert256,
    /// A read by its text and its value, 256 in flight.
    FacadeQuery256,
    /// A batch of 64 inserts, 32 in flight.
    FacadeBatch32,
}

impl Step {
    /// Its name on the command line and in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EncodeRead => "encode-read",
            Self::EncodeInsert => "encode-insert",
            Self::DecodeRow => "decode-row",
            Self::DecodeBorrowed => "decode-borrowed",
            Self::DecodeOwned => "decode-owned",
            Self::SplitSegment => "split-segment",
            Self::MuxCycle => "mux-cycle",
            Self::RingFind3 => "ring-find3",
            Self::RingFind1000 => "ring-find1000",
            Self::Plan3 => "plan3",
            Self::Plan1000 => "plan1000",
            Self::FacadeRead1 => "facade-read1",
            Self::FacadeRead256 => "facade-read256",
            Self::FacadeRead256Of3 => "facade-read256-of3",
            Self::FacadeInsert256 => "facade-insert256",
            Self::FacadeQuery256 => "facade-query256",
            Self::FacadeBatch32 => "facade-batch32",
        }
    }

    /// What it does, in a few words.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::EncodeRead => "codec, EXECUTE with a key",
            Self::EncodeInsert => "codec, EXECUTE with three values",
            Self::DecodeRow => "codec, a response with one row, and the row",
            Self::DecodeBorrowed => "codec, one row of a page of 5,000, borrowed",
            Self::DecodeOwned => "codec, one row of a page of 5,000, owned",
            Self::SplitSegment => "codec, one answer out of a segment with 256",
            Self::MuxCycle => "mux, submit to outcome, 256 in flight",
            Self::RingFind3 => "cluster, the replicas of a token, 3 hosts of 256 tokens",
            Self::RingFind1000 => "cluster, the replicas of a token, 1,000 hosts of 256 tokens",
            Self::Plan3 => "cluster, the host that a token goes to, 3 hosts of 256 tokens",
            Self::Plan1000 => "cluster, the host that a token goes to, 1,000 hosts of 256 tokens",
            Self::FacadeRead1 => "facade, prepared read, one at a time",
            Self::FacadeRead256 => "facade, prepared read, 256 in flight",
            Self::FacadeRead256Of3 => "facade, prepared read at its replica of 3, 256 in flight",
            Self::FacadeInsert256 => "facade, prepared insert, 256 in flight",
            Self::FacadeQuery256 => "facade, read by its text, from the cache, 256 in flight",
            Self::FacadeBatch32 => "facade, unlogged batch of 64 inserts, 32 in flight",
        }
    }

    /// Few repetitions, and many.
    pub(super) const fn counts(self) -> (u32, u32) {
        match self {
            Self::FacadeRead1 => (500, 2_500),
            Self::FacadeBatch32 => (160, 800),
            Self::DecodeBorrowed | Self::DecodeOwned => (10_000, 60_000),
            Self::RingFind3 | Self::RingFind1000 | Self::Plan3 | Self::Plan1000 => {
                (10_000, 1_010_000)
            }
            _ => (10 * BATCH, 50 * BATCH),
        }
    }

    pub(super) const fn wants_three_nodes(self) -> bool {
        matches!(self, Self::FacadeRead256Of3)
    }

    pub(super) fn run(self, count: u32, server: Option<SocketAddr>) -> Result<()> {
        let server = || server.ok_or("this step needs a server");
        match self {
            Self::EncodeRead => encode(count, |buffer| execute(&(7_i64,), &[], buffer)),
            Self::EncodeInsert => {
                let (values, columns) = ((7_i64, NAME, PAYLOAD.as_slice()), columns());
                encode(count, |buffer| execute(&values, &columns, buffer))
            }
            Self::DecodeRow => decode_row(count),
            Self::DecodeBorrowed => decode_borrowed(count),
            Self::DecodeOwned => decode_owned(count),
            Self::SplitSegment => split_segment(count),
            Self::MuxCycle => mux_cycle(count),
            Self::RingFind3 => find_replicas(3, count),
            Self::RingFind1000 => find_replicas(1_000, count),
            Self::Plan3 => plan::first_hosts(3, count),
            Self::Plan1000 => plan::first_hosts(1_000, count),
            Self::FacadeRead1 => facade::run(Work::Read, 1, count, server()?),
            Self::FacadeRead256 | Self::FacadeRead256Of3 => {
                facade::run(Work::Read, BATCH, count, server()?)
            }
            Self::FacadeInsert256 => facade::run(Work::Insert, BATCH, count, server()?),
            Self::FacadeQuery256 => facade::run(Work::Query, BATCH, count, server()?),
            Self::FacadeBatch32 => facade::run(Work::Batch, 32, count, server()?),
        }
    }
}

fn columns() -> Arc<[ColumnSpec]> {
    let (keyspace, table): (Arc<str>, Arc<str>) = ("bench".into(), "users".into());
    let column = |(name, column_type): (&str, ColumnType)| ColumnSpec {
        keyspace: Arc::clone(&keyspace),
        table: Arc::clone(&table),
        name: name.to_owned(),
        column_type,
    };
    let columns =
        [("id", ColumnType::BigInt), ("name", ColumnType::Text), ("payload", ColumnType::Blob)];
    columns.into_iter().map(column).collect()
}

fn execute<V: cqlwire_codec::EncodeValues>(
    values: &V,
    columns: &[ColumnSpec],
    buffer: BytesMut,
) -> Result<RequestEnvelope> {
    let parameters = QueryParameters {
        columns,
        skip_metadata: true,
        page_size: Some(5_000),
        ..QueryParameters::new(Consistency::LocalQuorum, black_box(values))
    };
    let execute = Execute { id: &[1; 16], result_metadata_id: Some(&[1; 16]), parameters };
    Ok(encode_request(&execute, ProtocolVersion::V5, &RequestOptions::default(), buffer)?)
}

fn encode(count: u32, mut request: impl FnMut(BytesMut) -> Result<RequestEnvelope>) -> Result<()> {
    let mut buffer = BytesMut::new();
    for _ in 0..count {
        buffer = black_box(request(buffer)?).into_buffer();
    }
    Ok(())
}

/// Rows of three columns.
fn rows(row_count: u32) -> Result<Rows> {
    let mut content = BytesMut::new();
    for id in 0..row_count {
        write::bytes(&mut content, "cell", Some(&i64::from(id).to_be_bytes()))?;
        write::bytes(&mut content, "cell", Some(NAME.as_bytes()))?;
        write::bytes(&mut content, "cell", Some(&PAYLOAD))?;
    }
    let metadata =
        RowsMetadata { columns: None, column_count: 3, paging_state: None, new_metadata_id: None };
    Ok(Rows { metadata, row_count, content: content.freeze() })
}

/// The answer to a read, on each of so many streams.
fn answers(streams: u32) -> Result<BytesMut> {
    let mut out = BytesMut::new();
    for stream in 1..=streams {
        let response = Response::Result(ResultResponse::Rows(rows(1)?));
        let stream = StreamId::new(i16::try_from(stream)?);
        encode_response(&Decoded::from(response), ProtocolVersion::V5, stream, None, &mut out)?;
    }
    Ok(out)
}

fn decode_row(count: u32) -> Result<()> {
    let mut bytes = answers(1)?;
    let envelope = EnvelopeDecoder::new(Default::default()).decode(&mut bytes)?;
    let envelope = envelope.ok_or("an answer is whole")?;
    let columns = columns();
    for _ in 0..count {
        let decoded = decode_response(black_box(&envelope))?;
        let Response::Result(ResultResponse::Rows(rows)) = decoded.response else {
            return Err("the answer has rows".into());
        };
        let mut rows = RowIter::<(i64, &str, &[u8])>::new(&columns, rows.row_count, &rows.content)?;
        black_box(rows.next().transpose()?);
    }
    Ok(())
}

fn decode_borrowed(count: u32) -> Result<()> {
    let (rows, columns) = (rows(5_000)?, columns());
    each_page(count, || {
        let content = black_box(&rows.content);
        let rows = RowIter::<(i64, &str, &[u8])>::new(&columns, rows.row_count, content)?;
        for row in rows {
            black_box(row?);
        }
        Ok(())
    })
}

fn decode_owned(count: u32) -> Result<()> {
    let (rows, columns) = (rows(5_000)?, columns());
    each_page(count, || {
        let content = black_box(&rows.content);
        let rows = RowIter::<(i64, String, Vec<u8>)>::new(&columns, rows.row_count, content)?;
        for row in rows {
            black_box(row?);
        }
        Ok(())
    })
}

fn each_page(rows: u32, page: impl Fn() -> Result<()>) -> Result<()> {
    (0..rows / 5_000).try_for_each(|_| page())
}

/// The decoder as a connection of v5 has it after STARTUP.
fn segment_decoder() -> EnvelopeDecoder {
    let mut decoder = EnvelopeDecoder::new(Default::default());
    decoder.switch_to_segments(None);
    decoder
}

fn split_segment(count: u32) -> Result<()> {
    let mut segment = BytesMut::new();
    SegmentEncoder::new(None).encode(&answers(BATCH)?, &mut segment, &mut Vec::new());
    let mut decoder = segment_decoder();
    let mut buffer = BytesMut::new();
    for _ in 0..count / BATCH {
        buffer.extend_from_slice(black_box(&segment));
        while let Some(envelope) = decoder.decode(&mut buffer)? {
            black_box(envelope);
        }
    }
    Ok(())
}

fn mux_cycle(count: u32) -> Result<()> {
    let now = Instant::now();
    let mut core = Connection::new(now, ProtocolVersion::V5, Settings::default());
    let request = execute(&(7_i64,), &[], BytesMut::new())?;
    let envelope = RequestEnvelope::from_bytes(request.as_bytes())?;
    let (mut batch, mut wakers) = (BytesMut::new(), Vec::new());
    let (mut tickets, mut samples) = (Vec::new(), Vec::new());
    let allowed = Duration::from_secs(10);
    let allowed_micros = u64::try_from(allowed.as_micros())?;
    let measure = Measure { kind: RequestKind::Read, allowed_micros, is_whole: true };
    for _ in 0..count / BATCH {
        for _ in 0..BATCH {
            let submitted = core.submit(&envelope, now + allowed, Some(&measure))?;
            let mut waker = Some(Waker::noop().clone());
            tickets.extend(core.poll_outcome(submitted.ticket, &mut waker).err());
        }
        batch.clear();
        core.poll_transmit(now, &mut batch, &mut wakers);
        let arrivals = echoes(&batch)?.into_iter().map(Into::into);
        core.handle_envelopes(now, arrivals, &mut wakers)?;
        wakers.clear();
        core.take_samples(&mut samples);
        samples.clear();
        for ticket in tickets.drain(..) {
            let outcome = core.poll_outcome(ticket, &mut None);
            black_box(outcome.map_err(|_| "it was answered")?);
        }
    }
    core.handle_end(0, &mut wakers);
    Ok(())
}

fn find_replicas(hosts: usize, count: u32) -> Result<()> {
    let table = ring::three_replicas(hosts)?;
    let tokens: Vec<_> = ring::numbers().map(Token).take(1_000).collect();
    for _ in 0..count / 1_000 {
        for token in &tokens {
            black_box(table.of(black_box(*token)));
        }
    }
    Ok(())
}

/// An empty answer to each request.
fn echoes(batch: &[u8]) -> Result<Vec<Envelope>> {
    let mut rest = batch;
    let mut answers = Vec::new();
    while let Some((head, _, after)) = crate::wire::first_envelope(rest) {
        rest = after;
        let header = cqlwire_codec::EnvelopeHeader {
            version: ProtocolVersion::V5,
            direction: cqlwire_codec::Direction::Response,
            flags: cqlwire_codec::EnvelopeFlags::NONE,
            stream: StreamId::new(i16::from_be_bytes(head.stream)),
            opcode: cqlwire_codec::Opcode::Result,
            length: 0,
        };
        answers.push(Envelope { header, body: Bytes::new() });
    }
    ensure(rest.is_empty(), "a batch is whole envelopes")?;
    Ok(answers)
}
