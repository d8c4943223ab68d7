//! What a connection is to be like.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{Compression, ProtocolVersion};
use tokio_util::task::TaskTracker;

use crate::{Authenticator, Dialer, SessionLog, SocketSettings, Tls, WithoutTls};

/// How to connect, and the limits of the connection. The defaults are meant for production.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The newest version to speak; tried first. Default v5.
    pub newest_version: ProtocolVersion,
    /// The oldest version to fall back to when the server refuses newer ones. Default v3.
    pub oldest_version: ProtocolVersion,
    /// The compression of what is sent and received. v5 knows only LZ4. Default none: it saves
    /// traffic and costs CPU on both sides.
    pub compression: Option<Compression>,
    /// Speak TLS. Default no.
    pub tls: Option<Tls>,
    /// What sockets are like.
    pub socket: SocketSettings,
    /// Who connects streams, if neither TCP nor a Unix socket is meant: a proxy, a tunnel. Default
    /// nobody.
    pub dialer: Option<Arc<dyn Dialer>>,
    /// How long an address may be silent before the next one of the same name is tried beside it
    /// (RFC 8305, *Connection Attempt Delay*). Default 250 ms.
    pub attempt_delay: Duration,
    /// Who answers a server that asks who is connecting. Default nobody.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// The classes that a server may authenticate with; another one is answered with nothing, and
    /// ends the attempt. A name with dots is that of a class in full, one without is its last part.
    /// [`PlainCredentials`](crate::PlainCredentials) go to each of them. Default empty: those that the
    /// authenticator takes by itself.
    pub authenticator_classes: Vec<String>,
    /// What becomes of an attempt whose server asks for a password, and the connection is without
    /// [TLS](Self::tls): whoever is in between reads it, or asks for it in the server's place. So it
    /// is of every authenticator that [needs encryption](Authenticator::needs_encryption). Default
    /// [`Warn`](WithoutTls::Warn).
    pub plain_password_without_tls: WithoutTls,
    /// The keyspace of unqualified names, spelled as the server does. Default none.
    pub keyspace: Option<String>,
    /// More options of STARTUP, for instance `APPLICATION_NAME`. Servers since 4.1 show them in
    /// `system_views.clients`. Default none.
    pub startup_options: BTreeMap<String, String>,
    /// Limits of the multiplexer, and its heartbeat.
    pub multiplexer: cqlwire_mux::Settings,
    /// The longest body of a response to take, in bytes, compressed or not. A longer one fails its
    /// own request and is skipped as it comes. Default 256 MiB, what the protocol allows; until the
    /// handshake is over it is 1 MiB, and a longer one ends the attempt.
    pub max_envelope_bytes: usize,
    /// How many bytes are read at a stretch, or decompressed and split into envelopes, before they
    /// are delivered, and writing and timing have their turn. One envelope may be larger.
    /// Default 256 KiB.
    pub read_budget_bytes: usize,
    /// Counts the tasks of connections, one each, so that their owner can wait for them.
    pub tasks: TaskTracker,
    /// Whose connection it is: the id is in each line of the log, and servers are told it
    /// (`SESSION_ID`). Default a new one.
    pub log: SessionLog,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            newest_version: ProtocolVersion::LATEST,
            oldest_version: ProtocolVersion::V3,
            compression: None,
            tls: None,
            socket: SocketSettings::default(),
            dialer: None,
            attempt_delay: Duration::from_millis(250),
            authenticator: None,
            authenticator_classes: Vec::new(),
            plain_password_without_tls: WithoutTls::default(),
            keyspace: None,
            startup_options: BTreeMap::new(),
            multiplexer: cqlwire_mux::Settings::default(),
            max_envelope_bytes: 256 << 20,
            read_budget_bytes: 256 << 10,
            tasks: TaskTracker::new(),
            log: SessionLog::default(),
        }
    }
}
