//! From one operation to one response: attempt after attempt, as long as that is right.
//!
//! ```text
//!   plan --> host --> connection --> request --> response -----------------------> done
//!             ^ ^                       |            |                               ^
//!             | |                       +--failed----+                               |
//!             | |                            | decide                                |
//!             | |      NextHost              v                                       |
//!             | +----------------------------+---- Fail ---------------------> the error, with
//!             |                              | Reprepare                       all attempts
//!             +------- PREPARE <-------------+
//! ```
//!
//! `run` walks it as it is polled (`poll`), `send` hands one request to one host, `decide` alone says how to go on.
//! `prepares` says what a host is asked to prepare first, and `teach` has it prepare a statement, once
//! for all operations that need it there.

mod again;
mod decide;
mod poll;
mod prepares;
mod run;
mod send;
mod teach;
mod teachings;

pub(crate) use self::run::Run;
pub(crate) use self::teach::teach;
pub(crate) use self::teachings::Teachings;
