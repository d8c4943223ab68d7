//! Why there is no cluster, for whoever reads a failed test or the last line of a command.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// What can go wrong with a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a version that can be started.
    #[error(
        "CQLWIRE_CASSANDRA_VERSION is {text:?}: expected a whole version of 4.0, 4.1, 5.0 or 6.0, \
         such as 5.0.9"
    )]
    Version {
        /// What it said.
        text: String,
    },
    /// Not a time.
    #[error("CQLWIRE_CASSANDRA_START is {text:?}: expected a number of seconds, 1 or more")]
    Patience {
        /// What it said.
        text: String,
    },
    /// Not a source of servers.
    #[error("CQLWIRE_CASSANDRA is {text:?}: expected jars or container")]
    Source {
        /// What it said.
        text: String,
    },
    /// Nothing on this machine can run Cassandra.
    #[error("{missing}\n  Debian: {debian}\n  macOS:  {macos}")]
    Missing {
        /// What was looked for.
        missing: String,
        /// What to type there.
        debian: &'static str,
        /// What to type there.
        macos: &'static str,
    },
    /// The test stops or kills nodes, and those of the contact points are not its own.
    #[error(
        "CQLWIRE_CONTACT_POINTS names a cluster that is not to be stopped or killed, and this \
         needs nodes of its own: unset CQLWIRE_CONTACT_POINTS"
    )]
    NeedsItsOwn,
    /// Contact points that cannot be read or resolved.
    #[error("CQLWIRE_CONTACT_POINTS: {point:?} is no address: {source}")]
    ContactPoint {
        /// The one of them.
        point: String,
        /// What the system says.
        source: io::Error,
    },
    /// A node does not answer CQL.
    #[error("{address} does not answer CQL: {why}")]
    Silent {
        /// Where.
        address: SocketAddr,
        /// What it did instead.
        why: String,
    },
    /// A file or a directory.
    #[error("cannot {action} {}: {source}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A program that was not started.
    #[error("cannot start {program}: {source}")]
    Spawn {
        /// Which one.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// A program that did not do its work.
    #[error("{program} failed, {status}:\n{output}")]
    Failed {
        /// Which one.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of what it said.
        output: String,
    },
    /// A program that was killed because it took too long.
    #[error("{program} is not done after {} s:\n{output}", .waited.as_secs_f64())]
    Stuck {
        /// Which one.
        program: String,
        /// How long.
        waited: Duration,
        /// The last lines of what it said.
        output: String,
    },
    /// A cluster that has as many nodes as can be.
    #[error("there are {most} nodes, and no more can be")]
    Full {
        /// How many.
        most: u8,
    },
    /// Others do not take a node for down that was killed.
    #[error("after {} s, node {node} is still up for the others:\n{status}", .waited.as_secs())]
    NotDown {
        /// Counted from 1.
        node: u8,
        /// How long.
        waited: Duration,
        /// What they say of all nodes.
        status: String,
    },
    /// Another program has the port.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The port leaves none for the nodes to talk to each other.
    #[error("port {cql} is too low: the storage port is 2,042 below it and must be over 1,023")]
    Port {
        /// The port for clients.
        cql: u16,
    },
    /// Every pair of ports is locked.
    #[error("all ports of test clusters are in use: how many tests start a cluster at once?")]
    NoSlot,
    /// A certificate could not be made.
    #[error("cannot make certificates: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A certificate could not be used.
    #[error("cannot use the certificates: {0}")]
    Tls(#[from] rustls::Error),
    /// The version cannot do that.
    #[error("Cassandra {version} reads Java keystores only: TLS wants 4.1 or newer")]
    NoPem {
        /// The version.
        version: String,
    },
    /// A node ended instead of answering.
    #[error("node {node} ended, {status}; its log, {}, ends with:\n{tail}", .log.display())]
    Ended {
        /// Counted from 1.
        node: u8,
        /// How.
        status: ExitStatus,
        /// Its whole log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// A node took too long.
    #[error(
        "node {node} is not ready after {} s: {why}; CQLWIRE_CASSANDRA_START=<seconds> gives it more; \
         its log, {}, ends with:\n{tail}",
        .waited.as_secs(), .log.display()
    )]
    NotReady {
        /// Counted from 1.
        node: u8,
        /// How long.
        waited: Duration,
        /// What is still missing.
        why: String,
        /// Its whole log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// Another cluster was started by `cassandra up`.
    #[error(
        "the cluster {name} is up: `cassandra down` first, there is one at a time, on one port and with \
         one set of settings"
    )]
    AnotherIsUp {
        /// Its name.
        name: String,
    },
    /// A process that SIGKILL does not end: the system does not let go of it.
    #[error("process {pid} does not end, not even by SIGKILL")]
    Unkillable {
        /// Which one.
        pid: i32,
    },
    /// A signal that was not delivered.
    #[error("cannot signal process {pid}: {source}")]
    Signal {
        /// Which one.
        pid: i32,
        /// What the system says.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err` on what is done with a file.
    pub(super) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { action, path: path.into(), source }
    }
}
