//! What cqlwire costs, beside its peers and beside a bare socket loop, in one run.
//!
//! ```text
//!   compare ---- starts ----> canned node                  (its own process, its own core)
//!      |                           ^
//!      +-------- starts ----> one process a client         (one at work at a time, on another core)
//!                                  cqlwire, scylla, cdrs-tokio, and the floor
//! ```
//!
//! The comparison starts, for each work and level, a process for each client, and has them measure
//! in turn, round after round. What they measured becomes `report.json` and `report.html`.
//! `docs/benchmarks.md` says what is measured and how to read it.
//!
//! The rooms: `node` is the server that is faster than any client; `client` are those that are
//! compared; `load` is what they are put under; `measure` is how; `compare` runs the rounds, and
//! `report` tells. `instructions` counts what does not wobble. `ring` is about no request: what a
//! change of a large cluster takes. `faults` is another comparison: what drivers make of real servers
//! that are killed, paused and badly linked. `soak` compares nothing: it looks for what grows.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for the terminal: what it prints is what it is for"
)]

pub mod client;
pub mod compare;
pub mod faults;
pub mod instructions;
pub mod load;
pub mod measure;
pub mod node;
pub mod report;
mod result;
pub mod ring;
pub mod soak;
pub mod wire;
pub mod work;

pub use result::{Error, Result, ensure};
