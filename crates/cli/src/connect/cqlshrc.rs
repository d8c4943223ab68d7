//! The settings of cqlsh, from a `cqlshrc`: what of them says where the cluster is and who asks.

use std::env;
use std::path::{Path, PathBuf};

use configparser::ini::{Ini, IniDefault};
use cqlwire::Config;

use crate::exit::Failure;
use crate::file::{self, expanded};

/// Where cqlsh looks for it.
pub(super) fn usual_place() -> Option<PathBuf> {
    Some(env::home_dir()?.join(".cassandra").join("cqlshrc"))
}

/// What a `cqlshrc` says of a connection; what is about how cqlsh looks is passed over. The hosts that are
/// to be asked instead of its own have its port, unless they have their own. TLS may be said elsewhere.
pub(super) fn read(path: &Path, hosts: &[String], has_tls: bool) -> Result<Config, Failure> {
    let file = Ini::of(path)?;
    let mut config = Config::default();
    place(&file, hosts, &mut config)?;
    times(&file, &mut config)?;
    who(&file, path, &mut config)?;
    tls(&file, has_tls, &mut config)?;
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
        let text = file::text(path).map_err(|error| wrong(&error))?;
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

fn place(file: &Ini, hosts: &[String], config: &mut Config) -> Result<(), Failure> {
    let host = file.text("connection", "hostname");
    let port = file.text("connection", "port");
    if host.is_some() || port.is_some() || !hosts.is_empty() {
        let own = [host.unwrap_or_else(|| "127.0.0.1".to_owned())];
        let hosts = if hosts.is_empty() { &own } else { hosts };
        let with_port = |host: &String| match &port {
            Some(port) => at_port(host, port),
            None => host.clone(),
        };
        let servers: Vec<_> = hosts.iter().map(with_port).collect();
        config.set("contact_points", &servers.join(","))?;
    }
    if let Some(keyspace) = file.text("authentication", "keyspace") {
        config.set("keyspace", &keyspace)?;
    }
    Ok(())
}

/// The host at this port, unless it says its own, or is a socket of this machine.
fn at_port(host: &str, port: &str) -> String {
    match host.split_once(':') {
        Some(("unix", _)) => host.to_owned(),
        Some(_) if host.ends_with(']') => format!("{host}:{port}"),
        // Several colons are those of an address of IPv6.
        Some((_, rest)) if rest.contains(':') && !host.starts_with('[') => {
            format!("[{host}]:{port}")
        }
        Some(_) => host.to_owned(),
        None => format!("{host}:{port}"),
    }
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

/// User and password: here, or in the file of credentials that newer versions of cqlsh have, beside this
/// one unless it is named.
fn who(file: &Ini, path: &Path, config: &mut Config) -> Result<(), Failure> {
    let mut user = file.text("authentication", "username");
    let mut password = file.text("authentication", "password");
    let named = file.text("authentication", "credentials").map(|path| expanded(&path));
    let beside = || Some(path.with_file_name("credentials")).filter(|path| path.is_file());
    if let Some(path) = named.or_else(beside) {
        let credentials = Ini::of(&path)?;
        // By the name of the provider, or as before there were several.
        let sections = ["plaintextauthprovider", "plain_text_auth"];
        let text = |key| sections.iter().find_map(|section| credentials.text(section, key));
        if let Some(named) = text("username") {
            // The password of somebody else is none.
            password = password.filter(|_| user.as_ref().is_none_or(|user| *user == named));
            user = Some(named);
        }
        password = text("password").or(password);
    }
    for (name, text) in [("credentials.user", user), ("credentials.password", password)] {
        if let Some(text) = text {
            config.set(name, &text)?;
        }
    }
    Ok(())
}

fn tls(file: &Ini, has_tls: bool, config: &mut Config) -> Result<(), Failure> {
    let factory = file.text("connection", "factory");
    let has_factory = factory.is_some_and(|factory| factory.ends_with("ssl_transport_factory"));
    if !switch(file, "connection", "ssl")?.unwrap_or(has_factory) {
        return Ok(());
    }
    if switch(file, "ssl", "validate")? == Some(false) {
        let why = "cqlshrc: [ssl] validate is off, and cqlwire speaks no TLS that proves nothing: \
                   name the authorities by certfile";
        return Err(Failure::usage(why));
    }
    // What is asked for is never left out: a password would be sent for everybody to read.
    if !has_tls && file.text("ssl", "certfile").is_none() {
        let why = "cqlshrc: ssl is on, and [ssl] certfile does not name the authorities: name them there, \
                   or say --tls or --tls-ca";
        return Err(Failure::usage(why));
    }
    let files =
        [("certfile", "tls.authorities"), ("usercert", "tls.certificate"), ("userkey", "tls.key")];
    for (key, name) in files {
        if let Some(path) = file.text("ssl", key) {
            config.set(name, &expanded(&path).display().to_string())?;
        }
    }
    Ok(())
}

/// What is neither on nor off is a mistake, as for cqlsh: taken for off, it would send a password in the
/// clear.
fn switch(file: &Ini, section: &str, key: &str) -> Result<Option<bool>, Failure> {
    let Some(text) = file.text(section, key) else { return Ok(None) };
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Ok(Some(true)),
        "0" | "no" | "false" | "off" => Ok(Some(false)),
        _ => {
            let why = format!("cqlshrc: [{section}] {key} is `{text}`, and not true or false");
            Err(Failure::usage(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_as(name: &str, text: &str, others: &[(&str, &str)]) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in others.iter().chain(&[(name, text)]) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        read(&folder.path().join(name), &[], false)
    }

    #[test]
    fn what_cqlsh_knows_of_a_connection_is_taken() {
        let text = "\
; all of it
[authentication]
username = ada
password = a#b;c=d%e
keyspace = shop
[connection]
hostname: ::1
port = 9142
connect_timeout = 7
request_timeout = 20
[ui]
color = on
float_precision = 5
";
        let config = read_as("cqlshrc", text, &[]).unwrap();
        let expected = [
            ("contact_points", "[::1]:9142"),
            ("keyspace", "shop"),
            ("credentials.user", "ada"),
            ("connect_timeout", "7s"),
            ("profile.timeout", "20s"),
        ];
        for (name, value) in expected {
            assert_eq!(config.get(name).as_deref(), Some(value), "{name}");
        }
        let mut whole = Config::default();
        whole.set("credentials.password", "a#b;c=d%e").unwrap();
        assert_eq!(config.clone().with(whole), config, "the password is another one");
    }

    #[test]
    fn a_host_that_is_asked_instead_has_the_port_unless_it_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cqlshrc");
        fs::write(&path, "[connection]\nhostname = db\nport = 9142\n").unwrap();
        let hosts = ["a", "b:9", "::1", "[::2]", "[::3]:9", "unix:/run/db"].map(ToOwned::to_owned);
        let config = read(&path, &hosts, false).unwrap();
        let expected = "a:9142,b:9,[::1]:9142,[::2]:9142,[::3]:9,unix:/run/db";
        assert_eq!(config.get("contact_points").as_deref(), Some(expected));
    }

    #[test]
    fn credentials_may_stand_in_a_file_beside_it() {
        for section in ["PlainTextAuthProvider", "plain_text_auth"] {
            let others =
                [("credentials", &*format!("[{section}]\nusername = Ada\npassword = x\n"))];
            let config = read_as("cqlshrc", "[connection]\nhostname = db\n", &others).unwrap();
            assert_eq!(config.get("credentials.user").as_deref(), Some("Ada"), "{section}");
            assert!(config.is_set("credentials.password"));
            assert_eq!(config.get("contact_points").as_deref(), Some("db"));
        }
    }

    #[test]
    fn a_password_is_not_sent_without_the_tls_that_was_asked_for() {
        let ssl = "[authentication]\nusername = ada\npassword = x\n[connection]\nssl = true\n";
        let certificate = "[ssl]\nusercert = a.pem\nuserkey = b.pem\n";
        for text in [ssl, &format!("{ssl}{certificate}")] {
            let error = read_as("cqlshrc", text, &[]).unwrap_err().to_string();
            assert!(error.contains("certfile"), "{error}");
        }
        let config = read_as("cqlshrc", &format!("{ssl}[ssl]\ncertfile = ca.pem\n"), &[]);
        assert_eq!(config.unwrap().get("tls.authorities").as_deref(), Some("ca.pem"));
    }

    #[test]
    fn tls_is_on_however_that_is_said_and_off_only_if_that_is_said() {
        let read = |ssl: &str| {
            let text = format!("[connection]\nssl = {ssl}\n[ssl]\ncertfile = ca.pem\n");
            read_as("cqlshrc", &text, &[]).map(|config| config.is_set("tls.authorities")).ok()
        };
        for on in ["true", "True", "TRUE", "on", "On", "yes", "1", "true\r"] {
            assert_eq!(read(on), Some(true), "{on}");
        }
        for off in ["false", "off", "no", "0", ""] {
            assert_eq!(read(off), Some(false), "{off}");
        }
        for neither in ["enabled", "true ; as it has to be", "2"] {
            assert_eq!(read(neither), None, "{neither}");
        }
    }

    #[test]
    fn the_password_of_one_user_is_not_that_of_another() {
        let text = "[authentication]\nusername = ada\npassword = x\n";
        let others = |user| format!("[PlainTextAuthProvider]\nusername = {user}\n");
        let config = |user| read_as("cqlshrc", text, &[("credentials", &others(user))]).unwrap();
        assert_eq!(config("bob").get("credentials.user").as_deref(), Some("bob"));
        assert!(!config("bob").is_set("credentials.password"));
        assert!(config("ada").is_set("credentials.password"));
    }

    #[test]
    fn what_cannot_be_done_is_told_without_a_secret() {
        let unproven = "[connection]\nssl = true\n[ssl]\nvalidate = false\n";
        let told = |text| read_as("cqlshrc", text, &[]).unwrap_err().to_string();
        assert!(told(unproven).contains("validate is off"));
        let broken = told("[authentication\npassword = enigma\n");
        assert!(!broken.contains("enigma"), "{broken}");
    }
}
