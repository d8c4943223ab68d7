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

    /// Each figure with its name, in a fixed order.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        [
            ("connections", self.connections),
            ("tasks", self.tasks),
            ("calls", self.calls),
            ("permits", self.permits),
            ("queued", self.queued),
            ("requests", self.requests),
            ("in_flight", self.in_flight),
            ("orphaned", self.orphaned),
            ("waiting", self.waiting),
            ("outgoing_bytes", self.outgoing_bytes),
            ("pages", self.pages),
            ("page_bytes", self.page_bytes),
            ("reserved_bytes", self.reserved_bytes),
        ]
        .into_iter()
        .map(|(name, count)| (name, count as u64))
    }

    /// Is nothing under way, whatever connections there are?
    pub fn is_idle(&self) -> bool {
        Self { connections: 0, tasks: 0, ..*self }.is_zero()
    }
}

impl fmt::Display for Resources {
    /// One line, a `name count` each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, count)) in self.each().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{} {count}", name.replace('_', " "))?;
        }
        Ok(())
    }
}
