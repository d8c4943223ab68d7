//! The connection against a server that is played by hand: bytes out, envelopes in, time as an argument.

mod explore;
mod lifecycle;
mod limits;
mod liveness;
mod metrics;
mod model;
mod quiet;
mod random;
mod requests;
mod timed;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use cqlwire_codec::{
    Arrival, Direction, Envelope, EnvelopeFlags, EnvelopeHeader, HEADER_LEN, Opcode, Oversized,
    ProtocolVersion, RequestEnvelope, StreamId,
};

use super::*;
use crate::metrics::{Measure, RequestKind};
use crate::requests::{Outcome, Ticket};

const VERSION: ProtocolVersion = ProtocolVersion::V5;
const LONG: Duration = Duration::from_secs(3_600);

/// How often to do something: less often by default, more often under `CQLWIRE_SOAK`.
fn rounds(quick: u32, soak: u32) -> u32 {
    if std::env::var_os("CQLWIRE_SOAK").is_some() { soak } else { quick }
}

/// Counts how often it was woken.
#[derive(Debug, Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Woken {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request whose body says which one it is, so that its answer can be told from another's.
fn request(tag: u32) -> RequestEnvelope {
    request_of(tag, 0)
}

fn request_of(tag: u32, padding: usize) -> RequestEnvelope {
    let body = [&tag.to_be_bytes()[..], &vec![0; padding]].concat();
    let header = EnvelopeHeader {
        version: VERSION,
        direction: Direction::Request,
        flags: EnvelopeFlags::default(),
        stream: StreamId::CONNECTION,
        opcode: Opcode::Query,
        length: u32::try_from(body.len()).unwrap(),
    };
    RequestEnvelope::from_bytes(&[&header.encode()[..], &body].concat()).unwrap()
}

fn answer(stream: StreamId, opcode: Opcode, tag: u32) -> Envelope {
    let header = EnvelopeHeader {
        version: VERSION,
        direction: Direction::Response,
        flags: EnvelopeFlags::default(),
        stream,
        opcode,
        length: 4,
    };
    Envelope { header, body: Bytes::copy_from_slice(&tag.to_be_bytes()) }
}

/// The front of an answer that is over the limit.
fn oversized(stream: StreamId, opcode: Opcode) -> Oversized {
    let header = answer(stream, opcode, 0).header;
    let header = EnvelopeHeader { length: 1_000_000, ..header };
    Oversized { header, declared: 1_000_000, limit: 1_000 }
}

/// What the server saw: the stream and the tag of each request, heartbeats without one.
fn read_requests(mut bytes: &[u8]) -> Vec<(StreamId, Option<u32>)> {
    let mut seen = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<HEADER_LEN>() {
        let header = EnvelopeHeader::decode(header).unwrap();
        let (body, rest) = rest.split_at(header.length as usize);
        seen.push((header.stream, body.first_chunk().map(|tag| u32::from_be_bytes(*tag))));
        bytes = rest;
    }
    seen
}

/// How the time of a read is counted that has had so long.
const fn a_read(allowed: Duration) -> Measure {
    let allowed_micros = allowed.as_secs() * 1_000_000 + allowed.subsec_micros() as u64;
    Measure { kind: RequestKind::Read, allowed_micros, is_whole: true }
}

/// A connection and the end of it that tests play.
struct Bench {
    now: Instant,
    core: Connection,
    woken: Arc<Woken>,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        let now = Instant::now();
        let core = Connection::new(now, VERSION, settings);
        Self { now, core, woken: Arc::default() }
    }

    fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.woken))
    }

    fn submit(&mut self, tag: u32) -> Ticket {
        self.submit_within(tag, LONG)
    }

    fn submit_within(&mut self, tag: u32, limit: Duration) -> Ticket {
        self.core.submit(&request(tag), self.now + limit, Some(&a_read(limit))).unwrap().ticket
    }

    fn abandon(&mut self, ticket: Ticket) -> Abandoned {
        self.core.abandon(ticket, self.now)
    }

    /// Everything that there is to write, as the server sees it.
    fn transmit(&mut self) -> Vec<(StreamId, Option<u32>)> {
        let mut all = BytesMut::new();
        loop {
            let batch = self.take();
            self.core.handle_written(self.now, Written::All);
            if batch.is_empty() {
                return read_requests(&all);
            }
            all.extend_from_slice(&batch);
        }
    }

    /// The next batch, which the socket has yet to take.
    fn take(&mut self) -> BytesMut {
        let (mut batch, mut wakers) = (BytesMut::new(), Vec::new());
        let count = self.core.poll_transmit(self.now, &mut batch, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        assert_eq!(read_requests(&batch).len(), count);
        assert!(count > 0 || self.core.outgoing.bytes() == 0, "the shell sleeps beside something");
        batch
    }

    fn deliver(&mut self, arrival: impl Into<Arrival>) -> Result<(), Violation> {
        let mut wakers = Vec::new();
        let arrivals = std::iter::once(arrival.into());
        let delivered = self.core.handle_envelopes(self.now, arrivals, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        delivered
    }

    fn pass(&mut self, time: Duration) -> Result<(), Unresponsive> {
        self.now += time;
        let mut wakers = Vec::new();
        let handled = self.core.handle_timeout(self.now, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        handled
    }

    fn end(&mut self, unwritten: usize) {
        let mut wakers = Vec::new();
        self.core.handle_end(unwritten, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn poll(&mut self, ticket: Ticket) -> Result<Outcome, Ticket> {
        let waker = self.waker();
        self.core.poll_outcome(ticket, &mut Some(waker))
    }

    /// The outcome of a request that has one by now.
    #[track_caller]
    fn outcome(&mut self, ticket: Ticket) -> Outcome {
        self.poll(ticket).expect("it has its outcome")
    }

    fn sleep(&mut self) -> Arc<Woken> {
        let shell = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&shell));
        self.core.park(&Context::from_waker(&waker), true);
        let _armed = self.core.poll_timeout();
        shell
    }

    #[track_caller]
    fn assert_at_rest(&self) {
        assert_eq!(self.core.usage(), Usage::default());
    }
}
