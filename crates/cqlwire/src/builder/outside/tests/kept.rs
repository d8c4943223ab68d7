//! What is said is kept as it was said, and nothing half said is taken for less.

use super::*;

fn config(settings: &[(&str, &str)]) -> Config {
    let mut config = Config::default();
    for (name, value) in settings {
        config.set(name, value).unwrap();
    }
    config
}

#[test]
fn entries_of_a_table_stand_beside_each_other() {
    let both = config(&[("startup_options.A", "1"), ("startup_options.B", "2")]);
    let options = builder().config(both).cluster.pool.connection.startup_options;
    assert_eq!((&*options["A"], &*options["B"]), ("1", "2"));
}

#[test]
fn names_and_passwords_keep_their_spaces() {
    let config = config(&[("local_rack", " r1 "), ("credentials.password", " geheim ")]);
    assert_eq!(config.text("local_rack").as_deref(), Some(" r1 "));
    assert_eq!(config.text("credentials.password").as_deref(), Some(" geheim "));
}

#[test]
fn a_certificate_without_its_key_is_not_left_out() {
    let authority = rcgen::generate_simple_self_signed(["db.example".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("ca.pem").display().to_string();
    std::fs::write(&path, authority.cert.pem()).unwrap();
    let half = config(&[("tls", &path), ("tls.certificate", &path)]);
    let expected = "tls.key: none was given; allowed: a file, since there is `tls.certificate`";
    assert_eq!(wrong(builder().config(half)), expected);
}

#[test]
fn an_empty_name_by_code_is_refused_as_one_from_outside() {
    let error = wrong(builder().keyspace(""));
    assert_eq!(error, "keyspace: `` was given; allowed: a text that is not empty");
}

#[test]
fn compression_is_no_startup_option_however_it_is_spelled() {
    let error = wrong(builder().config(config(&[("startup_options.compression", "lz4")])));
    assert!(error.starts_with("startup_options: COMPRESSION was given"), "{error}");
}

#[test]
fn one_server_of_the_family_of_the_local_address_is_enough() {
    let local =
        config(&[("socket.local_address", "127.0.0.1"), ("contact_points", "::1,127.0.0.1")]);
    builder().config(local).check().unwrap();
}

#[test]
fn no_contact_point_is_refused_however_there_is_none() {
    let none = builder().cluster(|cluster| cluster.contact_points.clear());
    assert_eq!(wrong(none), "contact_points: none was given; allowed: one at least");
}

#[test]
fn the_first_mistake_is_the_one_that_is_said() {
    let twice = builder().url("cql://db/a/b").url("http://db");
    assert!(wrong(twice.clone()).starts_with("url: keyspace: "), "{}", wrong(twice));
}

#[cfg(feature = "serde")]
#[test]
fn profiles_without_settings_come_along_with_others() {
    let one = serde_json::from_str::<Config>(r#"{"profiles": {"one": {}}}"#).unwrap();
    let two = serde_json::from_str::<Config>(r#"{"profiles": {"two": {}}}"#).unwrap();
    let names = builder().config(one.with(two)).named_profiles;
    assert_eq!(names.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn what_was_set_is_told_and_no_secret() {
    let mut config = Config::from_url("cql://ada:enigma@db?profile.timeout=2s").unwrap();
    config.set("keyspace", "").unwrap();
    assert_eq!(config.get("credentials.user").as_deref(), Some("ada"));
    assert_eq!(config.get("profile.timeout").as_deref(), Some("2s"));
    assert!(config.is_set("credentials.password") && config.get("credentials.password").is_none());
    for name in ["keyspace", "local_rack", "no_setting"] {
        assert!(!config.is_set(name) && config.get(name).is_none(), "{name}");
    }
}
