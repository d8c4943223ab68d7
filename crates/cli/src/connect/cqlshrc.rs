//! The settings of cqlsh, from a `cqlshrc`: what of them says where the cluster is and who asks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use configparser::ini::{Ini, IniDefault};
use cqlwire::Config;

use crate::exit::Failure;

/// Where cqlsh looks for it.
pub(super) fn usual_place() -> Option<PathBuf> {
    Some(env::home_dir()?.join(".cassandra").join("cqlshrc"))
}

/// What a `cqlshrc` says of a connection; what is about how cqlsh looks is passed over.
pub(super) fn read(path: &Path) -> Result<Config, Failure> {
    let file = Ini::of(path)?;
    let mut config = Config::default();
    place(&file, &mut config)?;
    times(&file, &mut config)?;
    who(&file, &mut config)?;
    tls(&file, &mut config)?;
    Ok(config)
}

/// As the configparser of Python reads it: a `#` within a value is a part of it.
trait OfCqlsh: Sized {
    fn of(path: &Path) -> Result<Self, Failure>;
    fn text(&self, section: &str, key: &str) -> Option<String>;
}

impl OfCqlsh for Ini {
    fn of(path: &Path) -> Result<Self, Failure> {
        let wrong =
            |why: &dyn std::fmt::Display| Failure::usage(format_args!("{}: {why}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let mut default = IniDefault::default();
        default.inline_comment_symbols = Some(Vec::new());
        let mut ini = Self::new_from_defaults(default);
        // What it says of a line shows the line, which may have a password in it.
        ini.read(text).map_err(|_| wrong(&"it is no file of sections with `name = value`"))?;
        Ok(ini)
    }

    /// What is empty is not said.
    fn text(&self, section: &str, key: &str) -> Option<String> {
        self.get(section, key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

fn place(file: &Ini, config: &mut Config) -> Result<(), Failure> {
    let host = file.text("connection", "hostname");
    let port = file.text("connection", "port");
    if host.is_some() || port.is_some() {
        let host = host.unwrap_or_else(|| "127.0.0.1".to_owned());
        let server = match port {
            Some(port) if host.contains(':') => format!("[{host}]:{port}"),
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        config.set("contact_points", &server)?;
    }
    if let Some(keyspace) = file.text("authentication", "keyspace") {
        config.set("keyspace", &keyspace)?;
    }
    Ok(())
}

/// Both are seconds there; `timeout` is the older name for that of connecting.
fn times(file: &Ini, config: &mut Config) -> Result<(), Failure> {
    let connect = file.text("connection", "connect_timeout");
    let connect = connect.or_else(|| file.text("connection", "timeout"));
    let request = file.text("connection", "request_timeout");
    for (name, seconds) in [("connect_timeout", connect), ("profile.timeout", request)] {
        if let Some(seconds) = seconds {
            config.set(name, &format!("{seconds}s"))?;
        }
    }
    Ok(())
}

/// User and password: here, or in the file of credentials that newer versions of cqlsh have.
fn who(file: &Ini, config: &mut Config) -> Result<(), Failure> {
    let mut user = file.text("authentication", "username");
    let mut password = file.text("authentication", "password");
    let credentials = file.text("authentication", "credentials").map(expanded);
    if let Some(path) = credentials {
        let credentials = Ini::of(&path)?;
        let section = "plaintextauthprovider";
        user = credentials.text(section, "username").or(user);
        password = credentials.text(section, "password").or(password);
    }
    for (name, text) in [("credentials.user", user), ("credentials.password", password)] {
        if let Some(text) = text {
            config.set(name, &text)?;
        }
    }
    Ok(())
}

fn tls(file: &Ini, config: &mut Config) -> Result<(), Failure> {
    let is_on =
        |text: &String| matches!(text.to_ascii_lowercase().as_str(), "1" | "yes" | "true" | "on");
    let ssl = file.text("connection", "ssl").or_else(|| file.text("connection", "factory"));
    if !ssl.is_some_and(|ssl| is_on(&ssl) || ssl.ends_with("ssl_transport_factory")) {
        return Ok(());
    }
    if file.text("ssl", "validate").is_some_and(|validate| !is_on(&validate)) {
        let why = "cqlshrc: [ssl] validate is off, and cqlwire speaks no TLS that proves nothing: \
                   name the authorities by certfile";
        return Err(Failure::usage(why));
    }
    let files =
        [("certfile", "tls.authorities"), ("usercert", "tls.certificate"), ("userkey", "tls.key")];
    for (key, name) in files {
        if let Some(path) = file.text("ssl", key) {
            config.set(name, &expanded(path).display().to_string())?;
        }
    }
    Ok(())
}

/// `~` is the home, as in Python.
fn expanded(path: String) -> PathBuf {
    match (path.strip_prefix("~/"), env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
