//! Settings as one text.

use proptest::prelude::*;

use super::*;

fn error(url: &str) -> String {
    Config::from_url(url).unwrap_err().to_string()
}

#[test]
fn every_part_is_read() {
    let url = "cql://sh%40op:p%3Ass%2F@10.0.0.1,[::1]:9043,unix:%2Frun%2Fdb.sock/shop%20%2F1\
               ?local_dc=oslo&profile.timeout=2s&profiles.reports.page_size=20_000\
               &startup_options.A=b%26c&remote.data_centers=bergen,voss";
    let mut expected = Config::default();
    for (name, value) in [
        ("credentials.user", "sh@op"),
        ("credentials.password", "p:ss/"),
        ("contact_points", "10.0.0.1:9042,[::1]:9043,unix:/run/db.sock"),
        ("keyspace", "shop /1"),
        ("local_data_center", "oslo"),
        ("profile.timeout", "2s"),
        ("profiles.reports.page_size", "20000"),
        ("startup_options.A", "b&c"),
        ("remote.data_centers", "bergen,voss"),
    ] {
        expected.set(name, value).unwrap();
    }
    assert_eq!(Config::from_url(url).unwrap(), expected);
    let zone = builder().url("cql://[fe80::1%25eth0]:9043");
    assert_eq!(zone.cluster.contact_points[0].to_string(), "[fe80::1%eth0]:9043");
    let builder = builder().url("cql://ada:geheim@db/shop");
    assert_eq!(builder.cluster.contact_points[0].to_string(), "db:9042");
    assert!(builder.cluster.pool.connection.authenticator.is_some());
    for least in ["CQL://db", "cql://db", "cql://db/", "cql://db?", "cql://db/?", " cql://db\n"] {
        assert_eq!(Config::from_url(least).unwrap().to_string(), "cql://db:9042");
    }
}

#[tokio::test]
async fn a_mistake_is_said_by_connect() {
    let error = builder().url("cql://ada:geheim@db/a/b").connect().await.unwrap_err().to_string();
    assert!(error.starts_with("url: keyspace: `a/b` was given; allowed: one name"), "{error}");
}

/// What shows a configuration leaves the password out, and somebody may copy it.
#[test]
fn a_user_may_come_without_the_password() {
    let config = Config::from_url("cql://ada@db/shop").unwrap();
    assert_eq!(config.to_string(), "cql://ada@db:9042/shop");
    assert_eq!(Config::from_url(&config.to_string()).unwrap(), config);
    let mut password = Config::default();
    password.set("credentials.password", "geheim").unwrap();
    assert!(builder().config(config.clone().with(password)).invalid.is_none());
    let expected =
        "credentials.password: none was given; allowed: one, since there is `credentials.user`";
    assert_eq!(wrong(builder().config(config)), expected);
}

#[test]
fn a_mistake_is_said_with_its_part() {
    let hosts = "allowed: `host`, `host:port`, `[address]:port` or `unix:%2Fpath`, \
                 several with commas between them";
    for (url, expected) in [
        ("http://db", "url: scheme: `http://` was given; allowed: `cql://`".to_owned()),
        ("db:9042", "url: scheme: none was given; allowed: `cql://`".to_owned()),
        ("cql://", format!("url: host: `` was given: the host is missing; {hosts}")),
        ("cql:///shop", format!("url: host: `` was given: the host is missing; {hosts}")),
        ("cql://a,,b", format!("url: host: `` was given: the host is missing; {hosts}")),
        ("cql://u:p@db:many", format!("url: host: `db:many` was given: a port is a number, 1 to 65535; {hosts}")),
        ("cql://[::1", format!("url: host: `[::1` was given: a bracket that is not closed; {hosts}")),
        ("cql://db%zz", format!("url: host: `db%zz` was given: no percent-encoding; {hosts}")),
        (
            "cql://unix:%2F..%00",
            format!("url: host: `unix:%2F..%00` was given: a path has no NUL in it; {hosts}"),
        ),
        (
            "cql://db/a/b",
            "url: keyspace: `a/b` was given; allowed: one name, with `%2F` for `/` and `%25` for `%`"
                .to_owned(),
        ),
        ("cql://db/a%", "url: keyspace: `a%` was given; allowed: one name, with `%2F` for `/` and `%25` for `%`".to_owned()),
        ("cql://db/a#b", "url: fragment: `#` was given; allowed: none, and `%23` for `#`".to_owned()),
        ("cql://db?x", "url: parameter: `x` was given; allowed: `name=value`".to_owned()),
        (
            "cql://db?local_cd=oslo",
            "local_cd: unknown setting; did you mean `local_dc`?".to_owned(),
        ),
        (
            "cql://db?connect_timeout=5",
            "connect_timeout: `5` was given; allowed: a time such as 250ms or 10s, at least 1ms"
                .to_owned(),
        ),
        (
            "cql://db?fixed_addresses.10.0.0.1=10.0.0.2:9042",
            "fixed_addresses.10.0.0.1: `10.0.0.2:9042` was given: `10.0.0.1` is no \
             `address:port`; allowed: a table from the addresses that servers tell of each other to those \
             where they are reached, such as `\"10.0.0.1:9042\" = \"192.0.2.1:9042\"`; in a URL \
             `fixed_addresses.10.0.0.1:9042=192.0.2.1:9042`"
                .to_owned(),
        ),
        (
            "cql://db?keyspace=a&keyspace=b",
            "keyspace: it was given twice; allowed: once".to_owned(),
        ),
        (
            "cql://db?keyspace=%f",
            "keyspace: what was given is no percent-encoding; allowed: `%25` for `%`".to_owned(),
        ),
    ] {
        assert_eq!(error(url), expected, "{url}");
    }
}

#[test]
fn a_password_that_is_written_wrong_is_shown_in_no_error() {
    for url in [
        "geheim",
        "ada:geheim://db",
        "cql://ada:geheim",
        "cql://ada:geheim/shop",
        "cql://ada:ge/heim@db",
        "cql://ada:geheim/@db/shop",
        "cql://ada:geheim?@db/shop",
        "cql://ada:geheim#@db/shop",
        "cql://ada:geheim@@db/shop",
        "cql://ada:geheim@x@db/shop",
        "cql://ada:geheim:@db/shop",
        "cql://ada:geheim%@db/shop",
        "cql://ada:geheim%ff@db/shop",
        "cql://:geheim@db/shop",
        "cql://db?pasword=geheim",
        "cql://db?credentials.pasword=geheim",
        "cql://db?credentials.password=geheim&credentials.password=geheim",
        "cql://db?credentials.password=%ff",
    ] {
        let error = error(url);
        assert!(!error.contains("geheim") && !error.contains("heim"), "{error}");
        assert!(!error.contains('\n'));
    }
}

#[test]
fn all_settings_are_a_url_but_for_the_password() {
    let mut expected = everything();
    let url = expected.to_string();
    assert!(!url.contains("geheim"));
    let user = "a%3Ad%40a@";
    assert!(url.starts_with(&format!("cql://{user}")), "{url}");
    let read = Config::from_url(&url.replace(user, "a%3Ad%40a:geheim@")).unwrap();
    assert_eq!(read, expected);
    for (name, _) in SAMPLES.iter().filter(|(name, _)| *name != "contact_points") {
        // Where it may be; what may be called `none` is empty then.
        for unset in ["", "none"] {
            expected.set(name, unset).unwrap_or_default();
        }
    }
    expected.set("credentials.user", "a:d@a").unwrap();
    expected.set("credentials.password", "geheim").unwrap();
    let read = Config::from_url(&expected.to_string().replace(user, "a%3Ad%40a:geheim@")).unwrap();
    assert_eq!(read, expected, "{expected}");
    let named = Config::from_url("cql://db/none?local_rack=none&local_dc=").unwrap();
    let named = builder().local_data_center("oslo").config(named).cluster;
    assert_eq!((named.local_rack.as_deref(), named.local_data_center), (Some("none"), None));
}

fn names() -> impl Strategy<Value = String> {
    "\\PC{1,12}"
}

fn hosts() -> impl Strategy<Value = Vec<String>> {
    let port = 1..=65_535_u16;
    let host = prop_oneof![
        ("[a-z][a-z0-9-]{0,10}", port.clone()).prop_map(|(name, port)| format!("{name}:{port}")),
        (any::<std::net::Ipv6Addr>(), port.clone()).prop_map(|(ip, port)| format!("[{ip}]:{port}")),
        (any::<std::net::Ipv4Addr>(), port).prop_map(|(ip, port)| format!("{ip}:{port}")),
        "[a-z/@?#% ]{0,20}".prop_map(|path| format!("unix:/{}", path.trim_end())),
    ];
    prop::collection::vec(host, 1..4)
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        hosts in hosts(),
        keyspace in prop::option::of(names()),
        data_center in prop::option::of(names()),
        profile in "[a-z.&=%é ]{1,8}",
        millis in 1..10_000_000_u64,
        bytes in 1..1_u64 << 40,
    ) {
        let mut config = Config::default();
        config.set("contact_points", &hosts.join(",")).unwrap();
        for (name, value) in [("keyspace", keyspace), ("local_data_center", data_center)] {
            if let Some(value) = value {
                config.set(name, &value).unwrap();
            }
        }
        config.set(&format!("profiles.{profile}.timeout"), &format!("{millis}ms")).unwrap();
        config.set("max_waiting_bytes", &format!("{bytes} B")).unwrap();
        prop_assert_eq!(Config::from_url(&config.to_string()).unwrap(), config);
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused_in_one_line(text in "\\PC*|(cql://)?[a-z:@/?&=%#,\\[\\]\n]*") {
        if let Err(error) = Config::from_url(&text) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }

    #[test]
    fn a_password_is_in_no_error_wherever_it_goes_wrong(
        before in "[a-z:@/?&=%#]{0,4}",
        after in "[a-z:@/?&=%#]{0,6}",
    ) {
        let password = format!("{before}GEHEIM{after}");
        if let Err(error) = Config::from_url(&format!("cql://ada:{password}@db/shop")) {
            prop_assert!(!error.to_string().contains("GEHEIM"), "{}", error);
        }
    }
}
