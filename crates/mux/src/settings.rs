//! The limits of one connection, and how it tells that its server is alive.

use std::time::Duration;

/// Beyond a century a setting means "never", and an `Instant` must not overflow.
pub(crate) const NEVER: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Limits of one connection. The defaults are meant for production.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many requests may have a stream id at once, 1 to 32,767. Default 4,096: past some thousands a server
    /// only queues them, and each costs it memory.
    pub max_in_flight: u16,
    /// How many more requests may wait for a stream id or for room; the next one is refused at once.
    /// Default 32,768.
    pub max_waiting: u32,
    /// How many bytes of envelopes may wait that way. Default 64 MiB.
    pub max_waiting_bytes: usize,
    /// The longest body of a request, in bytes as it is sent; a longer one is refused before it is. Default 16 MiB:
    /// servers since 4.1 refuse what is longer (`native_transport_max_frame_size`), and those before it take no
    /// mutation of more (half a commit log segment).
    pub max_request_bytes: usize,
    /// How many bytes of envelopes may be ready for the socket; when a server stops reading, whatever is beyond
    /// waits. One envelope may be larger. Default 1 MiB.
    pub max_outgoing_bytes: usize,
    /// How many bytes are written at once, and so how much can no longer be withdrawn. Default 128 KiB.
    pub max_batch_bytes: usize,
    /// How many events of the server are kept for a reader that does not come; then the oldest go.
    /// Default 1,024.
    pub max_events: usize,
    /// How many bytes of bodies these may have together. One that has more by itself is dropped. Default 1 MiB: an
    /// event has some hundred bytes.
    pub max_event_bytes: usize,
    /// How many answers may be owed to callers that are gone before the connection asks to be replaced.
    /// Default 1,024: a quarter of the ids.
    pub max_orphaned: usize,
    /// How long a single answer may be owed to a caller that is gone before the connection asks to be replaced.
    /// A server gives up on a request within seconds; one that is silent about it for longer has lost it, and its
    /// id with it. Default 60 s.
    pub max_orphan_age: Duration,
    /// After this long without a byte from the server, it is asked for a sign of life (OPTIONS). At least 100 ms;
    /// zero means never, and then no silence ends the connection. Default 30 s.
    pub heartbeat_after: Duration,
    /// How long the server has for that sign before it is taken for dead, counted from when the question is written;
    /// and how long the socket may take nothing before that. At least 100 ms. Where the socket was full, which means
    /// that the system still holds bytes before the question, it is twice as long as the server has been silent by
    /// then, if that is more. Default 5 s.
    pub heartbeat_timeout: Duration,
    /// After this long without a byte from a server that owes responses, it is asked for a sign of life already; if
    /// it then sends nothing for as long again, the connection is [quiet](crate::Connection::is_quiet), and others are
    /// better asked until a byte comes. One that is slow with a request answers at once, and is asked again after as
    /// long. It ends nothing: that is never sooner than `heartbeat_after` and `heartbeat_timeout` together. At least
    /// 100 ms; zero means never. Default 200 ms: a host with two connections, of which the second gets a request
    /// only when the first is quiet, is known within a second, and a round trip around the world takes less than
    /// twice as long.
    pub quiet_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_in_flight: 4_096,
            max_waiting: 32_768,
            max_waiting_bytes: 64 << 20,
            max_request_bytes: 16 << 20,
            max_outgoing_bytes: 1 << 20,
            max_batch_bytes: 128 << 10,
            max_events: 1_024,
            max_event_bytes: 1 << 20,
            max_orphaned: 1_024,
            max_orphan_age: Duration::from_secs(60),
            heartbeat_after: Duration::from_secs(30),
            heartbeat_timeout: Duration::from_secs(5),
            quiet_after: Duration::from_millis(200),
        }
    }
}
