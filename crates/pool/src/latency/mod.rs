//! How long requests took: coarsely a host, finely a session.
//!
//! ```text
//!   driver of a connection --some hundred samples--> HostLatencies     coarse: each attempt
//!                                              +---> SessionLatencies  fine:
//!                                                      whole    a first attempt, with which its request ended
//!                                                      parts    any other attempt
//!   a request that took more than one attempt, or failed -->    others
//! ```
//!
//! Attempts are `whole` and `parts`, requests are `whole` and `others`: so the usual request is counted
//! once, in one place.

mod histogram;
mod host;
mod session;

pub use self::histogram::LatencyHistogram;
pub(crate) use self::host::HostLatencies;
pub use self::session::{Latencies, SessionLatencies};
