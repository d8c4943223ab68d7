//! Where the cluster is, which of its hosts get requests, and how closely it is watched.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_net::{Endpoint, SessionLog};
use cqlwire_pool::Sink;

use crate::{AddressTranslator, ClusterChange, HostFilter, LoadBalancing, SchemaSettings};

/// The settings of a cluster. The defaults are meant for production.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Servers to ask about the cluster. Every address of each is tried in this order, the next one
    /// while the last is still silent. Looked up anew whenever none of the known hosts can be
    /// asked. Default 127.0.0.1:9042.
    pub contact_points: Vec<Endpoint>,
    /// The data center whose hosts get requests. Default that of the contact point which answers
    /// first; of a cluster with several data centers that is a warning.
    pub local_data_center: Option<String>,
    /// The rack in it whose replicas get requests first. Default none.
    pub local_rack: Option<String>,
    /// Which hosts of other data centers get requests when no local one takes them. Default none.
    pub remote: Remote,
    /// Which hosts may get requests at all. Default all.
    pub host_filter: Option<Arc<dyn HostFilter>>,
    /// What leads from the addresses that servers tell of each other to those where this client
    /// reaches them. Default nothing: they are the same.
    pub address_translator: Option<Arc<dyn AddressTranslator>>,
    /// Chooses the hosts for each request. Default [`TokenAware`](crate::TokenAware).
    pub load_balancing: Option<Arc<dyn LoadBalancing>>,
    /// How many connections are kept to each local host. Each multiplexes thousands of requests; a
    /// second one keeps small answers from waiting behind a large page, and a server serves each on
    /// a thread of its own. Default 2.
    pub connections_per_local_host: usize,
    /// Whether each connection proves before it is used that it reaches the host and the cluster
    /// which it is for. To be switched off only where a proxy stands between that leads to any
    /// host. Default yes.
    pub prove_hosts: bool,
    /// How many hosts have to be connected before the cluster is: at least 1, and no more than
    /// there are local ones. Default 1.
    pub ready_when: usize,
    /// Whether connecting goes on while nobody can be asked, until its deadline: for services that
    /// start before their database. Default no: it fails once all contact points have.
    pub reconnect_on_init: bool,
    /// How often the servers of the cluster are listed anew, though no event says that they
    /// changed. Default 60 s.
    pub refresh_interval: Duration,
    /// How far apart refreshes are at least that events ask for, however many there are. The first
    /// comes no later than this after the first event. Default 1 s.
    pub refresh_window: Duration,
    /// How long one question about the cluster may take. Default 5 s.
    pub query_timeout: Duration,
    /// How much of the schema is read.
    pub schema: SchemaSettings,
    /// How long reading it may take, all its questions together. Default 60 s.
    pub schema_timeout: Duration,
    /// How many hosts a cluster may have: a server that lists more is broken, or no server, and the
    /// others are left out. At most 65,535. Default 10,000.
    pub max_hosts: usize,
    /// How long it takes until a host that came up has its whole share of requests. Default 10 s.
    pub warm_up: Duration,
    /// Where it is handed on what happens to the cluster. Default nowhere.
    pub on_change: Option<Sink<ClusterChange>>,
    /// What servers are told of the settings, over the control connection (`DRIVER_CONFIG` of STARTUP,
    /// which servers since 4.1 show in `system_views.clients`). Default nothing.
    pub driver_config: Option<String>,
    /// The pool of each host; also how patiently the control connection is made.
    pub pool: cqlwire_pool::Settings,
}

impl Settings {
    /// The log of the session that the cluster belongs to.
    pub(crate) const fn log(&self) -> &SessionLog {
        &self.pool.connection.log
    }
}

/// Which hosts of other data centers get requests when no local one takes them.
///
/// They are farther away, and what was written with `LOCAL_QUORUM` here may not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remote {
    /// How many of each other data center. Default 0.
    pub hosts_per_data_center: usize,
    /// In which order the other data centers have their turn, and which of them may. Default all,
    /// in alphabetical order.
    pub data_centers: Vec<String>,
    /// May requests leave the local data center that ask for local consistency (`LOCAL_QUORUM`,
    /// `LOCAL_ONE`, `LOCAL_SERIAL`)? There they are local to another one. Default no.
    pub for_local_consistency: bool,
    /// How many connections are kept to each of these hosts. Default 1.
    pub connections_per_host: usize,
}

impl Default for Remote {
    fn default() -> Self {
        Self {
            hosts_per_data_center: 0,
            data_centers: Vec::new(),
            for_local_consistency: false,
            connections_per_host: 1,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let local = std::net::SocketAddr::from(([127, 0, 0, 1], cqlwire_net::DEFAULT_PORT));
        Self {
            contact_points: vec![local.into()],
            local_data_center: None,
            local_rack: None,
            remote: Remote::default(),
            host_filter: None,
            address_translator: None,
            load_balancing: None,
            connections_per_local_host: 2,
            prove_hosts: true,
            ready_when: 1,
            reconnect_on_init: false,
            refresh_interval: Duration::from_secs(60),
            refresh_window: Duration::from_secs(1),
            query_timeout: Duration::from_secs(5),
            schema: SchemaSettings::default(),
            schema_timeout: Duration::from_secs(60),
            max_hosts: 10_000,
            warm_up: Duration::from_secs(10),
            on_change: None,
            driver_config: None,
            pool: cqlwire_pool::Settings::default(),
        }
    }
}
