//! One setting that is given twice, under one name or under two: one of them would be ignored.

use super::*;

#[test]
fn a_url_says_each_setting_once_whatever_it_calls_it() {
    for (url, setting) in [
        ("cql://db?local_dc=a&local_data_center=b", "local_data_center"),
        ("cql://db?tls=/a.pem&tls.authorities=/b.pem", "tls.authorities"),
        ("cql://db/shop?keyspace=stock", "keyspace"),
        ("cql://db?contact_points=other", "contact_points"),
        ("cql://ada:geheim@db?credentials.user=bob", "credentials.user"),
        ("cql://ada:geheim@db?credentials.password=other", "credentials.password"),
        ("cql://db?startup_options.A=1&startup_options.A=2", "startup_options.A"),
    ] {
        let read = Config::from_url(url).map(|config| format!("{config:?}"));
        let error = read.expect_err(url).to_string();
        assert_eq!(error, format!("{setting}: it was given twice; allowed: once"), "{url}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_file_says_each_setting_once_whatever_it_calls_it() {
    for (text, setting) in [
        (r#"{"keyspace": "a", "keyspace": "b"}"#, "keyspace"),
        (r#"{"local_dc": "a", "local_data_center": "b"}"#, "local_data_center"),
        (r#"{"profile": {"page_size": 1}, "profile.page_size": 2}"#, "profile.page_size"),
        (r#"{"startup_options": {"A": "1", "A": "2"}}"#, "startup_options.A"),
    ] {
        let read = serde_json::from_str::<Config>(text).map(|config| format!("{config:?}"));
        let error = read.expect_err(text).to_string();
        assert!(
            error.starts_with(&format!("{setting}: it was given twice; allowed: once")),
            "{error}"
        );
    }
}

#[test]
fn what_is_not_to_be_set_takes_nothing_from_what_is() {
    let adaptive = |settings: &[(&str, &str)]| {
        let mut config = Config::default();
        for (name, value) in settings {
            config.set(&format!("adaptive_limit.{name}"), value).unwrap();
        }
        builder().config(config).limits.adaptive
    };
    let limit = adaptive(&[("max", "500")]);
    assert_eq!(limit.map(|limit| limit.max), Some(500));
    assert_eq!(adaptive(&[("max", "500"), ("min", "none")]), limit);
    assert_eq!(adaptive(&[("max", "500"), ("backoff", "none")]), limit);
    assert_eq!(adaptive(&[("max", "none"), ("min", "none"), ("backoff", "none")]), None);
}
