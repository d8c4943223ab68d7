//! What connections are like, and how patiently they are made.

use std::time::Duration;

use crate::{Backoff, ConnectionChange, Sink};

/// The settings of the pool of one host. The defaults are meant for production.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How long one attempt to connect may take, from the socket to the end of the handshake.
    /// Default 5 s.
    pub connect_timeout: Duration,
    /// How many connections may be on their way at once, to all hosts together, at least 1: a
    /// client of a thousand hosts that all restart must not dial them all in one moment. Attempts
    /// wait their turn; one to a silent host takes until its timeout. Default 64.
    pub max_connecting: usize,
    /// How many requests may be in flight at the host at once, shared out among its connections, those
    /// of all its pools, each of which has at least one; what is more waits for them. Connections that
    /// drain have none of it.
    /// Default none beside the one of each connection
    /// ([`max_in_flight`](cqlwire_net::MultiplexerSettings::max_in_flight)).
    pub max_in_flight: Option<usize>,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// How long to wait at most while requests find no connection: the host may be back, and they
    /// cannot wait for a back-off of half a minute. One attempt of the whole pool is hastened in this
    /// time, shortened at random by up to a half, as the back-off is; none where the last one was
    /// refused for good, as of a wrong password. Default 1 s.
    pub backoff_under_demand: Duration,
    /// Where it is handed on what becomes of connections. Default nowhere.
    pub on_change: Option<Sink<ConnectionChange>>,
    /// What each connection is like. Its [`tasks`](cqlwire_net::Settings::tasks) are those of the
    /// [`Registry`](crate::Registry).
    pub connection: cqlwire_net::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            max_connecting: 64,
            max_in_flight: None,
            backoff: Backoff::default(),
            backoff_under_demand: Duration::from_secs(1),
            on_change: None,
            connection: cqlwire_net::Settings::default(),
        }
    }
}
