//! Each mistake is one line: the full name of the setting, what was given, and what is allowed.

use super::*;

fn error(name: &str, value: &str) -> String {
    Config::default().set(name, value).unwrap_err().to_string()
}

#[test]
fn a_name_that_there_is_not_is_said_with_the_nearest_one() {
    for (name, expected) in [
        ("conections_per_host", "unknown setting; did you mean `connections_per_host`?"),
        ("timeout", "unknown setting; did you mean `profile.timeout`?"),
        ("local_datacenter", "unknown setting; did you mean `local_data_center`?"),
        ("profile.consistancy", "unknown setting; did you mean `profile.consistency`?"),
        ("profiles.reports.timout", "unknown setting; did you mean `profiles.reports.timeout`?"),
        ("retries.budget.percent", "unknown setting; did you mean `retries.budget.per_cent`?"),
        ("socket.keep_alive.time", "unknown setting; did you mean `socket.keepalive.time`?"),
        ("Keyspace", "unknown setting; did you mean `keyspace`?"),
        ("xyzzy", "unknown setting, and none is like it"),
        ("core_connections_per_host", "unknown setting; did you mean `connections_per_host`?"),
        ("port", "unknown setting; did you mean `contact_points`?"),
        ("tls.ca", "unknown setting; did you mean `tls.authorities`?"),
        ("ssl.ca_file", "unknown setting; did you mean `tls.authorities`?"),
        ("tls.cert", "unknown setting; did you mean `tls.certificate`?"),
        ("truststore", "unknown setting; did you mean `tls.authorities`?"),
        ("hosts", "unknown setting; did you mean `contact_points`?"),
        ("datacenter", "unknown setting; did you mean `local_data_center`?"),
        ("credentials.username", "unknown setting; did you mean `credentials.user`?"),
        (
            "profiles.reports.fetch-size",
            "unknown setting; did you mean `profiles.reports.page_size`?",
        ),
        ("credentials.realm", "unknown setting; allowed in `credentials`: `user`, `password`"),
        (
            "tls.dc",
            "unknown setting; allowed in `tls`: `authorities`, `certificate`, `key`, `server_name`",
        ),
        ("ssl", "unknown setting; did you mean `tls`?"),
        ("ssl.key", "unknown setting; did you mean `tls.key`?"),
        ("ssl.enabled", "unknown setting; did you mean `tls.authorities`?"),
        ("SSL.verify", "unknown setting; did you mean `tls`?"),
        ("auth.password", "unknown setting; did you mean `credentials.password`?"),
        ("auth.username", "unknown setting; did you mean `credentials.user`?"),
        ("hostname", "unknown setting; did you mean `contact_points`?"),
        ("tls.hostname", "unknown setting; did you mean `tls.server_name`?"),
        ("connections", "unknown setting; did you mean `connections_per_host`?"),
        ("metrics.enabled", "unknown setting, and none is like it"),
        ("compression.enabled", "unknown setting, and none is like it"),
        ("redis.password", "unknown setting, and none is like it"),
        ("log.level", "unknown setting; did you mean `logs`?"),
        ("profil.x", "unknown setting; did you mean `profile`?"),
        ("profil.timeot", "unknown setting; did you mean `profile.timeout`?"),
        ("retries.budgt", "unknown setting; did you mean `retries.budget`?"),
        ("", "unknown setting, and none is like it"),
        ("profiles.default.timeout", ""),
    ] {
        let error = error(name, "1");
        if expected.is_empty() {
            let text = "profiles: `default` was given; allowed: another name; the default one is `profile`";
            assert_eq!(error, text);
        } else {
            assert_eq!(error, format!("{name}: {expected}"));
        }
    }
}

#[test]
fn a_section_is_no_setting() {
    let text = "retries.budget: it is a section; allowed: a table of `per_cent`, `reserve`";
    assert_eq!(error("retries.budget", "5"), text);
    assert!(
        error("profile", "5").starts_with("profile: it is a section; allowed: a table of `consist")
    );
    let error = error("profiles.reports", "5");
    assert!(
        error.starts_with("profiles.reports: it is a section; allowed: a table of "),
        "{error}"
    );
}

#[test]
fn a_value_that_it_cannot_be_is_said_with_what_it_can() {
    for (name, value, why) in [
        ("connections_per_host", "0", "`0` was given; allowed: a whole number, 1 to 1,024"),
        ("connections_per_host", "-1", "`-1` was given; allowed: a whole number, 1 to 1,024"),
        ("connections_per_host", "two", "`two` was given; allowed: a whole number, 1 to 1,024"),
        ("connections_per_host", "1.5", "`1.5` was given; allowed: a whole number, 1 to 1,024"),
        (
            "connect_timeout",
            "10",
            "`10` was given; allowed: a time such as 250ms or 10s, at least 1ms",
        ),
        (
            "connection.multiplexer.heartbeat_after",
            "50ms",
            "`50ms` was given; allowed: a time such as 250ms or 10s, at least 100ms, or 0s: never",
        ),
        (
            "max_response_bytes",
            "1 GiB",
            "`1 GiB` was given; allowed: a size such as 64 KiB, 1 B to 256 MiB",
        ),
        (
            "adaptive_limit.backoff",
            "70",
            "`70` was given; allowed: a part above 0 and below 1, such as 0.7, or `none`",
        ),
        ("prove_hosts", "perhaps", "`perhaps` was given; allowed: `true` or `false`"),
        (
            "profile.serial_consistency",
            "SERIALL",
            "`SERIALL` was given; allowed: `SERIAL`, `LOCAL_SERIAL`; did you mean `SERIAL`?",
        ),
        (
            "socket.local_address",
            "here",
            "`here` was given: `here` is no IP address; allowed: an IP address of this machine",
        ),
        (
            "profiles.reports.speculative_policy",
            "constant",
            "`constant` was given: `constant` is followed by a time, such as 50ms; allowed: \
             `never`, `constant 50ms`, `constant 50ms 2`, `percentile 0.99` or `percentile 0.99 2`, \
             or `none`",
        ),
        (
            "contact_points",
            "http://db",
            "`http://db` was given: `http://db` is no host, and no host:port: it is a URL, where a host is wanted; \
             allowed: one or more of `host`, `host:port`, `[address]:port` and `unix:/path`",
        ),
        ("connections_per_host", "1\n2", "`1\\n2` was given; allowed: a whole number, 1 to 1,024"),
    ] {
        assert_eq!(error(name, value), format!("{name}: {why}"));
    }
    let two_lines = error("profiles.a\nb.page_size", "0");
    assert!(two_lines.starts_with("profiles.a\\nb.page_size: `0` was given"), "{two_lines}");
    let long = error("prove_hosts", &"x".repeat(1_000));
    assert!(long.len() < 200 && long.contains("xxx...`"), "{long}");
}

#[test]
fn user_and_password_go_together_and_are_not_shown() {
    let with = |name: &str, value: &str| {
        let mut config = Config::default();
        config.set(name, value).map(|()| wrong(builder().config(config)))
    };
    assert_eq!(
        with("credentials.password", "geheim").unwrap(),
        "credentials.user: none was given; allowed: one, since there is `credentials.password`"
    );
    assert_eq!(
        with("credentials.user", "ada").unwrap(),
        "credentials.password: none was given; allowed: one, since there is `credentials.user`"
    );
    assert_eq!(
        with("credentials.password", "gehe\0im").unwrap(),
        "credentials.user: none was given; allowed: one, since there is `credentials.password`"
    );
    let mut config = Config::default();
    config.set("credentials.user", "none").unwrap();
    config.set("credentials.password", "gehe\0im").unwrap();
    assert_eq!(
        wrong(builder().config(config.clone())),
        "credentials: user and password must not be empty, nor contain NUL"
    );
    // Empty is not set, as environments have it.
    config.set("credentials.user", "").unwrap();
    config.set("credentials.password", "").unwrap();
    assert_eq!(builder().config(config).invalid, None);
}

#[tokio::test]
async fn it_is_said_by_connect_before_anything_is_connected() {
    let mut config = Config::default();
    config.set("credentials.user", "ada").unwrap();
    let error = builder().config(config).connect().await.unwrap_err();
    let crate::ErrorKind::Settings { setting, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(setting, "credentials.password");
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    for (name, _) in SAMPLES {
        let mut config = Config::default();
        if config.set(name, "\u{1}").is_err() {
            assert_eq!(config, Config::default(), "{name}");
        }
    }
}
