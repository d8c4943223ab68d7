//! Settings from outside: every one of them, what is wrong with them, and URLs.

mod contradictions;
mod errors;
mod every;
#[cfg(feature = "serde")]
mod formats;
mod kept;
mod leaks;
mod odd;
mod twice;
mod urls;

use super::Config;
use crate::Session;
use crate::builder::SessionBuilder;

/// Of each setting something else than its default, as people write it. Those of TLS need files, and
/// have tests of their own.
const SAMPLES: &[(&str, &str)] = &[
    ("contact_points", "db.example:9042,[::1]:9043,unix:/run/a b.sock"),
    ("local_data_center", "os lo"),
    ("local_rack", "r1"),
    ("keyspace", "shop/&?=%"),
    ("compression", "lz4"),
    ("protocol_versions.oldest", "v4"),
    ("protocol_versions.newest", "v4"),
    ("remote.hosts_per_data_center", "2"),
    ("remote.data_centers", "bergen,tromsø"),
    ("remote.for_local_consistency", "true"),
    ("remote.connections_per_host", "3"),
    ("fixed_addresses.10.0.0.1:9042", "192.0.2.1:9042"),
    ("load_balancing", "round_robin"),
    ("prove_hosts", "false"),
    ("application_name", "shop"),
    ("application_version", "1.2.3"),
    ("startup_options.NO_COMPACT", "true"),
    ("tell_settings", "false"),
    ("authenticator_classes", "PasswordAuthenticator,com.example.Own"),
    ("plain_password_without_tls", "refuse"),
    ("credentials.user", "a:d@a"),
    ("credentials.password", "geheim"),
    ("connect_timeout", "11s"),
    ("connections_per_host", "3"),
    ("reconnection.first", "200ms"),
    ("reconnection.longest", "1m30s"),
    ("reconnection_under_demand", "2s"),
    ("max_connecting", "65"),
    ("reconnect_on_init", "true"),
    ("ready_when", "2"),
    ("topology_refresh_interval", "2m"),
    ("schema.scope", "shop,stock"),
    ("schema.page_rows", "500"),
    ("schema.max_bytes", "1 GiB"),
    ("schema_agreement_timeout", "9s"),
    ("cluster.refresh_window", "1500ms"),
    ("cluster.query_timeout", "6s"),
    ("cluster.schema_timeout", "61s"),
    ("cluster.max_hosts", "20_000"),
    ("cluster.warm_up", "0s"),
    ("cluster.pool.connect_timeout", "4s"),
    ("socket.local_address", "::1"),
    ("socket.keepalive.enabled", "false"),
    ("socket.keepalive.time", "2m"),
    ("socket.keepalive.interval", "11s"),
    ("socket.keepalive.probes", "7"),
    ("socket.send_buffer_bytes", "64 KiB"),
    ("socket.receive_buffer_bytes", "1000 B"),
    ("socket.user_timeout", "30s"),
    ("connection.attempt_delay", "300ms"),
    ("connection.read_budget_bytes", "128 KiB"),
    ("connection.multiplexer.max_in_flight", "2_048"),
    ("connection.multiplexer.max_outgoing_bytes", "2 MiB"),
    ("connection.multiplexer.max_batch_bytes", "64 KiB"),
    ("connection.multiplexer.max_events", "2000"),
    ("connection.multiplexer.max_event_bytes", "2 MiB"),
    ("connection.multiplexer.max_orphaned", "500"),
    ("connection.multiplexer.max_orphan_age", "30s"),
    ("connection.multiplexer.heartbeat_after", "0s"),
    ("connection.multiplexer.heartbeat_timeout", "6s"),
    ("connection.multiplexer.quiet_after", "250ms"),
    ("max_requests", "5000"),
    ("max_queued_requests", "0"),
    ("max_requests_per_host", "1000"),
    ("adaptive_limit.min", "9"),
    ("adaptive_limit.max", "500"),
    ("adaptive_limit.backoff", "0.5"),
    ("max_waiting_requests", "100"),
    ("max_waiting_bytes", "1 MiB"),
    ("max_request_bytes", "1 MiB"),
    ("max_response_bytes", "128 MiB"),
    ("page_budget_bytes", "1 MiB"),
    ("prepared_statements", "2000"),
    ("retry_policy", "never"),
    ("retries.max_attempts", "3"),
    ("retries.max_plans", "1"),
    ("retries.backoff.first", "60ms"),
    ("retries.backoff.longest", "2s"),
    ("retries.budget.per_cent", "10"),
    ("retries.budget.reserve", "100"),
    ("speculation.policy", "constant 50ms 2"),
    ("speculation.budget.per_cent", "10"),
    ("speculation.budget.reserve", "10"),
    ("logs.slow_request", "500ms"),
    ("logs.statements_in_traces", "true"),
    ("logs.large_response_bytes", "1 MiB"),
    ("logs.every", "1s"),
    ("logs.unprepared_storm", "10"),
    ("observer_queue", "100"),
    ("profile.consistency", "QUORUM"),
    ("profile.serial_consistency", "SERIAL"),
    ("profile.timeout", "20s"),
    ("profile.attempt_timeout", "3s"),
    ("profile.stream_timeout", "1h"),
    ("profile.page_size", "1000"),
    ("profile.prefetch_pages", "0"),
    ("profile.idempotent", "true"),
    ("profile.tracing", "true"),
    ("profile.client_timestamps", "always"),
    ("profile.retry_policy", "downgrading"),
    ("profile.speculative_policy", "percentile 0.995"),
    ("profile.load_balancing", "token_aware"),
    ("profiles.re.ports.timeout", "1m"),
    ("profiles.reports.consistency", "ONE"),
];

/// All of them.
fn everything() -> Config {
    let mut config = Config::default();
    for (name, value) in SAMPLES {
        config.set(name, value).unwrap();
    }
    config
}

/// What is wrong with a builder.
fn wrong(builder: SessionBuilder) -> String {
    let refused = builder.invalid.clone().map(|(setting, why)| format!("{setting}: {why}"));
    refused.unwrap_or_else(|| builder.check().unwrap_err().to_string())
}

fn builder() -> SessionBuilder {
    Session::builder()
}
