//! Each setting there is, and each field that holds one.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::builder::outside::value::Value;
use crate::builder::outside::{Key, session};

/// What is code, or is not for a file to say: filled in by `connect`, or somebody's own.
const NO_DATA: &[&str] = &[
    "cluster.host_filter",
    "cluster.on_change",
    "cluster.driver_config",
    // `max_requests_per_host` becomes it.
    "cluster.pool.max_in_flight",
    "cluster.pool.on_change",
    "cluster.pool.connection.dialer",
    "cluster.pool.connection.log",
    // See `tls_is_read_from_files`.
    "cluster.pool.connection.tls",
    // It takes the place of other settings, where there is the feature `astra`.
    "bundle",
    "observers",
    "trace_context",
    "invalid",
];

/// What `Debug` shows of a builder, by the names that lead there.
fn fields(builder: &SessionBuilder) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::<String, String>::new();
    let mut names: Vec<(usize, String)> = Vec::new();
    for line in format!("{builder:#?}").lines().skip(1) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        let named = text
            .split_once(": ")
            .filter(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        if let Some((name, _)) = named {
            names.retain(|(before, _)| *before < indent);
            names.push((indent, name.to_owned()));
        }
        let path: Vec<&str> = names.iter().map(|(_, name)| name.as_str()).collect();
        let held = fields.entry(path.join(".")).or_default();
        held.push_str(named.map_or(text, |(_, value)| value));
    }
    fields
}

/// Those within which there are no others.
fn leaves(fields: &BTreeMap<String, String>) -> BTreeSet<String> {
    let has_others =
        |path: &String| fields.keys().any(|other| other.starts_with(&format!("{path}.")));
    fields.keys().filter(|path| !path.is_empty() && !has_others(path)).cloned().collect()
}

fn known() -> BTreeSet<String> {
    Config::known().into_iter().map(|setting| setting.name).collect()
}

#[test]
fn there_is_a_sample_of_every_setting() {
    let sampled = SAMPLES.iter().map(|(name, _)| match name.split_once('.') {
        Some((table @ ("startup_options" | "fixed_addresses"), _)) => table.to_owned(),
        _ => (*name).to_owned(),
    });
    let sampled: BTreeSet<String> = sampled.filter(|name| !name.starts_with("profiles.")).collect();
    let of_tls = known().into_iter().filter(|name| name.starts_with("tls."));
    assert_eq!(sampled.into_iter().chain(of_tls).collect::<BTreeSet<_>>(), known());
}

/// A setting that is new in a `Settings` of any crate, and that no configuration can say, fails here.
#[test]
fn every_field_that_is_data_is_changed_by_a_setting() {
    let before = builder();
    let (shown, mut unchanged) = (fields(&before), leaves(&fields(&before)));
    assert!(unchanged.len() > 80, "{unchanged:?}");
    for (name, value) in SAMPLES.iter().filter(|(name, _)| !name.starts_with("credentials.")) {
        let mut config = Config::default();
        config.set(name, value).unwrap();
        let after = fields(&before.clone().config(config));
        let changed: BTreeSet<_> =
            leaves(&shown).into_iter().filter(|path| after.get(path) != shown.get(path)).collect();
        assert!(!changed.is_empty(), "{name} changes nothing");
        unchanged.retain(|path| !changed.contains(path));
    }
    let after = fields(&before.config(everything()));
    unchanged.retain(|path| {
        after.get(path) == shown.get(path) && !path.starts_with("cluster.pool.connection.tasks.")
    });
    let there_is = |path: &&&str| **path != "bundle" || cfg!(feature = "astra");
    let expected = NO_DATA.iter().filter(there_is).map(|path| (*path).to_owned());
    let expected: BTreeSet<String> = expected.collect();
    assert_eq!(unchanged, expected);
}

#[test]
fn the_defaults_of_settings_are_those_of_the_builder() {
    let before = builder();
    assert_eq!(fields(&before.clone().config(Config::default())), fields(&before));
    for setting in Config::known() {
        let mut config = Config::default();
        if setting.default.is_empty() {
            continue;
        }
        config.set(&setting.name, &setting.default).unwrap();
        let after = before.clone().config(config);
        assert_eq!(after.invalid, None, "{}", setting.name);
        assert_eq!(fields(&after), fields(&before), "{} = {}", setting.name, setting.default);
    }
    before.check().unwrap();
}

#[test]
fn what_is_said_is_what_it_is_then() {
    let after = builder().config(everything());
    assert_eq!(after.invalid, None);
    for (key, value) in &everything().values {
        let Key::Session(name) = key else { continue };
        let setting = session::all().find(|setting| setting.name == *name).unwrap();
        let shown = setting.of(&after);
        if !matches!(shown, Value::None | Value::Code(_)) {
            assert_eq!(&shown, value, "{name}");
        }
    }
    let reports = after.named_profiles.iter().find(|(name, _)| &**name == "reports").unwrap();
    assert_eq!(reports.1.settings().timeout.as_secs(), 20, "a copy of the one without a name");
    assert_eq!(reports.1.settings().consistency, crate::Consistency::One);
    assert_eq!(after.named_profiles.len(), 2);
}

#[test]
fn what_is_later_replaces_what_was_before() {
    let config = |text: &str| {
        let mut config = Config::default();
        config.set("profile.timeout", text).unwrap();
        config.set("profiles.reports.page_size", "10").unwrap();
        config
    };
    let timeout = |builder: &SessionBuilder| builder.profile.settings().timeout.as_secs();
    let once = builder().config(config("1s"));
    assert_eq!(timeout(&once), 1);
    let mut other = Config::default();
    other.set("profiles.reports.consistency", "ONE").unwrap();
    let twice = once.config(config("2s").with(config("3s"))).config(other);
    assert_eq!(timeout(&twice), 3);
    assert_eq!(twice.named_profiles.len(), 1);
    let reports = twice.named_profiles[0].1.settings();
    assert_eq!((reports.page_size, reports.timeout.as_secs()), (10, 1), "it was there before");
}

#[test]
fn the_password_is_shown_by_nothing() {
    let config = everything();
    let after = builder().config(config.clone());
    for shown in
        [format!("{config:?}"), format!("{config:#?}"), config.to_string(), format!("{after:?}")]
    {
        assert!(!shown.contains("geheim"), "{shown}");
    }
    assert!(format!("{config:?}").contains("credentials.password: not shown"));
}

/// A certificate that signed itself, its key, and a file with nothing in it.
struct PemFiles(tempfile::TempDir);

impl PemFiles {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        let certified = rcgen::generate_simple_self_signed(["db.example".to_owned()]).unwrap();
        std::fs::write(files.path("ca.pem"), certified.cert.pem()).unwrap();
        std::fs::write(files.path("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        std::fs::write(files.path("empty.pem"), "").unwrap();
        files
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

fn with(settings: &[(&str, &str)]) -> SessionBuilder {
    let mut config = Config::default();
    for (name, value) in settings {
        config.set(name, value).unwrap();
    }
    builder().config(config)
}

#[test]
fn tls_is_read_from_files() {
    let files = PemFiles::new();
    let (ca, key) = (&*files.path("ca.pem"), &*files.path("key.pem"));
    for settings in [
        vec![("tls", ca)],
        vec![("tls.authorities", ca), ("tls.server_name", "db.example")],
        vec![("tls.authorities", ca), ("tls.certificate", ca), ("tls.key", key)],
    ] {
        let builder = with(&settings);
        assert_eq!(builder.invalid, None, "{settings:?}");
        assert!(builder.cluster.pool.connection.tls.is_some(), "{settings:?}");
    }
}

#[test]
fn what_is_wrong_with_files_of_tls_is_said_with_setting_and_file() {
    let files = PemFiles::new();
    let paths = ["ca.pem", "key.pem", "nowhere.pem", "empty.pem"].map(|name| files.path(name));
    let [ca, key, nowhere, empty] = paths.each_ref().map(String::as_str);
    for (settings, expected) in [
        (
            vec![("tls", nowhere)],
            format!(
                "tls.authorities: `{nowhere}` was given: cannot read the authorities from \
                 `{nowhere}`: "
            ),
        ),
        (
            vec![("tls", "no\nwhere")],
            "tls.authorities: `no\\nwhere` was given: cannot read the authorities from \
             `no\\nwhere`: "
                .to_owned(),
        ),
        (
            vec![("tls", ca), ("tls.certificate", ca), ("tls.key", nowhere)],
            format!(
                "tls.certificate: `{ca}` with `{nowhere}` of tls.key was given: cannot read the key \
                 of the client from `{nowhere}`: "
            ),
        ),
        (
            vec![("tls", empty)],
            format!(
                "tls.authorities: `{empty}` was given: there is no certificate in the authorities"
            ),
        ),
        (
            vec![("tls.key", key)],
            "tls.authorities: none was given; allowed: a file, since there is `tls.key`".to_owned(),
        ),
        (
            vec![("tls", ca), ("tls.key", key)],
            "tls.certificate: none was given; allowed: a file, since there is `tls.key`".to_owned(),
        ),
        (
            vec![("tls", ca), ("tls.certificate", ca), ("tls.key", ca)],
            format!(
                "tls.certificate: `{ca}` with `{ca}` of tls.key was given: cannot read the key"
            ),
        ),
        (
            vec![("tls", ca), ("tls.server_name", "a name")],
            "tls.server_name: `a name` was given: `a name` is no name that".to_owned(),
        ),
    ] {
        let error = wrong(with(&settings));
        assert!(error.starts_with(&expected), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
