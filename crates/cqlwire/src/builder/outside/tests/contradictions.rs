//! Settings out of their range, or against each other, whoever set them.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::builder::outside::value::Value;
use crate::builder::outside::{profile, session};
use crate::{AdaptiveLimit, ConstantDelay, ExecutionProfile, ProtocolVersion};

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What is just below, or above, or not there, whatever the setting: some of it is out of any range.
const OUTSIDE: [fn() -> Value; 7] = [
    || Value::Number(0),
    || Value::Bytes(0),
    || Value::Time(Duration::ZERO),
    || Value::Time(Duration::from_micros(999)),
    || Value::Part(1.0),
    || Value::Part(0.0),
    || Value::Text(String::new()),
];

#[test]
fn the_part_that_a_back_off_leaves_is_one() {
    for backoff in [0.0, -0.5, 1.0, 1.5, f64::NAN, f64::INFINITY] {
        let error =
            wrong(builder().adaptive_limit(AdaptiveLimit { backoff, ..Default::default() }));
        let allowed = "was given; allowed: a part above 0 and below 1, such as 0.7, or `none`";
        assert!(
            error.starts_with("adaptive_limit.backoff: ") && error.ends_with(allowed),
            "{error}"
        );
    }
}

/// Each range of the table is one that `check` looks at, whatever set it.
#[test]
fn each_range_is_looked_at() {
    let mut refused = 0;
    for setting in session::all() {
        for value in OUTSIDE {
            let (mut builder, value) = (builder(), value());
            let is_put = (setting.put)(&mut builder, value.clone()).is_ok();
            // Of those together, nothing is put.
            let is_held = setting.of(&builder) == value;
            if is_put && is_held && setting.allowed.check(&value).is_err() {
                let error = wrong(builder);
                assert!(error.starts_with(&format!("{}: ", setting.name)), "{error}");
                assert!(error.contains("was given; allowed: "), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 40, "{refused}");
    for setting in
        profile::all().filter(|setting| ["page_size", "attempt_timeout"].contains(&setting.name))
    {
        let mut profile = ExecutionProfile::default();
        let value = if setting.name == "page_size" {
            Value::Number(0)
        } else {
            Value::Time(Duration::ZERO)
        };
        (setting.put)(&mut profile, value).unwrap();
        let error = wrong(builder().named_profile("reports", profile));
        assert!(error.starts_with(&format!("profiles.reports.{}: ", setting.name)), "{error}");
    }
}

#[test]
fn what_contradicts_something_else_is_refused_with_both_names() {
    let local: std::net::IpAddr = [127, 0, 0, 1].into();
    for (builder, expected) in [
        (
            builder().protocol_versions(ProtocolVersion::V5, ProtocolVersion::V4),
            "protocol_versions.oldest: v5 was given; allowed: at most v4, as \
             `protocol_versions.newest` is",
        ),
        (
            builder().reconnection(millis(2_000), millis(1_000)),
            "reconnection.first: 2s was given; allowed: at most 1s, as `reconnection.longest` is",
        ),
        (
            builder().retries(|retries| retries.backoff.first = millis(2_000)),
            "retries.backoff.first: 2s was given; allowed: at most 1s, as \
             `retries.backoff.longest` is",
        ),
        (
            builder().connection(|connection| connection.multiplexer.quiet_after = millis(36_000)),
            "connection.multiplexer.quiet_after: 36s was given; allowed: at most 35s, as \
             `heartbeat_after` and `heartbeat_timeout` together are",
        ),
        (
            builder().connection(|connection| connection.multiplexer.max_batch_bytes = 2 << 20),
            "connection.multiplexer.max_batch_bytes: 2 MiB was given; allowed: at most 1 MiB, as \
             `connection.multiplexer.max_outgoing_bytes` is",
        ),
        (
            builder().adaptive_limit(AdaptiveLimit { min: 9, max: 8, backoff: 0.5 }),
            "adaptive_limit.min: 9 was given; allowed: at most 8, as `adaptive_limit.max` is",
        ),
        (
            builder().max_requests_per_host(9_000),
            "max_requests_per_host: 9000 was given; allowed: at most 8,192, which \
             `connections_per_host` (2) times `connection.multiplexer.max_in_flight` (4096) is",
        ),
        (
            builder().local_data_center("oslo").remote(|remote| {
                remote.hosts_per_data_center = 1;
                remote.data_centers = vec!["oslo".to_owned()];
            }),
            "remote.data_centers: `oslo` was given; allowed: others than `local_data_center`",
        ),
        (
            builder().remote(|remote| remote.data_centers = vec!["oslo".to_owned()]),
            "remote.data_centers: `oslo` was given; allowed: no name, as long as \
             `remote.hosts_per_data_center` is 0",
        ),
        (
            builder().contact_points(["::1", "[::2]:9"]).socket(|socket| {
                socket.local_address = Some(local);
            }),
            "socket.local_address: 127.0.0.1 was given; allowed: an address of IPv6, as all \
             contact points are",
        ),
        (
            builder().connection(|connection| {
                connection.startup_options.insert("COMPRESSION".to_owned(), "lz4".to_owned());
            }),
            "startup_options: COMPRESSION was given; allowed: other options; it is for \
             `compression` to say",
        ),
    ] {
        assert_eq!(wrong(builder), expected);
    }
}

#[test]
fn an_attempt_has_no_longer_than_its_request() {
    let slow = ExecutionProfile::default().attempt_timeout(millis(11_000));
    for (builder, expected) in [
        (
            builder().profile(slow.clone()),
            "profile.attempt_timeout: 11s was given; allowed: at most 10s, as `profile.timeout` is",
        ),
        (
            builder().named_profile("reports", slow),
            "profiles.reports.attempt_timeout: 11s was given; allowed: at most 10s, as \
             `profiles.reports.timeout` is",
        ),
    ] {
        assert_eq!(wrong(builder), expected);
    }
}

#[cfg(feature = "snappy")]
#[test]
fn v5_alone_knows_no_snappy() {
    let builder = builder()
        .compression(crate::Compression::Snappy)
        .protocol_versions(ProtocolVersion::V5, ProtocolVersion::V5);
    let expected = "compression: `snappy` was given; allowed: `lz4` or `none`, since v5 knows no \
                    other, and it is the oldest version";
    assert_eq!(wrong(builder), expected);
}

#[test]
fn what_only_looks_like_a_contradiction_is_allowed() {
    let off = |connection: &mut cqlwire_net::Settings| {
        connection.multiplexer.heartbeat_after = Duration::ZERO;
        connection.multiplexer.quiet_after = millis(60_000);
    };
    let delay = ConstantDelay { delay: Duration::ZERO, most: 1 };
    let builder = builder()
        .connect_timeout(millis(100))
        .connection(off)
        .max_queued_requests(0)
        .speculation(|speculation| speculation.policy = Some(Arc::new(delay)))
        .profile(ExecutionProfile::default().timeout(Duration::MAX).attempt_timeout(millis(1)));
    assert_eq!(builder.invalid, None);
    builder.check().unwrap();
}
