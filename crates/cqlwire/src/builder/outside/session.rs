//! The settings of a session that are data, each with its range: what can be written down, what is
//! checked before anything is connected, and what the documentation lists.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cqlwire_cluster::{AddressTranslator, FixedAddresses};

use super::allowed::{
    Allowed, FLAG, PART, TEXT, bytes, count, form, map, one_of, seconds, texts, time, time_or_zero,
    time_to,
};
use super::held::Held;
use super::setting::{Setting, settings};
use super::value::Value;
use crate::builder::SessionBuilder;

const VERSION: Allowed = one_of(&["v3", "v4", "v5"]);

/// The kernel counts whole seconds, and refuses more than 32,767 of them.
const KEEPALIVE: Allowed = seconds(Duration::from_secs(1), Duration::from_secs(9 * 3_600));

/// The kernel counts milliseconds, in 31 bits.
const USER_TIMEOUT: Allowed =
    time_to(Duration::from_millis(1), Duration::from_secs(86_400)).or_none();

const SOCKET_BUFFER: Allowed = bytes(1, 1 << 30).or_none();

pub(super) const SPECULATION: Allowed =
    form("`never`, `constant 50ms`, `constant 50ms 2`, `percentile 0.99` or `percentile 0.99 2`")
        .or_none();

pub(super) const RETRY: Allowed = one_of(&["default", "downgrading", "never"]);

pub(super) const LOAD_BALANCING: Allowed = one_of(&["token_aware", "round_robin"]);

/// Where the cluster is, and who asks.
static PLACES: &[Setting<SessionBuilder>] = settings!(SessionBuilder:
    "contact_points" texts("one or more of `host`, `host:port`, `[address]:port` and `unix:/path`")
        => at cluster.contact_points;
    "local_data_center" TEXT.or_empty() => at cluster.local_data_center;
    "local_rack" TEXT.or_empty() => at cluster.local_rack;
    "keyspace" TEXT.or_empty() => at cluster.pool.connection.keyspace;
    "compression" one_of(&["lz4", "snappy"]).or_none() => at cluster.pool.connection.compression;
    "protocol_versions.oldest" VERSION => at cluster.pool.connection.oldest_version;
    "protocol_versions.newest" VERSION => at cluster.pool.connection.newest_version;
    "remote.hosts_per_data_center" count(0, 65_535) => at cluster.remote.hosts_per_data_center;
    "remote.data_centers" texts("names of data centers; empty for all of them")
        => at cluster.remote.data_centers;
    "remote.for_local_consistency" FLAG => at cluster.remote.for_local_consistency;
    "remote.connections_per_host" count(1, 1_024) => at cluster.remote.connections_per_host;
    "fixed_addresses" map("a table from the addresses that servers tell of each other to those \
                           where they are reached, such as `\"10.0.0.1:9042\" = \"192.0.2.1:9042\"`; in a URL \
                           `fixed_addresses.10.0.0.1:9042=192.0.2.1:9042`")
        => by fixed_addresses, put_fixed_addresses;
    "load_balancing" LOAD_BALANCING => by load_balancing, put_load_balancing;
    "prove_hosts" FLAG => at cluster.prove_hosts;
    "application_name" TEXT.or_empty() => by application_name, put_application_name;
    "application_version" TEXT.or_empty() => by application_version, put_application_version;
    "startup_options" map("a table of texts, without COMPRESSION")
        => by startup_options, put_startup_options;
    "tell_settings" FLAG => at tells_settings;
    "authenticator_classes" texts("names of classes, in full or the last part of each; empty for \
                                   those that are known to ask for a password")
        => at cluster.pool.connection.authenticator_classes;
    "plain_password_without_tls" one_of(&["allow", "warn", "refuse"])
        => at cluster.pool.connection.plain_password_without_tls;
);

/// How it is connected to.
static CONNECTIONS: &[Setting<SessionBuilder>] = settings!(SessionBuilder:
    "connect_timeout" time(1) => at connect_timeout;
    "connections_per_host" count(1, 1_024) => at cluster.connections_per_local_host;
    "reconnection.first" time(1) => at cluster.pool.backoff.first;
    "reconnection.longest" time(1) => at cluster.pool.backoff.longest;
    "reconnection_under_demand" time(1) => at cluster.pool.backoff_under_demand;
    "max_connecting" count(1, 65_535) => at cluster.pool.max_connecting;
    "reconnect_on_init" FLAG => at cluster.reconnect_on_init;
    "ready_when" count(1, 65_535) => at cluster.ready_when;
    "topology_refresh_interval" time(1) => at cluster.refresh_interval;
    "schema.scope" texts("`everything`, `replication`, or names of keyspaces")
        => at cluster.schema.scope;
    "schema.page_rows" count(1, 65_535) => at cluster.schema.page_rows;
    "schema.max_bytes" bytes(0, u64::MAX) => at cluster.schema.max_bytes;
    "schema_agreement_timeout" time(0) => at schema_agreement_timeout;
    "cluster.refresh_window" time(1) => at cluster.refresh_window;
    "cluster.query_timeout" time(1) => at cluster.query_timeout;
    "cluster.schema_timeout" time(1) => at cluster.schema_timeout;
    "cluster.max_hosts" count(1, 65_535) => at cluster.max_hosts;
    "cluster.warm_up" time(0) => at cluster.warm_up;
    "cluster.pool.connect_timeout" time(1) => at cluster.pool.connect_timeout;
    "socket.local_address" form("an IP address of this machine").or_empty()
        => at cluster.pool.connection.socket.local_address;
    "socket.keepalive.enabled" FLAG => at cluster.pool.connection.socket.keepalive.enabled;
    "socket.keepalive.time" KEEPALIVE => at cluster.pool.connection.socket.keepalive.time;
    "socket.keepalive.interval" KEEPALIVE => at cluster.pool.connection.socket.keepalive.interval;
    "socket.keepalive.probes" count(1, 127)
        => at cluster.pool.connection.socket.keepalive.probes;
    "socket.send_buffer_bytes" SOCKET_BUFFER
        => at cluster.pool.connection.socket.send_buffer_bytes;
    "socket.receive_buffer_bytes" SOCKET_BUFFER
        => at cluster.pool.connection.socket.receive_buffer_bytes;
    "socket.user_timeout" USER_TIMEOUT => at cluster.pool.connection.socket.user_timeout;
    "connection.attempt_delay" time(1) => at cluster.pool.connection.attempt_delay;
    "connection.read_budget_bytes" bytes(1, u64::MAX)
        => at cluster.pool.connection.read_budget_bytes;
    "connection.multiplexer.max_in_flight" count(1, 32_767)
        => at cluster.pool.connection.multiplexer.max_in_flight;
    "connection.multiplexer.max_outgoing_bytes" bytes(1, u64::MAX)
        => at cluster.pool.connection.multiplexer.max_outgoing_bytes;
    "connection.multiplexer.max_batch_bytes" bytes(1, u64::MAX)
        => at cluster.pool.connection.multiplexer.max_batch_bytes;
    "connection.multiplexer.max_events" count(1, u64::MAX)
        => at cluster.pool.connection.multiplexer.max_events;
    "connection.multiplexer.max_event_bytes" bytes(1, u64::MAX)
        => at cluster.pool.connection.multiplexer.max_event_bytes;
    "connection.multiplexer.max_orphaned" count(0, u64::MAX)
        => at cluster.pool.connection.multiplexer.max_orphaned;
    "connection.multiplexer.max_orphan_age" time(1)
        => at cluster.pool.connection.multiplexer.max_orphan_age;
    "connection.multiplexer.heartbeat_after" time_or_zero(100, "never")
        => at cluster.pool.connection.multiplexer.heartbeat_after;
    "connection.multiplexer.heartbeat_timeout" time(100)
        => at cluster.pool.connection.multiplexer.heartbeat_timeout;
    "connection.multiplexer.quiet_after" time_or_zero(100, "never")
        => at cluster.pool.connection.multiplexer.quiet_after;
);

/// How much there may be of everything, and what is done about what fails.
static LIMITS: &[Setting<SessionBuilder>] = settings!(SessionBuilder:
    "max_requests" count(1, u64::MAX).or_none() => at limits.max_requests;
    "max_queued_requests" count(0, u64::MAX) => at limits.max_queued_requests;
    "max_requests_per_host" count(1, u64::MAX).or_none() => at limits.max_requests_per_host;
    "adaptive_limit.min" count(1, u64::MAX).or_none() => by adaptive_min, put_adaptive_min;
    "adaptive_limit.max" count(1, u64::MAX).or_none() => by adaptive_max, put_adaptive_max;
    "adaptive_limit.backoff" PART.or_none() => by adaptive_backoff, put_adaptive_backoff;
    "max_waiting_requests" count(0, 4_294_967_295)
        => at cluster.pool.connection.multiplexer.max_waiting;
    "max_waiting_bytes" bytes(0, u64::MAX)
        => at cluster.pool.connection.multiplexer.max_waiting_bytes;
    "max_request_bytes" bytes(1, u64::MAX)
        => at cluster.pool.connection.multiplexer.max_request_bytes;
    "max_response_bytes" bytes(1, 256 << 20) => at cluster.pool.connection.max_envelope_bytes;
    "page_budget_bytes" bytes(0, u64::MAX) => at page_budget_bytes;
    "prepared_statements" count(0, u64::MAX) => at prepared_statements;
    "retry_policy" RETRY => at retry_policy;
    "retries.max_attempts" count(1, 4_294_967_295) => at retries.max_attempts;
    "retries.max_plans" count(1, 255) => at retries.max_plans;
    "retries.backoff.first" time(0) => at retries.backoff.first;
    "retries.backoff.longest" time(0) => at retries.backoff.longest;
    "retries.budget.per_cent" count(0, 10_000) => at retries.budget.per_cent;
    "retries.budget.reserve" count(0, 4_294_967_295) => at retries.budget.reserve;
    "speculation.policy" SPECULATION => at speculation.policy;
    "speculation.budget.per_cent" count(0, 10_000) => at speculation.budget.per_cent;
    "speculation.budget.reserve" count(0, 4_294_967_295) => at speculation.budget.reserve;
    "logs.slow_request" time(0).or_none() => at logs.slow_request;
    "logs.statements_in_traces" FLAG => at logs.statements_in_traces;
    "logs.large_response_bytes" bytes(0, u64::MAX) => at logs.large_response_bytes;
    "logs.every" time(0) => at logs.every;
    "logs.unprepared_storm" count(1, 4_294_967_295) => at logs.unprepared_storm;
    "observer_queue" count(1, 1_048_576) => at observer_queue;
);

/// What is put together of several: see `apply`.
static TOGETHER: &[Setting<SessionBuilder>] = &[
    together("credentials.user", TEXT.or_empty(), false),
    together("credentials.password", TEXT.or_empty(), true),
    together("tls.authorities", form("the path of a file of certificates, PEM").or_empty(), false),
    together("tls.certificate", form("the path of a file of certificates, PEM").or_empty(), false),
    together("tls.key", form("the path of a file with a private key, PEM").or_empty(), false),
    together("tls.server_name", form("a DNS name or an IP address").or_empty(), false),
];

const fn together(name: &'static str, allowed: Allowed, secret: bool) -> Setting<SessionBuilder> {
    Setting { name, allowed, secret, shown: |_| Value::None, put: |_, _| Ok(()) }
}

/// All settings of a session.
pub(super) fn all() -> impl Iterator<Item = &'static Setting<SessionBuilder>> {
    [PLACES, TOGETHER, CONNECTIONS, LIMITS].into_iter().flatten()
}

/// A session that has no policy of its own has this one.
fn load_balancing(builder: &SessionBuilder) -> Value {
    let policy = builder.cluster.load_balancing.as_ref();
    policy.map_or_else(|| Value::Text("token_aware".to_owned()), Held::shown)
}

fn put_load_balancing(builder: &mut SessionBuilder, value: Value) -> Result<(), String> {
    let usual = value == Value::Text("token_aware".to_owned());
    builder.cluster.load_balancing = if usual { None } else { Held::read(value)? };
    Ok(())
}

/// What translates addresses is code, whatever it was made from.
fn fixed_addresses(builder: &SessionBuilder) -> Value {
    match &builder.cluster.address_translator {
        Some(translator) => Value::Code(crate::builder::config::name_of(translator)),
        None => Value::Map(BTreeMap::new()),
    }
}

fn put_fixed_addresses(builder: &mut SessionBuilder, value: Value) -> Result<(), String> {
    let addresses: BTreeMap<String, String> = Held::read(value)?;
    let read = |text: &str| {
        let address = text.parse::<SocketAddr>();
        address.map_err(|_| format!("`{}` is no `address:port`", text.escape_debug()))
    };
    let read = addresses.iter().map(|(told, reached)| Ok((read(told)?, read(reached)?)));
    let fixed = read.collect::<Result<FixedAddresses, String>>()?;
    let translator: Arc<dyn AddressTranslator> = Arc::new(fixed);
    builder.cluster.address_translator = Some(translator).filter(|_| !addresses.is_empty());
    Ok(())
}

fn startup_options(builder: &SessionBuilder) -> Value {
    let mut options = builder.cluster.pool.connection.startup_options.clone();
    options.remove(cqlwire_codec::Startup::APPLICATION_NAME);
    options.remove(cqlwire_codec::Startup::APPLICATION_VERSION);
    Value::Map(options)
}

fn put_startup_options(builder: &mut SessionBuilder, value: Value) -> Result<(), String> {
    let options: BTreeMap<String, String> = Held::read(value)?;
    builder.cluster.pool.connection.startup_options.extend(options);
    Ok(())
}

/// Two functions for an option of STARTUP.
macro_rules! startup_option {
    ($shown:ident, $put:ident, $key:ident) => {
        fn $shown(builder: &SessionBuilder) -> Value {
            let options = &builder.cluster.pool.connection.startup_options;
            options.get(cqlwire_codec::Startup::$key).cloned().shown()
        }

        fn $put(builder: &mut SessionBuilder, value: Value) -> Result<(), String> {
            let key = cqlwire_codec::Startup::$key.to_owned();
            let options = &mut builder.cluster.pool.connection.startup_options;
            match Held::read(value)? {
                Some(text) => options.insert(key, text),
                None => options.remove(&key),
            };
            Ok(())
        }
    };
}

startup_option!(application_name, put_application_name, APPLICATION_NAME);
startup_option!(application_version, put_application_version, APPLICATION_VERSION);

/// Two functions for a part of the adaptive limit: to say anything of it is to want one.
macro_rules! adaptive {
    ($shown:ident, $put:ident, $part:ident) => {
        fn $shown(builder: &SessionBuilder) -> Value {
            builder.limits.adaptive.map(|limit| limit.$part).shown()
        }

        fn $put(builder: &mut SessionBuilder, value: Value) -> Result<(), String> {
            match Held::read(value)? {
                Some(part) => builder.limits.adaptive.get_or_insert_default().$part = part,
                None => builder.limits.adaptive = None,
            }
            Ok(())
        }
    };
}

adaptive!(adaptive_min, put_adaptive_min, min);
adaptive!(adaptive_max, put_adaptive_max, max);
adaptive!(adaptive_backoff, put_adaptive_backoff, backoff);
