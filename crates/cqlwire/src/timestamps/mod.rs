//! The write times of a client: which writes have one (`choice.rs`), and what it is drawn from
//! (`generator.rs`, of `increasing.rs`). A request draws its own once, before it is first encoded
//! (`session.rs`), and has it in its options from then on.

mod choice;
mod generator;
mod increasing;
mod session;

pub use self::choice::ClientTimestamps;
pub use self::generator::{MonotonicTimestamps, TimestampGenerator};
pub(crate) use self::increasing::Increasing;
pub use self::session::TimestampTotals;
pub(crate) use self::session::Timestamps;
