//! Which hosts get requests, and how they are reached.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{AddressTranslator, HostFilter, LoadBalancing, Remote, SchemaSettings};
use cqlwire_net::SocketSettings;

use super::SessionBuilder;

impl SessionBuilder {
    /// The data center whose hosts get requests. Default that of the first contact point that
    /// answers; of a cluster with several data centers that is a warning.
    #[doc(alias = "local_datacenter")]
    pub fn local_data_center(mut self, name: impl Into<String>) -> Self {
        self.cluster.local_data_center = Some(name.into());
        self
    }

    /// The rack in the local data center whose replicas get requests first. Default none.
    pub fn local_rack(mut self, name: impl Into<String>) -> Self {
        self.cluster.local_rack = Some(name.into());
        self
    }

    /// Which hosts of other data centers get requests when no local one takes them. Default none:
    /// no request leaves the local data center.
    ///
    /// ```no_run
    /// # let builder = cqlwire::Session::builder();
    /// builder.local_data_center("oslo").remote(|remote| {
    ///     remote.hosts_per_data_center = 2;
    ///     remote.data_centers = vec!["bergen".to_owned()];
    /// });
    /// ```
    #[doc(alias = "dc_failover")]
    #[doc(alias = "used_hosts_per_remote_dc")]
    pub fn remote(mut self, change: impl FnOnce(&mut Remote)) -> Self {
        change(&mut self.cluster.remote);
        self
    }

    /// Which hosts may get requests at all. Default all.
    pub fn host_filter(mut self, filter: impl HostFilter) -> Self {
        self.cluster.host_filter = Some(Arc::new(filter));
        self
    }

    /// What chooses the hosts for each request, unless its profile or itself has another one.
    /// Default [`TokenAware`](crate::TokenAware).
    #[doc(alias = "load_balancing_policy")]
    pub fn load_balancing(mut self, policy: impl LoadBalancing) -> Self {
        self.cluster.load_balancing = Some(Arc::new(policy));
        self
    }

    /// What leads from the addresses that servers tell of each other to those where this client
    /// reaches them: [`FixedAddresses`](crate::FixedAddresses),
    /// [`SubnetAddresses`](crate::SubnetAddresses), [`NamedAddresses`](crate::NamedAddresses), or
    /// one of your own. Default they are the same.
    pub fn address_translator(mut self, translator: impl AddressTranslator) -> Self {
        self.cluster.address_translator = Some(Arc::new(translator));
        self
    }

    /// What sockets are like: where they begin, how they are kept alive, how large their buffers are.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let builder = cqlwire::Session::builder();
    /// builder.socket(|socket| {
    ///     socket.local_address = Some([10, 0, 0, 7].into());
    ///     socket.keepalive.time = Duration::from_secs(30);
    /// });
    /// ```
    #[doc(alias = "tcp_keepalive")]
    #[doc(alias = "local_ip_address")]
    pub fn socket(mut self, change: impl FnOnce(&mut SocketSettings)) -> Self {
        change(&mut self.cluster.pool.connection.socket);
        self
    }

    /// How many connections are kept to each local host. Default 2.
    pub const fn connections_per_host(mut self, connections: usize) -> Self {
        self.cluster.connections_per_local_host = connections;
        self
    }

    /// Whether each connection proves before it is used that it reaches the host and the cluster
    /// which it is for. To be switched off only where a proxy stands between that leads to any
    /// host. Default yes.
    pub const fn prove_hosts(mut self, prove: bool) -> Self {
        self.cluster.prove_hosts = prove;
        self
    }

    /// How long to wait before a host that could not be connected to is tried again: `first` after
    /// the first failure, twice as long after each further one, up to `longest`; each shortened at
    /// random by up to a half. Default 100 ms and 30 s. While requests find no connection to it, it
    /// is tried more often: [`reconnection_under_demand`](Self::reconnection_under_demand).
    pub const fn reconnection(mut self, first: Duration, longest: Duration) -> Self {
        self.cluster.pool.backoff.first = first;
        self.cluster.pool.backoff.longest = longest;
        self
    }

    /// How long to wait at most before a host is tried again that requests found no connection to,
    /// which is when no other host could take them either. One attempt a host is hastened in this
    /// time, shortened at random by up to a half, so that requests which still have time are answered
    /// moments after the host is back, and a cluster that is down is not flooded. Where a server has
    /// refused for good, as of a wrong password, none is hastened. Default 1 s.
    pub const fn reconnection_under_demand(mut self, interval: Duration) -> Self {
        self.cluster.pool.backoff_under_demand = interval;
        self
    }

    /// How many connections may be on their way at once, to all hosts together, at least 1. Default
    /// 64.
    pub const fn max_connecting(mut self, connections: usize) -> Self {
        self.cluster.pool.max_connecting = connections;
        self
    }

    /// Whether [`connect`](Self::connect) goes on trying while no contact point can be asked, until
    /// its [timeout](Self::connect_timeout), for services that start before their database. Default
    /// no: it fails once all contact points have.
    pub const fn reconnect_on_init(mut self, again: bool) -> Self {
        self.cluster.reconnect_on_init = again;
        self
    }

    /// How many local hosts have to be connected before [`connect`](Self::connect) returns, or all
    /// if there are fewer. Default 1.
    pub const fn ready_when(mut self, hosts: usize) -> Self {
        self.cluster.ready_when = hosts;
        self
    }

    /// How much of the schema is read, and how. Default everything.
    ///
    /// ```no_run
    /// # let builder = cqlwire::Session::builder();
    /// builder.schema(|schema| schema.scope = cqlwire::SchemaScope::Replication);
    /// ```
    pub fn schema(mut self, change: impl FnOnce(&mut SchemaSettings)) -> Self {
        change(&mut self.cluster.schema);
        self
    }

    /// How often the hosts of the cluster are listed anew, though no event says that they changed.
    /// Default 60 s.
    pub const fn topology_refresh_interval(mut self, interval: Duration) -> Self {
        self.cluster.refresh_interval = interval;
        self
    }
}
