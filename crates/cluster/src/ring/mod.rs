//! From tokens and replication to replicas, computed off the request's way.
//!
//! ```text
//!   hosts with their tokens --> Ring --+--> ReplicaTable of one replication --> of(token): replicas
//!                                      |                                        ranges(): of scans
//!   replication of a keyspace --> Replication
//! ```
//!
//! The rooms: `member` is a host as the ring sees it; `tokens` has the tokens in order, with their
//! owners, and finds the range of one; `token_ring` adds the data centers and racks; `replication`
//! reads how a keyspace is replicated; `walk` goes around the ring as servers do, and `group`
//! chooses among the hosts of one data center on the way; `table` is what comes of it, one for each
//! *distinct* replication. Each needs only those before it, but `walk` needs `group`.
//!
//! Invariants: nothing here does I/O or knows the time; the replicas of a token are those that a
//! server would name, in its order; all tables of a ring share its tokens; a look-up neither locks
//! nor allocates.

mod group;
mod member;
mod replication;
mod table;
#[cfg(test)]
mod tests;
mod token_ring;
mod tokens;
mod walk;

pub use self::member::Member;
pub use self::replication::{Factor, Replication};
pub use self::table::ReplicaTable;
pub use self::token_ring::Ring;
pub use self::tokens::{HostIndex, TokenRange};
