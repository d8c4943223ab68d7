//! How a session is seen from outside: by servers, and in the log.

use std::collections::HashMap;
use std::sync::Arc;

use cqlwire_cluster::Cluster;
use cqlwire_codec::Startup;
use cqlwire_net::SessionLog;

use super::SessionBuilder;
use crate::history::TraceContext;
use crate::observer::Observer;
use crate::request_log::LogSettings;

impl SessionBuilder {
    /// What servers since 4.1 show of this program in `system_views.clients`, beside the session's
    /// [id](crate::Session::id).
    pub fn application_name(self, name: impl Into<String>) -> Self {
        self.startup_option(Startup::APPLICATION_NAME, name.into())
    }

    /// The program's version, for the same place.
    pub fn application_version(self, version: impl Into<String>) -> Self {
        self.startup_option(Startup::APPLICATION_VERSION, version.into())
    }

    /// Whether servers are told the settings of the session, in `system_views.clients`
    /// (`client_options['DRIVER_CONFIG']` of its control connection): timeouts, limits, the names of
    /// policies, the local data center, and no user and no secret. Default yes.
    pub const fn tell_settings(mut self, tell: bool) -> Self {
        self.tells_settings = tell;
        self
    }

    /// What of requests is written to the log.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # let builder = cqlwire::Session::builder();
    /// builder.logs(|logs| logs.slow_request = Some(Duration::from_millis(500)));
    /// ```
    #[doc(alias = "RequestLogger")]
    #[doc(alias = "slow query log")]
    pub fn logs(mut self, change: impl FnOnce(&mut LogSettings)) -> Self {
        change(&mut self.logs);
        self
    }

    /// Somebody who hears of requests, of the cluster and of connections, on a thread of its own. May be
    /// given several times: all are told on the same thread. One that holds a handle of the session
    /// keeps it alive until it is closed.
    #[doc(alias = "request_tracker")]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// How many events may wait for the observers; what is more they miss. 1 to 1,048,576. Default 8,192:
    /// some megabytes if all of them are requests.
    pub const fn observer_queue(mut self, events: usize) -> Self {
        self.observer_queue = events;
        self
    }

    /// Tells the servers of each request to which trace it belongs, in its custom payload: the fields
    /// that `propagate` puts down for the request's [span](tracing::Span), `traceparent` and
    /// `tracestate` of W3C say. Default they are told nothing.
    ///
    /// With [`tracing-opentelemetry`](https://docs.rs/tracing-opentelemetry):
    ///
    /// ```
    /// use opentelemetry::propagation::TextMapPropagator;
    /// use opentelemetry_sdk::propagation::TraceContextPropagator;
    /// use tracing_opentelemetry::OpenTelemetrySpanExt;
    ///
    /// let w3c = TraceContextPropagator::new();
    /// let builder = cqlwire::Session::builder()
    ///     .trace_context(move |span, fields| w3c.inject_context(&span.context(), fields));
    /// ```
    ///
    /// It is asked once a request, on the task that polls the request first: retries, speculative
    /// executions and the same request at another host have the same fields. Where nobody wants
    /// spans of requests (level DEBUG, target `cqlwire::request`), it is given the span of that task. A
    /// field that the request has in a [payload of its own](crate::Execution::custom_payload) is that
    /// one, one over 8 KiB is left out, and so is what is over 16. One that panics is a line of the log,
    /// and its request goes without.
    ///
    /// Custom payloads are of v4 and v5: over v3 requests go without, and so does a PREPARE, which
    /// is done once for all who wait for it. Cassandra hands payloads to its query handler; the one that
    /// it comes with does not look at them, so this is for those that do, and for proxies.
    #[doc(alias = "traceparent")]
    #[doc(alias = "W3C")]
    #[doc(alias = "propagator")]
    pub fn trace_context(
        mut self,
        propagate: impl Fn(&tracing::Span, &mut HashMap<String, String>) + Send + Sync + 'static,
    ) -> Self {
        self.trace_context = Some(TraceContext::new(propagate));
        self
    }

    fn startup_option(mut self, key: &str, value: String) -> Self {
        let options = &mut self.cluster.pool.connection.startup_options;
        options.insert(key.to_owned(), value);
        self
    }
}

/// What whoever looks into the log later wants to know first.
pub(super) fn announce(cluster: &Cluster, log: &SessionLog) {
    let (topology, health) = (cluster.topology(), cluster.health());
    let mut releases: Vec<_> = topology.hosts().iter().map(|host| host.release_version()).collect();
    releases.sort_unstable();
    releases.dedup();
    let connection = topology.hosts().iter().find_map(|host| host.pool().pick().ok());
    let protocol = connection.map(|connection| connection.version().to_string());
    let local = topology.local_hosts().first().map(|host| topology.host(*host));
    tracing::info!(
        session = %log.id(),
        cluster = topology.cluster_name(),
        hosts = topology.hosts().len(),
        local_hosts_up = health.local_hosts_up,
        local_data_center = cluster.local_data_center(),
        data_centers = topology.data_centers().join(", "),
        releases = releases.join(", "),
        protocol,
        connections_per_host = local.map(|host| host.pool().size()),
        driver = concat!("cqlwire ", env!("CARGO_PKG_VERSION")),
        "connected"
    );
}
