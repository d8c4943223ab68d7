//! In which keyspace requests run: that of the handle that they are asked through, whatever anybody
//! else does.
//!
//! ```text
//!                              v5                            v3, v4
//!   of the session             its connections are in it     its connections are in it
//!   of another handle          named by each request         connections of its own
//!   of one request             named by it                   nothing is sent: the next host
//! ```
//!
//! No connection is ever switched to another keyspace: servers execute the requests of one
//! connection beside each other, so those that are in flight could run in either.

mod handle;
mod list;
mod sent;

pub(crate) use self::handle::Handle;
pub(crate) use self::list::Keyspaces;
pub(crate) use self::sent::{InKeyspace, Keyspace};
