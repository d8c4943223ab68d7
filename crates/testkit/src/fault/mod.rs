//! Faults of the transport: streams that break at a chosen byte, and streams that trickle.
//!
//! [`FaultyStream`] wraps either end of a connection, in memory or on a socket, so that a test can
//! sweep a fault over every byte of a conversation, in both directions. [`Trickle`] hands the bytes
//! on whole, but in pieces of chosen sizes, and [`Drip`] slowly, as long as its [`Pace`] says so.
//! [`Counted`] tells how long a conversation is.

mod counted;
mod drip;
mod faulty;
mod portions;
mod trickle;

pub use counted::{Count, Counted};
pub use drip::{Drip, Pace, Paced};
pub use faulty::{Fault, FaultyStream, Sense};
pub use portions::{InPortions, Portions};
pub use trickle::{Pieces, Trickle};

#[cfg(test)]
mod tests;
