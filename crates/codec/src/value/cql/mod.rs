//! Types of CQL that Rust has no type for: as the wire has them, every value of theirs.
//!
//! Features of this crate read and write the same types of CQL as the types of the libraries that
//! they are named after; those have narrower ranges, and what is out of them is an error.

mod counter;
mod date;
mod decimal;
mod duration;
mod time;
mod timestamp;
mod varint;

pub use counter::Counter;
pub use date::CqlDate;
pub use decimal::CqlDecimal;
#[cfg(any(feature = "bigdecimal", feature = "rust_decimal"))]
pub(super) use decimal::scale_and_unscaled;
pub use duration::CqlDuration;
pub use time::CqlTime;
pub use timestamp::CqlTimestamp;
pub use varint::CqlVarint;

#[cfg(test)]
mod tests;
