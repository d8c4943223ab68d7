//! What the sockets of connections are like, and how they are opened: nothing here is read from or
//! written to them.

mod open;

use std::net::IpAddr;
use std::time::Duration;

pub(crate) use open::{tcp, unix};

/// What the sockets of connections are like. The defaults are meant for production. A
/// [`Dialer`](crate::Dialer) has its own sockets, and of Unix sockets only the sizes of the buffers
/// are set.
///
/// `TCP_NODELAY` is always set: requests that gather are written together already, and waiting for
/// more to gather in the kernel would only cost time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketSettings {
    /// The address of this machine that connections begin at, for machines with several networks. A
    /// server whose address is of the other family cannot be connected to. Default none: the system
    /// chooses by its routes.
    pub local_address: Option<IpAddr>,
    /// How the system finds out that the other side is gone while nothing is sent.
    pub keepalive: Keepalive,
    /// How many bytes the system keeps that are written and not yet acknowledged (`SO_SNDBUF`), 1 to
    /// 1 GiB. Linux takes twice as much, for what it adds itself, and no more than
    /// `net.core.wmem_max` allows. Default none: the system sizes it by what the way takes, which a
    /// fixed size ends.
    pub send_buffer_bytes: Option<u32>,
    /// The same of what has arrived and is not yet read (`SO_RCVBUF`, `net.core.rmem_max`).
    pub receive_buffer_bytes: Option<u32>,
    /// How long written bytes may stay unacknowledged before the system ends the connection
    /// (`TCP_USER_TIMEOUT`), 1 ms to a day; it comes before what `keepalive` says, too. On
    /// Linux, Android and Fuchsia alone; elsewhere connections fail that ask for it. Default none:
    /// what a server does not answer is found out sooner by the
    /// [heartbeat](crate::MultiplexerSettings::heartbeat_after), which sees more than the network. It
    /// serves where heartbeats are switched off.
    pub user_timeout: Option<Duration>,
}

/// How the system finds out that the other side is gone while nothing is sent (`SO_KEEPALIVE`).
///
/// Heartbeats find that out sooner, as long as they are on. This is for connections without them, and
/// for what stands between and forgets connections that are idle: it sees packets, no envelopes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// Whether it does so at all. Default yes.
    pub enabled: bool,
    /// How long nothing has come before it asks, in whole seconds, 1 s to 9 h. Default 60 s:
    /// twice the default heartbeat, so that it costs nothing where there is one, and well within
    /// the minutes after which firewalls and load balancers forget a connection.
    pub time: Duration,
    /// How long after each question it asks again, in whole seconds, 1 s to 9 h. Default 10 s. A few
    /// systems (OpenBSD, Solaris) have one for all sockets, and that of `probes`.
    pub interval: Duration,
    /// After how many questions without an answer the connection is over, 1 to 127. Default 6: with the
    /// other defaults two minutes after the last sign of life.
    pub probes: u8,
}

impl Default for Keepalive {
    fn default() -> Self {
        let (time, interval) = (Duration::from_secs(60), Duration::from_secs(10));
        Self { enabled: true, time, interval, probes: 6 }
    }
}
