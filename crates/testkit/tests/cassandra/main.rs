//! The launcher, with real servers. Each takes about 1 GB and 10 s.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the whole binary is tests")]

mod command;
mod nodes;
mod raw;
