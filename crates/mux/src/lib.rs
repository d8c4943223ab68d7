//! The request multiplexer of cqlwire: one Cassandra connection as a state machine, without a socket, without a
//! clock and without a runtime.
//!
//! Many callers share one connection. Each [submits](Connection::submit) a request, gets a [`Ticket`] and comes back
//! for its [`Outcome`]; the shell that owns the socket (`cqlwire-net`) moves bytes and tells the time. Whatever
//! happens in between, three things hold:
//!
//! * every request has exactly one outcome;
//! * a stream id is used again only after its answer came or the connection is over;
//! * what a caller gives up before it was written is never written.
//!
//! ```text
//!  callers                       Connection                              shell
//!            submit   +-----------------------------------+  poll_transmit
//!  envelope --------->| waiting --> streams --> outgoing  |---------------> socket
//!                     |               |  deadlines        |  poll_timeout --> timer
//!  outcome  <---------| requests <----+  liveness         |<--------------- socket
//!         poll_outcome|               |  events           |  handle_envelopes
//!                     +-----------------------------------+  handle_timeout, handle_end
//! ```
//!
//! The rooms: `requests` is the callers' side of every request and `streams` the wire's, with those whose callers went
//! away in `orphans`; `waiting` holds those who wait for a stream id or for room, `outgoing` the envelopes of the next
//! write; `deadlines` and `liveness` tell when the clock matters; `metrics` counts, `timeline` tells of single requests;
//! `connection` ties them together.
//!
//! Nothing here reads a clock, a socket or an environment variable, and no input makes it panic.

mod connection;
mod counters;
mod deadlines;
mod links;
mod liveness;
mod metrics;
mod orphans;
mod outgoing;
mod requests;
mod settings;
mod streams;
mod timeline;
mod waiting;

pub use connection::{
    Abandoned, Connection, RefusedBecause, Submitted, Unresponsive, Usage, Violation, Written,
};
pub use metrics::{Measure, RequestKind, Sample, Totals};
pub use requests::{Outcome, Reached, Ticket};
pub use settings::Settings;
pub use timeline::Timeline;
pub use waiting::{Backlog, WaitingLimit, WaitsFor};
