//! The scripted node: a small Cassandra that a test tells what to do, and that checks its client.
//!
//! It runs over any stream, in memory under paused time or on a socket. By itself it does what a
//! server does: it negotiates the version, authenticates, switches to segments, prepares, answers
//! for its system tables, and says Void to every other statement. [`Prime`]s change
//! that for chosen requests.
//!
//! ```
//! use cqlwire_codec::{ColumnType, Opcode, ProtocolVersion};
//! use cqlwire_testkit::node::{Prime, ScriptedNode, cell, columns};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! let node = ScriptedNode::builder()
//!     .versions([ProtocolVersion::V4, ProtocolVersion::V5])
//!     .password("user", "secret")
//!     .start_tcp()
//!     .await?;
//! let rows = vec![vec![cell(1_i32.to_be_bytes())]];
//! node.prime(Prime::statement("SELECT v FROM t").rows(columns([("v", ColumnType::Int)]), rows));
//! node.prime(Prime::opcode(Opcode::Execute).nth(3).silence());
//! let held = node.hold(Prime::statement("SELECT slow FROM t"));
//! // … a client connects to `node.address()` …
//! held.release();
//! assert_eq!(node.owed(), 0);
//! # Ok(()) }
//! ```
//!
//! Whatever a client does against the protocol is a [`Violation`]. A node that is dropped with
//! violations panics, unless the test took them ([`ScriptedNode::take_violations`]) or panics
//! already; dropping it also ends its tasks and sockets.

mod authentication;
mod behaviour;
mod builder;
mod command;
mod connection;
mod error;
mod events;
mod handshake;
mod held;
mod observed;
mod prime;
mod received;
mod reply;
mod request;
mod rows;
mod shared;
mod statements;
mod system;
mod violation;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};

pub use authentication::Verdict;
pub use builder::Builder;
pub use held::Held;
pub use prime::Prime;
pub use received::{ConnectionInfo, Received, RequestFields};
pub use reply::Row;
pub use rows::{cell, columns};
pub use system::Member;
pub(crate) use system::uuid_of;
pub use violation::{Violation, ViolationKind};

use command::Command;
use connection::Connection;
use prime::{Delivery, End, Script};
use shared::{Hold, Shared};
use system::Peers;

use crate::schema::Schema;

/// The handle of a node. See the [module](self).
#[derive(Debug)]
pub struct ScriptedNode {
    shared: Arc<Shared>,
}

impl ScriptedNode {
    const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    fn accept_from(&self, listener: TcpListener) {
        let shared = self.shared.clone();
        self.shared.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve_tcp(&shared, stream);
            }
        });
    }

    /// A connection in memory: the client's end of it.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn connect(&self) -> DuplexStream {
        let (client, server) = duplex(self.shared.settings.buffer);
        self.serve(server);
        client
    }

    /// Serves a client over this stream: the server's end of a pipe, of TLS, of a faulty stream.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    pub fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.shared.spawn(Connection::new(self.shared.clone()).run(stream, drop));
    }

    /// Serves a client over this socket.
    pub(crate) fn serve_tcp(&self, stream: TcpStream) {
        serve_tcp(&self.shared, stream);
    }

    /// Where it listens; in memory, what `system.local` says.
    pub fn address(&self) -> SocketAddr {
        self.shared.state().local.address
    }

    /// How the system tables describe it.
    pub fn member(&self) -> Member {
        self.shared.state().local.clone()
    }

    /// What `system.peers` says from now on: the members of other nodes.
    pub fn set_peers(&self, peers: impl IntoIterator<Item = Member>) {
        self.shared.state().peers = Peers { members: peers.into_iter().collect(), except: None };
    }

    /// What its system tables say from now on: itself, all members of the cluster, the schema.
    pub(crate) fn set_view(&self, local: Member, members: Arc<[Member]>, schema: Arc<Schema>) {
        let mut state = self.shared.state();
        state.peers = Peers { members, except: Some(local.host_id) };
        state.local = local;
        state.schema = schema;
    }

    /// Another reaction to chosen requests; it goes before all earlier ones.
    pub fn prime(&self, prime: Prime) {
        self.shared.state().primes.push(prime);
    }

    /// What becomes of each request is said by this, as it comes; where it says nothing, by the primes.
    /// Of the prime that it gives, the choice does not matter: [`Prime::any`] will do.
    pub fn script(&self, script: impl Fn(&Received) -> Option<Prime> + Send + Sync + 'static) {
        self.shared.state().script = Some(Script(Arc::new(script)));
    }

    /// Forgets all primes.
    pub fn clear_primes(&self) {
        self.shared.state().primes.clear();
    }

    /// Holds the answers to chosen requests back until the test releases them, in any order.
    pub fn hold(&self, prime: Prime) -> Held {
        let mut state = self.shared.state();
        state.holds.push(Hold::default());
        let number = state.holds.len() - 1;
        state.primes.push(prime.deliver(Delivery::Held(number)));
        drop(state);
        Held::new(self.shared.clone(), number)
    }

    /// The keyspaces that there are, from now on; others are refused as servers refuse them. As long as
    /// this is not said, there is any.
    pub fn set_keyspaces<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let names = names.into_iter().map(str::to_owned).collect();
        self.shared.state().keyspaces = Some(names);
    }

    /// Forgets all prepared statements, as a server does when it starts again.
    pub fn forget_prepared(&self) {
        self.shared.state().prepared.clear();
    }

    /// Sends these bytes, as they are, on every open connection.
    pub fn send_bytes(&self, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        self.command_all(|| Command::Write(bytes.clone()));
    }

    /// Closes every connection once what is answered is out.
    pub fn close_connections(&self) {
        self.command_all(|| Command::End(End::Close));
    }

    /// Resets every connection; in memory that is an end without notice.
    pub fn reset_connections(&self) {
        self.command_all(|| Command::End(End::Reset));
    }

    /// Closes the node's direction of every connection, and goes on reading.
    pub fn half_close_connections(&self) {
        self.command_all(|| Command::End(End::HalfClose));
    }

    /// Reads nothing more, of old and new connections, until told to: a server that is overloaded.
    /// What is in the buffers in between still fills up.
    pub fn pause_reading(&self) {
        self.shared.state().paused = true;
        self.command_all(|| Command::Pause(true));
    }

    /// Reads again.
    pub fn resume_reading(&self) {
        self.shared.state().paused = false;
        self.command_all(|| Command::Pause(false));
    }

    /// Does nothing more, as after SIGSTOP: connections are taken, by the system, and stay silent;
    /// events and answers wait.
    pub fn stop(&self) {
        self.shared.state().stopped = true;
        self.command_all(|| Command::Stop(true));
    }

    /// Goes on where it was stopped.
    pub fn resume(&self) {
        self.shared.state().stopped = false;
        self.command_all(|| Command::Stop(false));
    }

    fn command_all(&self, command: impl Fn() -> Command) {
        let state = self.shared.state();
        state.connections.iter().filter(|link| link.open).for_each(|link| {
            link.inbox.push(command());
        });
    }
}

impl Drop for ScriptedNode {
    fn drop(&mut self) {
        self.shared.end_tasks();
        if !std::thread::panicking() {
            self.assert_clean();
        }
    }
}

fn serve_tcp(shared: &Arc<Shared>, stream: TcpStream) {
    // Only a matter of speed.
    stream.set_nodelay(true).unwrap_or_default();
    shared.spawn(Connection::new(shared.clone()).run(stream, reset_tcp));
}

/// Closes a socket so that the other side sees a reset.
fn reset_tcp(stream: TcpStream) {
    // Without it the end is only softer than it was to be; the test that cares will see.
    stream.set_zero_linger().unwrap_or_default();
}

#[cfg(test)]
pub(crate) mod tests;
