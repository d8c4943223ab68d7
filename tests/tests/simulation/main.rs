//! The simulation: a whole session against servers that do anything, each run drawn from a seed, and
//! compared with a model of what can be true.
//!
//! ```text
//!   seed -> plan: setup, steps -+-> users:  read, write, batch, stream, load, prepare, let go, close
//!                               |               |                               what they are told
//!                               |            session                                        |
//!                               |               | in memory, slow, cut                      v
//!                               +-> world:  scripted cluster: dies, hangs, lies, forgets, moves
//!                                               |                                           |
//!                                               +-- what it receives, stores, says -->   model
//! ```
//!
//! Time is virtual and there is one thread, so that a seed is the same run each time. One that fails is
//! printed, with as few of its steps as still fail. `CONTRIBUTING.md` says how to run it again, and
//! `docs/simulation.md` what is looked at and what is not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "these are tests"
)]

mod asked;
mod calls;
mod draw;
mod faults;
mod hosts;
mod model;
mod plan;
mod run;
mod seeds;
mod seen;
mod shrink;
mod user;
mod way;
mod world;
