//! From a request to the hosts to try for it.
//!
//! ```text
//!   request (token, keyspace, consistency) --+
//!   topology (hosts, replicas) --------------+--> policy.next() --> host --> failed --> next() ...
//!   random number of the request ------------+
//! ```
//!
//! A [`Plan`] is lazy: the policy is asked for one host at a time, and most requests need no more
//! than one. A policy keeps nothing of a request; what was tried is the plan's.

mod choice;
mod plan;
mod policy;
mod round_robin;
mod single_host;
mod token_aware;

pub(crate) use plan::Policy;
pub use plan::{Plan, PolicyPanicked, Turn};
pub use policy::{LoadBalancing, Routing, Tried};
pub use round_robin::RoundRobin;
pub use single_host::SingleHost;
pub use token_aware::TokenAware;
