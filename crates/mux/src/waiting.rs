//! Where requests wait, first come first served, when no stream id is free or the outgoing buffer is full.

use crate::links::{Links, List};

/// The requests that wait for their turn, bounded in number and in bytes.
#[derive(Debug)]
pub(crate) struct WaitingRoom {
    queue: List,
    links: Links,
    count: u32,
    bytes: usize,
    max_count: u32,
    max_bytes: usize,
}

impl WaitingRoom {
    pub(crate) fn new(max_count: u32, max_bytes: usize) -> Self {
        let (queue, links) = (List::EMPTY, Links::default());
        Self { queue, links, count: 0, bytes: 0, max_count, max_bytes }
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.count < self.max_count && self.bytes.saturating_add(bytes) <= self.max_bytes
    }

    /// Whose turn it is.
    pub(crate) fn first(&self) -> Option<u32> {
        self.queue.first()
    }

    pub(crate) fn join(&mut self, key: u32, bytes: usize) {
        self.links.push_back(&mut self.queue, key);
        self.count += 1;
        self.bytes += bytes;
    }

    pub(crate) fn leave(&mut self, key: u32, bytes: usize) {
        self.links.remove(&mut self.queue, key);
        self.count -= 1;
        self.bytes -= bytes;
    }
}
