//! What formats make of values, and values that are nearly right.

use super::*;

fn error(name: &str, value: &str) -> String {
    Config::default().set(name, value).expect_err(value).to_string()
}

#[test]
fn a_comma_in_a_path_does_not_part_one_server_into_two() {
    let config = Config::from_url("cql://unix:%2Frun%2Fa%2Cb.sock,db").unwrap();
    assert_eq!(Config::from_url(&config.to_string()).unwrap(), config);
    let servers = builder().config(config).cluster.contact_points;
    let servers: Vec<String> = servers.iter().map(ToString::to_string).collect();
    assert_eq!(servers, ["unix:/run/a,b.sock", "db:9042"]);
}

#[test]
fn a_scope_of_no_keyspace_is_none() {
    let error = error("schema.scope", "");
    assert!(
        error.starts_with("schema.scope: `` was given: none was given; allowed: `ev"),
        "{error}"
    );
}

/// The kernel counts seconds: the rest would be cut off.
#[test]
fn the_times_of_keepalive_are_whole_seconds() {
    for name in ["socket.keepalive.time", "socket.keepalive.interval"] {
        let allowed = "allowed: a time of whole seconds such as 10s or 2m, 1s to 9h";
        assert_eq!(error(name, "1500ms"), format!("{name}: `1500ms` was given; {allowed}"));
    }
    let by_code = |socket: &mut cqlwire_net::SocketSettings| {
        socket.keepalive.interval = std::time::Duration::from_millis(1_500);
    };
    let expected =
        "socket.keepalive.interval: `1s500ms` was given; allowed: a time of whole seconds";
    let wrong = wrong(builder().socket(by_code));
    assert!(wrong.starts_with(expected), "{wrong}");
}

/// `tls = true` and `contact_points = [1, 2]` are no paths and no hosts.
#[cfg(feature = "serde")]
#[test]
fn a_word_or_a_number_is_no_path_and_no_host() {
    for (text, expected) in [
        (r#"{"tls": true}"#, "tls.authorities: true was given; allowed: the path of a file"),
        (r#"{"tls": {"server_name": 7}}"#, "tls.server_name: 7 was given; allowed: a DNS name"),
        (r#"{"contact_points": [1, 2]}"#, "contact_points: a list of 2 was given: `1` is no host"),
        (r#"{"contact_points": 1}"#, "contact_points: 1 was given: `1` is no host"),
        (r#"{"contact_points": true}"#, "contact_points: true was given; allowed: one or more of"),
        (r#"{"contact_points": ["db", true]}"#, "contact_points: a list of 2 was given; allowed: "),
    ] {
        let read = serde_json::from_str::<Config>(text);
        let error = read.expect_err(text).to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    // Environments have no quotes, and some readers make numbers and words of what is in them.
    let texts = r#"{"local_data_center": 1, "local_rack": true, "remote": {"data_centers": 2},
        "schema": {"scope": [3, "shop"]}, "startup_options": {"NO_COMPACT": true}}"#;
    let config = serde_json::from_str::<Config>(texts).unwrap().to_string();
    let expected = "cql://?local_data_center=1&local_rack=true&remote.data_centers=2&\
                    schema.scope=3,shop&startup_options.NO_COMPACT=true";
    assert_eq!(config, expected);
}

#[cfg(feature = "serde")]
#[test]
fn no_name_in_a_list_of_a_file_is_empty() {
    for (name, values) in [
        ("schema.scope", "[]"),
        ("schema.scope", r#"[""]"#),
        ("authenticator_classes", r#"[""]"#),
        ("remote.data_centers", r#"["oslo", ""]"#),
    ] {
        let read = serde_json::from_str::<Config>(&format!("{{\"{name}\": {values}}}"));
        let error = read.expect_err(name).to_string();
        assert!(error.starts_with(&format!("{name}: ")), "{error}");
    }
}

/// What is too large for its type is not the largest of it.
#[test]
fn a_size_that_is_too_large_is_refused() {
    for size in ["99999999999999999999 B", "999999999 PiB", "18446744073709551616"] {
        let error = error("max_waiting_bytes", size);
        assert!(error.contains(&format!("`{size}` was given; allowed: a size")), "{error}");
    }
}

#[test]
fn each_section_says_what_belongs_into_it() {
    for section in ["profiles", "profile", "profiles.reports", "retries", "retries.budget", "tls."]
    {
        let error = error(section, "5");
        assert!(!error.trim_end().ends_with("of"), "{error}");
    }
}

/// `1.10` is a number to TOML, YAML and JSON, and there it is the same as `1.1`.
#[cfg(feature = "serde")]
#[test]
fn a_text_is_never_another_one_than_was_written() {
    for text in
        ["application_version = 1.10", "startup_options.A = 1e3", "authenticator_classes = [1.50]"]
    {
        let read = toml::from_str::<Config>(text).map(|config| format!("{config:?}"));
        let error = read.expect_err(text).message().to_owned();
        assert!(error.contains("was given; allowed: "), "{error}");
    }
    let secret = "[credentials]\nuser = 'ada'\npassword = 1e5";
    let error = toml::from_str::<Config>(secret).expect_err(secret).message().to_owned();
    assert!(error.starts_with("credentials.password: what was given is not shown"), "{error}");
}

/// As many formats have what is not there: a program writes its settings down, or all lines of a section
/// are comments.
#[cfg(feature = "serde")]
#[test]
fn a_section_that_is_null_is_one_without_settings() {
    let text = r#"{"credentials": null, "tls": null, "adaptive_limit": null, "profile": null,
        "profiles": {"reports": null}, "keyspace": null}"#;
    let config = serde_json::from_str::<Config>(text).unwrap();
    let builder = builder().config(config);
    assert_eq!(builder.invalid, None);
    assert_eq!(&*builder.named_profiles[0].0, "reports");
    assert!(builder.limits.adaptive.is_none());
}

/// Of some crates for environments each number is one of 128 bits.
#[cfg(feature = "serde")]
#[test]
fn numbers_of_any_width_are_numbers() {
    use serde_core::Deserialize as _;
    use serde_core::de::value::{Error, I128Deserializer, MapDeserializer, U128Deserializer};

    let wide = |number: u128| U128Deserializer::<Error>::new(number);
    let config =
        Config::deserialize(MapDeserializer::new([("connections_per_host", wide(3))].into_iter()));
    assert_eq!(config.unwrap().to_string(), "cql://?connections_per_host=3");
    let signed = [("connections_per_host", I128Deserializer::<Error>::new(3))];
    let config = Config::deserialize(MapDeserializer::new(signed.into_iter()));
    assert_eq!(config.unwrap().to_string(), "cql://?connections_per_host=3");
    let secret = [("credentials.password", wide(u128::MAX))];
    let config = Config::deserialize(MapDeserializer::new(secret.into_iter())).unwrap();
    let config = format!("{config:?}");
    assert!(!config.contains(&u128::MAX.to_string()[..20]), "{config}");
}
