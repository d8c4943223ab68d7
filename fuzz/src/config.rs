//! What users write to say where the cluster is: any text is a configuration or an error; what was
//! read is written, and read again, the same; and a password is in nothing that is shown.

use std::sync::LazyLock;

use cqlwire::{Config, Session};

use crate::input::Input;

/// No text of a fuzzer has it by chance, and it needs no encoding.
const SECRET: &str = "gEhEiM0x7";

static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| Config::known().into_iter().map(|known| known.name).collect());

/// What is done; then the text, in parts that a line ends.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let choice = input.byte();
    let text = String::from_utf8_lossy(input.rest());
    let mut parts = text.splitn(4, '\n');
    let mut part = || parts.next().unwrap_or_default();
    match choice % 4 {
        0 => any_url(&format!("cql://{text}")),
        1 => {
            let (user, before, after, rest) = (part(), part(), part(), part());
            hides(&format!("cql://{user}:{before}{SECRET}{after}@{rest}"));
        }
        2 => {
            let (hosts, before, after) = (part(), part(), part());
            hides(&format!(
                "cql://{hosts}?credentials.user=ada&credentials.password={before}{SECRET}{after}"
            ));
        }
        _ => settings(&text),
    }
}

fn any_url(url: &str) {
    let Ok(config) = Config::from_url(url) else { return };
    survives(&config);
}

/// A URL has everything but secrets.
fn survives(config: &Config) {
    let shown = config.to_string();
    if config.get("contact_points").is_some() && !config.is_set("credentials.password") {
        let again = Config::from_url(&shown);
        assert_eq!(again.as_ref().map(Config::to_string), Ok(shown), "{config:?}");
    }
    let all = NAMES.iter().filter(|name| config.get(name).is_some());
    all.for_each(|name| assert!(config.is_set(name), "{name}"));
    // Whether it is one that a session can be made of is found without connecting.
    let _ = format!("{:?}", Session::builder().config(config.clone()));
}

/// Whatever stands around it, the secret is shown nowhere.
fn hides(url: &str) {
    let shown = match Config::from_url(url) {
        Ok(config) => {
            survives(&config);
            assert_eq!(config.get("credentials.password"), None);
            format!("{config} {config:?} {:?}", Session::builder().config(config.clone()))
        }
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(SECRET), "{url:?} is shown as {shown}");
    assert!(!shown.contains('\n'), "{shown:?} is of more than one line");
}

/// `name=value` lines: each is taken or refused, and does not show what is a secret.
fn settings(text: &str) {
    let mut config = Config::default();
    let _ = config.set("credentials.password", SECRET);
    for line in text.lines() {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        let before = config.clone();
        if config.set(name, value).is_err() {
            assert_eq!(format!("{config:?}"), format!("{before:?}"), "after {line:?} was refused");
        }
    }
    let shown = format!("{config} {config:?} {:?}", Session::builder().config(config.clone()));
    assert!(!shown.contains(SECRET), "{shown}");
}
