//! What the tests of cqlwire stand on: a scripted node, probes for leaks and cancellation, a
//! launcher for real Cassandra.
//!
//! Only tests and tools use this crate. Where the others return errors, it panics with a message
//! for whoever reads the failed test.
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "here a broken precondition is a failed test, and its message is the report"
)]

pub mod cancel;
#[cfg(unix)]
pub mod cassandra;
pub mod cluster;
mod eventually;
pub mod fault;
pub mod log;
pub mod node;
pub mod probe;
pub mod schema;
pub mod tls;

pub use eventually::eventually;
