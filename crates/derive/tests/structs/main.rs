//! What the macros make of structs, against the codec, without a network.

#![allow(clippy::unwrap_used, reason = "tests")]

// The macros look for the codec at `cqlwire::codec`, which is here.
extern crate self as cqlwire;
pub use cqlwire_codec as codec;

mod bind_values;
mod columns;
pub mod hygiene;
mod row;
mod support;
mod tuple_row;
mod user_type;
mod value;
