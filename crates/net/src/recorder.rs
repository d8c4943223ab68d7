//! Where the times of requests go once they have ended.

use std::fmt;

use cqlwire_mux::Sample;

/// Adds up how long requests took.
///
/// It is called by the driver of a connection, with some hundred samples at a time and outside of its
/// lock, and by whoever looks at [`Connection::totals`](crate::Connection::totals). It has to be quick,
/// and must not panic.
pub trait Recorder: fmt::Debug + Send + Sync {
    /// Records all of them, or none, because somebody else is about it: then they come again with
    /// the next ones. With `wait` it waits for that.
    #[must_use]
    fn record(&self, samples: &[Sample], wait: bool) -> bool;
}
