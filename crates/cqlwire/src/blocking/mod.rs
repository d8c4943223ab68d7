//! Sessions without async: every call returns when it is done, on the thread that makes it.
//!
//! ```no_run
//! use cqlwire::Consistency;
//! use cqlwire::blocking::{Session, Wait};
//!
//! # fn main() -> cqlwire::Result<()> {
//! let session = Session::connect(Session::builder().contact_points(["127.0.0.1"]))?;
//!
//! let insert = session.prepare("INSERT INTO shop.users (city, id, name) VALUES (?, ?, ?)")?;
//! session.execute(&insert, ("Oslo", 7_i64, "Ada")).consistency(Consistency::Quorum).wait()?;
//!
//! let by_city = session.prepare("SELECT id, name FROM shop.users WHERE city = ?")?;
//! for user in session.execute(&by_city, ("Oslo",)).page_size(1_000).rows::<(i64, String)>().wait() {
//!     let (id, name) = user?;
//!     println!("{id}: {name}");
//! }
//! # Ok(()) }
//! ```
//!
//! What is asked for is described as ever, by the same methods ([`Execution`](crate::Execution),
//! [`Batch`](crate::Batch), [`Streaming`](crate::Streaming), [`Load`](crate::Load)), and then waited for by
//! [`wait`](Wait::wait) where async code awaits it: of a result that returns the result, of pages or rows
//! an iterator. Errors, deadlines, retries and limits are those of the async session, since it is one.
//!
//! # Threads
//!
//! The connections of a session are served by one thread of its own, `cqlwire-session`. It ends when the
//! session is [closed](Session::close), or once the last handle, batch and iterator is dropped and what was
//! sent has finished. A request needs nobody else: its future is polled by the thread that waits for
//! it, which sleeps until the response is there. So any number of threads may share a session, and what
//! they send at the same time is written together.
//!
//! Any thread may wait, also one of an async runtime, whose other tasks wait then, too. Only the
//! session's own thread may not, which runs authenticators and address translators: there, a call returns
//! [`Unserved::OwnThread`](crate::Unserved::OwnThread) at once.
//!
//! Should that thread be gone, no wait goes on for it: what was under way ends as
//! [`ConnectionLost`](crate::ErrorKind::ConnectionLost), and what comes later is refused. Should it be
//! there and stand still, requests end at their deadlines all the same.

mod iter;
mod park;
mod session;
mod thread;
mod wait;

pub use self::iter::{Iter, Pages, Rows};
#[cfg(test)]
pub(crate) use self::park::wait_on;
pub use self::session::Session;
pub(crate) use self::thread::RuntimeThread;
pub use self::wait::Wait;
