//! A password or a key that stands in the wrong place: it is in no error, whatever else is wrong.

use super::*;

/// None of these is a configuration, and nothing that is shown of one has the secret in it.
fn shows_nothing_of(secret: &str, refused: Result<Config, String>) {
    let error = refused.map_or_else(|error| error, |config| wrong(builder().config(config)));
    assert!(!error.contains(secret), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

fn set(name: &str, value: &str) -> Result<Config, String> {
    let mut config = Config::default();
    config.set(name, value).map(|()| config).map_err(|error| format!("{error} {error:?}"))
}

fn url(text: &str) -> Result<Config, String> {
    Config::from_url(text).map_err(|error| format!("{error} {error:?}"))
}

#[test]
fn a_url_where_servers_are_expected_does_not_show_its_password() {
    for text in [
        "cql://ada:geheim@db:9042/shop",
        "cql://ada:geheim",
        "cql://ada:geheim/shop",
        "cql://db/shop?credentials.user=ada&credentials.password=geheim",
        "cql://db?credentials.password=ge@geheim",
        "ada:geheim@db",
        "db,ada:geheim@10.0.0.1:9042",
    ] {
        shows_nothing_of("geheim", set("contact_points", text));
        shows_nothing_of("geheim", set("connect_timeout", text));
        let builder = builder().contact_points(text);
        let shown = format!("{builder:?} {}", wrong(builder.clone()));
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn a_password_is_not_shown_when_its_end_is_encoded_or_missing() {
    for text in [
        "cql://ada:geheim%40db:9042/shop",
        "cql://ada:geheim:9042",
        "cql://ada:geheim;db:9042/shop",
        "cql://ada:12,geheim!",
        "cql://ada:12/ge/geheim",
        "cql://db:9042@ada:geheim",
        "cql://ada@mail.example:geheim",
        "cql://ada@mail.example:geheim/shop",
    ] {
        shows_nothing_of("geheim", url(text));
    }
}

#[test]
fn a_password_with_an_ampersand_is_not_shown_from_there_on() {
    for text in [
        "cql://db?credentials.user=ada&credentials.password=ge&heim",
        "cql://db?credentials.user=ada&credentials.password=ge&heim=1",
        "cql://db?credentials.password=ge&heim&credentials.user=ada",
        "cql://db?credentials.password:heim",
        "cql://db?credentials.password%3Dheim",
        "cql://db?credentials.password:heim=",
    ] {
        shows_nothing_of("heim", url(text));
    }
}

#[test]
fn a_key_where_its_path_is_expected_is_not_shown() {
    let pem = "-----BEGIN PRIVATE KEY-----\nMIGEheim\n-----END PRIVATE KEY-----\n";
    let mut config = set("tls", "/ca.pem").unwrap();
    let refused = config.set("tls.key", pem).map_err(|error| error.to_string());
    shows_nothing_of("MIGEheim", refused.map(|()| config.clone()));
    let shown = format!("{config:?} {config}");
    assert!(!shown.contains("MIGEheim"), "{shown}");
    let both = set("tls.certificate", pem).and_then(|mut config| {
        config.set("tls.key", pem).map_err(|error| error.to_string())?;
        Ok(config)
    });
    shows_nothing_of("MIGEheim", both);
}

#[test]
fn what_is_shown_is_one_line_whatever_was_given() {
    let config = Config::from_url("cql://db/a%0Ab?compression=lz4").unwrap();
    assert_eq!(config.get("keyspace").as_deref(), Some("a\nb"));
    let shown = format!("{config} {config:?}");
    assert!(shown.contains("keyspace: a\\nb") && !shown.contains('\n'), "{shown}");
}
