//! What a session counts: always, without a lock or an allocation on a request's way.
//!
//! ```text
//!   call --begun, by the gate--> Counted --ok, or its error--> RequestTotals
//!                                   |
//!                                   +--dropped before that--> cancelled
//! ```
//!
//! A call that was begun ends as one thing, and says itself as which when it is dropped: so the sum of
//! the outcomes is how many were begun. What happens to each attempt is counted by its connection, and
//! added up by host and by session in `cqlwire-pool`.

mod counted;
mod outcome;
#[cfg(feature = "serde")]
mod serialize;
mod snapshot;
mod table;

pub(crate) use self::counted::{Counted, RequestCounters};
pub(crate) use self::outcome::Outcome;
pub use self::outcome::RequestTotals;
pub use self::snapshot::{HostMetrics, Metrics};
