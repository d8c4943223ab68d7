//! Where requests wait, first come first served, when no stream id is free or the outgoing buffer is full.

use std::fmt;

use cqlwire_codec::RequestEnvelope;

use crate::links::{Links, List};

/// Why a request may not even wait: what it would have waited for, and the limit of those who do. A
/// limit of requests in flight that is low, with none that may wait, refuses what another setting would
/// have let through, so whoever reads of one wants to know both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Backlog {
    /// What those who wait are waiting for.
    pub waits_for: WaitsFor,
    /// How many may wait.
    pub full: WaitingLimit,
}

impl Backlog {
    /// These limits.
    pub const fn new(waits_for: WaitsFor, full: WaitingLimit) -> Self {
        Self { waits_for, full }
    }
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, and {} wait, as many as may", self.waits_for, self.full)
    }
}

/// What a request waits for that is taken in and not sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitsFor {
    /// A free stream id: so many requests are in flight, which are as many as may. It is
    /// [`Settings::max_in_flight`](crate::Settings::max_in_flight), or the lower limit of
    /// [`Connection::limit_in_flight`](crate::Connection::limit_in_flight).
    StreamId(u16),
    /// Room in the outgoing buffer, which is full since the server reads more slowly than requests
    /// come: [`Settings::max_outgoing_bytes`](crate::Settings::max_outgoing_bytes).
    OutgoingBuffer,
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StreamId(1) => f.write_str("1 request is in flight, as many as may"),
            Self::StreamId(limit) => write!(f, "{limit} requests are in flight, as many as may"),
            Self::OutgoingBuffer => f.write_str("the outgoing buffer is full"),
        }
    }
}

/// The limit that those who wait have come up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitingLimit {
    /// So many requests: [`Settings::max_waiting`](crate::Settings::max_waiting).
    Requests(u32),
    /// So many bytes of envelopes: [`Settings::max_waiting_bytes`](crate::Settings::max_waiting_bytes).
    Bytes(usize),
}

impl fmt::Display for WaitingLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(1) => f.write_str("1 request"),
            Self::Requests(limit) => write!(f, "{limit} requests"),
            Self::Bytes(limit) => write!(f, "{limit} bytes"),
        }
    }
}

/// How many buffers are kept of those that have had their turn, and the largest that is: 512 KiB in all, and only
/// where requests did wait.
const MOST_SPARE: usize = 512;
const LARGEST_SPARE: usize = 1 << 10;

/// The requests that wait for their turn, bounded in number and in bytes.
#[derive(Debug)]
pub(crate) struct WaitingRoom {
    queue: List,
    links: Links,
    count: u32,
    bytes: usize,
    max_count: u32,
    max_bytes: usize,
    /// Envelopes of those that have had their turn: whoever comes to wait is copied into one of these, so that no
    /// request allocates because it waits.
    spare: Vec<RequestEnvelope>,
}

impl WaitingRoom {
    pub(crate) fn new(max_count: u32, max_bytes: usize) -> Self {
        let (queue, links) = (List::EMPTY, Links::new());
        Self { queue, links, count: 0, bytes: 0, max_count, max_bytes, spare: Vec::new() }
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The limit that keeps out an envelope of so many bytes, if one does.
    pub(crate) fn full_for(&self, bytes: usize) -> Option<WaitingLimit> {
        if self.count >= self.max_count {
            return Some(WaitingLimit::Requests(self.max_count));
        }
        let full = self.bytes.saturating_add(bytes) > self.max_bytes;
        full.then_some(WaitingLimit::Bytes(self.max_bytes))
    }

    /// Whose turn it is.
    pub(crate) fn first(&self) -> Option<u32> {
        self.queue.first()
    }

    /// One comes to wait: gives the envelope that it has meanwhile.
    pub(crate) fn join(&mut self, key: u32, envelope: &RequestEnvelope) -> RequestEnvelope {
        self.links.push_back(&mut self.queue, key);
        self.count += 1;
        self.bytes += envelope.len();
        let Some(mut own) = self.spare.pop() else { return envelope.clone() };
        own.copy_from(envelope);
        own
    }

    /// Nobody will come any more.
    pub(crate) fn forget_spares(&mut self) {
        self.spare = Vec::new();
    }

    /// Keeps the envelope of one that has had its turn.
    pub(crate) fn keep_spare(&mut self, envelope: RequestEnvelope) {
        if self.spare.len() < MOST_SPARE && envelope.capacity() <= LARGEST_SPARE {
            self.spare.push(envelope);
        }
    }

    pub(crate) fn leave(&mut self, key: u32, bytes: usize) {
        self.links.remove(&mut self.queue, key);
        self.count -= 1;
        self.bytes -= bytes;
    }
}
