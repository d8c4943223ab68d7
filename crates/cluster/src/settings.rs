//! Where the cluster is, and how closely it is watched.

use std::time::Duration;

use cqlwire_net::Endpoint;

/// The settings of a cluster. The defaults are meant for production.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Servers to ask about the cluster. Every address of each is tried in this order, the next one
    /// while the last is still silent. Looked up anew whenever none of the known hosts can be
    /// asked. Default 127.0.0.1:9042.
    pub contact_points: Vec<Endpoint>,
    /// The only data center whose hosts get requests, and connections. Default all of them.
    pub local_data_center: Option<String>,
    /// How often the servers of the cluster are listed anew. Default 60 s.
    pub refresh_interval: Duration,
    /// How long one question about the cluster may take. Default 5 s.
    pub query_timeout: Duration,
    /// How many hosts a cluster may have: a server that lists more is broken, or no server, and the
    /// others are left out. Default 10,000.
    pub max_hosts: usize,
    /// The pool of each host; also how patiently the control connection is made.
    pub pool: cqlwire_pool::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        let local = std::net::SocketAddr::from(([127, 0, 0, 1], cqlwire_net::DEFAULT_PORT));
        Self {
            contact_points: vec![local.into()],
            local_data_center: None,
            refresh_interval: Duration::from_secs(60),
            query_timeout: Duration::from_secs(5),
            max_hosts: 10_000,
            pool: cqlwire_pool::Settings::default(),
        }
    }
}
