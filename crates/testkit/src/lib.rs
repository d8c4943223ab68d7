//! For tests of what talks to Cassandra: a scripted node, and a launcher for real ones.
//!
//! | module | |
//! |---|---|
//! | [`node`] | a small Cassandra that a test tells what to do, and that checks its client |
//! | [`cluster`], [`schema`] | several of them with one ring and one schema, which join, leave and die |
//! | [`tls`] | authorities and what they sign; nodes behind TLS |
//! | [`cassandra`] | real servers of this machine: started, paused, killed, and never left behind |
//! | [`eventually()`] | waiting for a condition instead of sleeping |
//!
//! These are its front, and change as [semantic versions](https://semver.org) say. Other modules are
//! there for the tests of the driver itself, are not documented, and may change in any release.
//!
//! Only tests and tools use this crate. Where the others return errors, it panics with a message
//! for whoever reads the failed test.
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "here a broken precondition is a failed test, and its message is the report"
)]

#[doc(hidden)]
pub mod cancel;
#[cfg(unix)]
pub mod cassandra;
pub mod cluster;
mod eventually;
#[doc(hidden)]
pub mod fault;
#[doc(hidden)]
pub mod log;
pub mod node;
#[doc(hidden)]
pub mod probe;
pub mod schema;
pub mod tls;

pub use eventually::eventually;
