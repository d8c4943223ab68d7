//! Users' own eyes on a session, on a thread of their own: whatever they do, no request waits for it.
//!
//! ```text
//!   requests, pools, cluster --try_send--> bounded queue --> observer thread --> each observer
//!                                |                               |
//!                                +-- full: missed, counted       +-- a panic is caught, and counted
//!
//!   close: the thread hands on what is queued, then ends; at the deadline the rest is missed
//!   dropped: the same, without a deadline
//! ```
//!
//! The thread holds nothing of the session but the queue, and is started only if there is an observer.

mod event;
mod queue;
mod tally;
mod thread;

pub use self::event::Observer;
pub(crate) use self::queue::Observers;
pub use self::tally::ObserverTotals;
