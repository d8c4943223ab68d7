//! What a session holds at the moment.

use std::fmt;

/// What a session holds at the moment: connections, and what is under way on them. At rest,
/// everything but the connections and the tasks is zero; after close, everything.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resources {
    /// Connections for requests; the control connection is not counted.
    pub connections: usize,
    /// Tasks of the session: one for each connection, one for each place in a pool, one more.
    pub tasks: usize,
    /// Calls that have been let in and have not returned.
    pub calls: usize,
    /// Permits of [`max_requests`](crate::SessionBuilder::max_requests) that are held.
    pub permits: usize,
    /// Calls that wait for such a permit.
    pub queued: usize,
    /// Requests whose outcome has not been taken.
    pub requests: usize,
    /// Stream ids on which an answer is owed.
    pub in_flight: usize,
    /// Stream ids on which an answer is owed that nobody waits for any more.
    pub orphaned: usize,
    /// Requests that wait for a stream id, or for room.
    pub waiting: usize,
    /// Bytes of requests that wait to be written.
    pub outgoing_bytes: usize,
    /// Pages that somebody holds.
    pub pages: usize,
    /// The bytes of these pages.
    pub page_bytes: usize,
    /// Bytes that are set aside for pages asked for ahead.
    pub reserved_bytes: usize,
}

impl Resources {
    /// Is everything zero?
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Is nothing under way, whatever connections there are?
    pub fn is_idle(&self) -> bool {
        Self { connections: 0, tasks: 0, ..*self }.is_zero()
    }
}

impl fmt::Display for Resources {
    /// One line, a `name count` each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, tasks, calls, permits, queued, requests, in_flight, .. } = self;
        let Self { orphaned, waiting, outgoing_bytes, pages, page_bytes, reserved_bytes, .. } =
            self;
        write!(
            f,
            "connections {connections}, tasks {tasks}, calls {calls}, permits {permits}, \
             queued {queued}, requests {requests}, \
             in flight {in_flight}, orphaned {orphaned}, waiting {waiting}, \
             outgoing bytes {outgoing_bytes}, pages {pages}, page bytes {page_bytes}, \
             reserved bytes {reserved_bytes}"
        )
    }
}
