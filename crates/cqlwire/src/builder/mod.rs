//! Describing a session.

mod config;
mod hosts;
mod limits;
mod outside;
mod security;
mod seen;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{Cluster, ContactFailure, NoContact};
use cqlwire_codec::{Compression, ProtocolVersion, StatementKind};
use cqlwire_net::{Deadline, Endpoint, InvalidEndpoint, SessionLog};
use cqlwire_pool::Unconnected;
use cqlwire_stream::PageBudget;

pub use self::outside::{Config, ConfigError, KnownSetting};
use crate::contact_points::IntoContactPoints;
use crate::error::{Attempt, Error, ErrorKind, Result, TimeoutPhase};
use crate::history::TraceContext;
use crate::observer::{Observer, Observers};
use crate::profile::{DEFAULT_PROFILE, ExecutionProfile, Profiles};
use crate::request_log::{LogSettings, RequestLog};
use crate::retry::{DefaultRetryPolicy, Retries, RetryPolicy, RetrySettings};
use crate::session::Session;
use crate::shared::{Shared, SharedSettings};
use crate::speculation::{SpeculationSettings, Speculations};

/// Describes a session. Every setting has a default that suits production; what is wrong with one, or
/// with two together, is reported by [`connect`](Self::connect). They may come from
/// [a URL](Self::url), or from [files and environments](Self::config).
///
/// ```no_run
/// # async fn example() -> cqlwire::Result<()> {
/// use cqlwire::Session;
///
/// let session = Session::builder()
///     .contact_points(["10.0.0.1", "10.0.0.2:9042"])
///     .local_data_center("oslo")
///     .credentials("shop", "secret")
///     .keyspace("shop")
///     .connect()
///     .await?;
/// # drop(session);
/// # Ok(()) }
/// ```
///
/// # Limits of what is in flight
///
/// | where | how many requests | what is more |
/// |---|---|---|
/// | in the session | [`max_requests`](Self::max_requests), default no limit | waits in one queue: [`max_queued_requests`](Self::max_queued_requests) |
/// | at a host | [`max_requests_per_host`](Self::max_requests_per_host), or what it turns out to bear ([`adaptive_limit`](Self::adaptive_limit)), default no limit | waits for its connections: [`max_waiting_requests`](Self::max_waiting_requests), [`max_waiting_bytes`](Self::max_waiting_bytes) |
/// | on a connection | [`max_in_flight`](crate::net::MultiplexerSettings::max_in_flight), default 4,096 | the same |
///
/// Whoever waits has its turn first come, first served, and waits no longer than its timeout. What no
/// more may wait for is [`Overloaded`](ErrorKind::Overloaded), which names the limit. In both cases
/// nothing was sent.
#[derive(Clone, Debug)]
#[must_use = "nothing is done until connect() is awaited"]
pub struct SessionBuilder {
    cluster: cqlwire_cluster::Settings,
    profile: ExecutionProfile,
    named_profiles: Vec<(Box<str>, ExecutionProfile)>,
    connect_timeout: Duration,
    schema_agreement_timeout: Duration,
    page_budget_bytes: usize,
    prepared_statements: usize,
    retry_policy: Arc<dyn RetryPolicy>,
    retries: RetrySettings,
    speculation: SpeculationSettings,
    limits: limits::Limits,
    logs: LogSettings,
    tells_settings: bool,
    observers: Vec<Arc<dyn Observer>>,
    observer_queue: usize,
    trace_context: Option<TraceContext>,
    #[cfg(feature = "astra")]
    bundle: Option<std::path::PathBuf>,
    /// The first thing that is wrong with the settings.
    invalid: Option<(Cow<'static, str>, String)>,
}

impl Default for SessionBuilder {
    fn default() -> Self {
        Self {
            cluster: cqlwire_cluster::Settings::default(),
            profile: ExecutionProfile::default(),
            named_profiles: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            schema_agreement_timeout: Duration::from_secs(10),
            page_budget_bytes: PageBudget::DEFAULT_LIMIT,
            prepared_statements: 1_000,
            retry_policy: Arc::new(DefaultRetryPolicy),
            retries: RetrySettings::default(),
            speculation: SpeculationSettings::default(),
            limits: limits::Limits::default(),
            logs: LogSettings::default(),
            tells_settings: true,
            observers: Vec::new(),
            observer_queue: 8_192,
            trace_context: None,
            #[cfg(feature = "astra")]
            bundle: None,
            invalid: None,
        }
    }
}

impl SessionBuilder {
    /// Servers to ask about the cluster, each `host`, `host:port` or `unix:/path` of a Unix socket; a text
    /// may name several, with commas between them. One is enough; several survive the loss of one. Default
    /// `127.0.0.1:9042`.
    #[doc(alias = "known_node")]
    #[doc(alias = "hosts")]
    pub fn contact_points(mut self, servers: impl IntoContactPoints) -> Self {
        match parse_contact_points(&servers.into_contact_points()) {
            Ok(servers) if servers.is_empty() => self.refuse("contact_points", "none was given"),
            Ok(servers) => self.cluster.contact_points = servers,
            Err(error) => self.refuse("contact_points", error),
        }
        self
    }

    /// The keyspace of unqualified names, spelled as in the schema. Default none.
    pub fn keyspace(mut self, name: impl Into<String>) -> Self {
        self.cluster.pool.connection.keyspace = Some(name.into());
        self
    }

    /// Compress what is sent and received. Default no.
    pub const fn compression(mut self, compression: Compression) -> Self {
        self.cluster.pool.connection.compression = Some(compression);
        self
    }

    /// The versions of the protocol to speak: the newest that the server speaks too is chosen.
    /// Default v3 to v5.
    pub const fn protocol_versions(
        mut self,
        oldest: ProtocolVersion,
        newest: ProtocolVersion,
    ) -> Self {
        self.cluster.pool.connection.oldest_version = oldest;
        self.cluster.pool.connection.newest_version = newest;
        self
    }

    /// How long [`connect`](Self::connect) may take in all. One attempt to connect to one host gets
    /// 5 s of it at most. Default 10 s.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a statement that changes the schema waits for the servers to agree on it.
    /// Default 10 s.
    pub const fn schema_agreement_timeout(mut self, timeout: Duration) -> Self {
        self.schema_agreement_timeout = timeout;
        self
    }

    /// How many requests may wait for a stream id of one connection, or for room in its buffer; what
    /// is more goes to another host, or fails as [`Overloaded`](ErrorKind::Overloaded). Default
    /// 32,768.
    pub const fn max_waiting_requests(mut self, requests: u32) -> Self {
        self.cluster.pool.connection.multiplexer.max_waiting = requests;
        self
    }

    /// The same in bytes of requests. Default 64 MiB.
    pub const fn max_waiting_bytes(mut self, bytes: usize) -> Self {
        self.cluster.pool.connection.multiplexer.max_waiting_bytes = bytes;
        self
    }

    /// How long the body of a request may be, in bytes: one that is longer is refused, and nothing of
    /// it is sent. Default 16 MiB: servers since 4.1 take no more unless configured otherwise
    /// (`native_transport_max_frame_size`), and older ones no larger mutation.
    pub const fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.cluster.pool.connection.multiplexer.max_request_bytes = bytes;
        self
    }

    /// How long a response may be, in bytes after decompression: one that is longer fails its own
    /// request ([`ResponseTooLarge`](ErrorKind::ResponseTooLarge)), and its bytes are thrown away as
    /// they come. Default 256 MiB, what the protocol allows.
    pub const fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.cluster.pool.connection.max_envelope_bytes = bytes;
        self
    }

    /// How requests are executed unless they say otherwise.
    pub fn profile(mut self, profile: ExecutionProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Another profile, by this name: for requests that are to be executed by it
    /// ([`Session::profile_named`]), and for the whole session to be switched to
    /// ([`Session::use_profile`]).
    pub fn named_profile(mut self, name: impl Into<Box<str>>, profile: ExecutionProfile) -> Self {
        let name = name.into();
        let names = self.named_profiles.iter().map(|(known, _)| &**known);
        if name.is_empty() {
            self.refuse("named_profile", "its name is empty");
        } else if names.chain([DEFAULT_PROFILE]).any(|known| known == &*name) {
            self.refuse("named_profile", format_args!("there are two named `{name}`"));
        }
        self.named_profiles.push((name, profile));
        self
    }

    /// What decides whether a request that failed is sent again, and where, unless its profile or
    /// itself has another one. Default [`DefaultRetryPolicy`](crate::DefaultRetryPolicy).
    pub fn retry_policy(mut self, policy: impl RetryPolicy) -> Self {
        self.retry_policy = Arc::new(policy);
        self
    }

    /// How often requests are sent again, how long they wait in between, and how many retries all
    /// of them may have together.
    ///
    /// ```no_run
    /// # let builder = cqlwire::Session::builder();
    /// builder.retries(|retries| {
    ///     retries.budget.per_cent = 10;
    ///     // No host is left: fail at once, instead of riding out an outage of seconds.
    ///     retries.max_plans = 1;
    /// });
    /// ```
    pub fn retries(mut self, change: impl FnOnce(&mut RetrySettings)) -> Self {
        change(&mut self.retries);
        self
    }

    /// Which requests are sent to another host as well, if they take long: the first response that
    /// is no error counts. Default only idempotent requests at hosts that have gone quiet.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// use cqlwire::{ConstantDelay, Session};
    ///
    /// let builder = Session::builder().speculation(|speculation| {
    ///     let delay = Duration::from_millis(50);
    ///     speculation.policy = Some(Arc::new(ConstantDelay { delay, most: 1 }));
    ///     speculation.budget.per_cent = 10;
    /// });
    /// # drop(builder);
    /// ```
    #[doc(alias = "speculative_execution_policy")]
    pub fn speculation(mut self, change: impl FnOnce(&mut SpeculationSettings)) -> Self {
        change(&mut self.speculation);
        self
    }

    /// How many bytes of pages all streams of the session together may ask for ahead of their
    /// readers. Each may always hold one page. Default 64 MiB.
    pub const fn page_budget_bytes(mut self, bytes: usize) -> Self {
        self.page_budget_bytes = bytes;
        self
    }

    /// How many prepared statements are kept that nobody holds: those that were asked for last. One
    /// that somebody holds is always kept. Default 1,000, far more than most programs have texts; a
    /// text with values in it is another text each time, and a warning says so when they turn over
    /// fast.
    #[doc(alias = "prepared_cache_size")]
    pub const fn prepared_statements(mut self, statements: usize) -> Self {
        self.prepared_statements = statements;
        self
    }

    /// Settings of the cluster that have no method of their own here.
    pub fn cluster(mut self, change: impl FnOnce(&mut cqlwire_cluster::Settings)) -> Self {
        change(&mut self.cluster);
        self
    }

    /// Settings of the connections that have no method of their own here.
    pub fn connection(mut self, change: impl FnOnce(&mut cqlwire_net::Settings)) -> Self {
        change(&mut self.cluster.pool.connection);
        self
    }

    /// Connects: asks the contact points about the cluster, the next one while the last is still
    /// silent, begins to connect to each of its hosts, and returns with the first connection.
    ///
    /// # Errors
    ///
    /// [`Settings`](ErrorKind::Settings) before anything is done;
    /// [`UnknownKeyspace`](ErrorKind::UnknownKeyspace) if that is why a server refused;
    /// [`NoHostAvailable`](ErrorKind::NoHostAvailable) with every contact point and its reason;
    /// [`Timeout`](ErrorKind::Timeout) if some were silent and none refused for good. Nothing is
    /// left behind.
    ///
    /// # Cancel safety
    ///
    /// Dropped, everything that was opened is closed.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time.
    pub async fn connect(mut self) -> Result<Session> {
        if let Some((setting, why)) = self.invalid.take() {
            return Err(ErrorKind::Settings { setting, why }.into());
        }
        self.check()?;
        let deadline = Deadline::after(self.connect_timeout);
        // Another session for each that is connected by the same description.
        let log = SessionLog::default();
        self.cluster.pool.connection.log = log.clone();
        #[cfg(feature = "astra")]
        if let Some(bundle) = self.bundle.take() {
            crate::astra::complete(&mut self.cluster, bundle, deadline).await?;
        }
        let keyspace = self.cluster.pool.connection.keyspace.clone();
        let max_request_bytes = self.cluster.pool.connection.multiplexer.max_request_bytes;
        let driver_config = self.driver_config();
        let observers = Observers::start(self.observers, self.observer_queue, &log);
        let observers = observers.map_err(|error| ErrorKind::Settings {
            setting: "observer".into(),
            why: format!("there is no thread for it: {error}"),
        })?;
        let mut cluster = self.cluster;
        cluster.driver_config = driver_config;
        if let Some(observers) = &observers {
            (cluster.on_change, cluster.pool.on_change) = observers.sinks();
        }
        cluster.pool.max_in_flight = self.limits.per_host();
        let cluster = Cluster::connect(cluster, deadline).await;
        let cluster = cluster.map_err(|error| no_contact(error, keyspace.as_deref(), deadline))?;
        seen::announce(&cluster, &log);
        let settings = SharedSettings {
            profiles: Profiles::new(self.profile, self.named_profiles),
            budget: PageBudget::new(self.page_budget_bytes),
            keyspace,
            schema_agreement_timeout: self.schema_agreement_timeout,
            max_request_bytes,
            prepared_statements: self.prepared_statements,
            retries: Retries::new(self.retry_policy, self.retries, log.clone()),
            speculations: Speculations::new(self.speculation),
            limit: self.limits.of_session(),
            host_limits: self.limits.of_hosts(&log),
            log: RequestLog::new(log, self.logs),
            observers,
            trace_context: self.trace_context,
        };
        Ok(Session::new(Shared::new(cluster, settings)))
    }

    #[cfg(feature = "blocking")]
    pub(crate) const fn longest_connect(&self) -> Duration {
        self.connect_timeout
    }

    fn refuse(&mut self, setting: impl Into<Cow<'static, str>>, why: impl std::fmt::Display) {
        self.invalid.get_or_insert_with(|| (setting.into(), why.to_string()));
    }
}

fn parse_contact_points(servers: &[String]) -> Result<Vec<Endpoint>, InvalidEndpoint> {
    let servers = servers.iter().flat_map(|servers| servers.split(','));
    servers.map(|server| server.trim().parse()).collect()
}

fn no_contact(error: NoContact, keyspace: Option<&str>, deadline: Deadline) -> Error {
    let timed_out = error.is_timeout();
    let unknown = keyspace.and_then(|keyspace| unknown_keyspace(&error, keyspace));
    let attempts: Vec<Attempt> = error.attempts.into_iter().map(Attempt::from).collect();
    let kind = if let Some(unknown) = unknown {
        unknown
    } else if timed_out {
        // A connection has less time than all of them together.
        let of_attempt = !deadline.remaining().is_zero();
        ErrorKind::Timeout { phase: TimeoutPhase::Connect, host: None, of_attempt }
    } else {
        ErrorKind::NoHostAvailable { plan_was_empty: attempts.is_empty() }
    };
    Error::after(kind, StatementKind::Read, attempts, Some(deadline.elapsed()))
}

/// What a server said of the keyspace, if that is why there is no connection.
fn unknown_keyspace(error: &NoContact, keyspace: &str) -> Option<ErrorKind> {
    let (attempt, said) = error.attempts.iter().find_map(|attempt| {
        let (ContactFailure::Connect(failed) | ContactFailure::Pool(Unconnected::Failed(failed))) =
            &attempt.failure
        else {
            return None;
        };
        Some((attempt, failed.unknown_keyspace()?))
    })?;
    let (host, error) = (attempt.host().into(), Box::new(said.clone()));
    Some(ErrorKind::UnknownKeyspace { keyspace: keyspace.into(), host, error })
}

impl Session {
    /// Describes a session; nothing is done until [`connect`](SessionBuilder::connect).
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }
}
