//! Speculative executions: a request that takes long is sent to another host as well, and the first
//! response that is no error counts.
//!
//! ```text
//!   first execution  ------------------------------------------> lost: withdrawn, or orphaned
//!                       |  too long, or its host has gone quiet
//!                       +--> execution beside it ------> won
//! ```
//!
//! Only what may be done twice. It happens by itself where a host has gone quiet: it owes responses,
//! is silent, and does not answer when it is asked for a sign of life; whatever it may still do is
//! not lost, since its execution goes on. That another one is sent for the time that passes alone is
//! a matter of [policy](SpeculativePolicy), which there is none of unless a session is given one.
//!
//! Each execution is a `Run` of its own (`attempt`), with the deadline of the whole, and goes to hosts
//! that the others have not been at.

mod executions;
mod percentile;
mod policy;
mod session;

pub(crate) use self::executions::Executions;
pub use self::percentile::PercentileDelay;
pub use self::policy::{ConstantDelay, NeverSpeculate, SlowRequest, SpeculativePolicy};
pub(crate) use self::session::Speculations;
pub use self::session::{SpeculationSettings, SpeculationTotals};
