//! Where settings come from: a profile file, a URL, those of cqlsh; and the flags over them.

use std::env;
use std::path::{Path, PathBuf};

use cqlwire::{Config, Consistency, SerialConsistency, Session, SessionBuilder};

use super::args::{ConnectionArgs, consistency, serial_consistency};
use super::{cqlshrc, password, tls};
use crate::exit::Failure;
use crate::file;

/// The variable that says all of it in one text.
const URL: &str = "CQLWIRE_URL";

/// What a session is connected by: kept by the shell, which can connect again as somebody else.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    args: ConnectionArgs,
    config: Config,
}

impl Settings {
    /// Reads what there is, and asks for a password if one is lacking.
    pub(crate) fn of(args: &ConnectionArgs) -> Result<Self, Failure> {
        let (mut config, is_other) = said(args)?;
        password::complete(args, is_other, &mut config)?;
        Ok(Self { args: args.clone(), config })
    }

    /// The same, as somebody else.
    pub(crate) fn log_in(&self, user: &str, password: &str) -> Result<Self, Failure> {
        let mut settings = self.clone();
        settings.config.set("credentials.user", user)?;
        settings.config.set("credentials.password", password)?;
        Ok(settings)
    }

    /// The session that they describe.
    pub(crate) fn builder(&self) -> Result<SessionBuilder, Failure> {
        let mut builder = Session::builder().config(self.config.clone());
        if let Some(tls) = tls(&self.args)? {
            builder = builder.tls(tls);
        }
        if let Some(bundle) = &self.args.bundle {
            builder = builder.secure_connect_bundle(bundle);
        }
        Ok(builder)
    }

    /// Who asks, if that is said.
    pub(crate) fn user(&self) -> Option<String> {
        self.config.get("credentials.user")
    }

    /// How requests are executed unless they say otherwise.
    pub(crate) fn consistencies(&self) -> Result<(Consistency, SerialConsistency), Failure> {
        let level = |name: &str| self.config.get(&format!("profile.{name}"));
        let usual = level("consistency").map(|level| consistency(&level)).transpose();
        let serial =
            level("serial_consistency").map(|level| serial_consistency(&level)).transpose();
        let usual = usual.map_err(Failure::usage)?.unwrap_or(Consistency::LocalQuorum);
        Ok((usual, serial.map_err(Failure::usage)?.unwrap_or(SerialConsistency::LocalSerial)))
    }

    /// Is there TLS?
    pub(crate) fn is_encrypted(&self) -> bool {
        self.args.has_tls() || self.config.is_set("tls.authorities")
    }
}

/// All but the password, and whether the one that is there is that of another user, which is none.
fn said(args: &ConnectionArgs) -> Result<(Config, bool), Failure> {
    let mut config = place(args)?;
    let hosts = config.get("contact_points").filter(|_| !args.host.is_empty());
    let before = config.get("credentials.user");
    for (name, value) in &args.settings {
        config.set(name, value)?;
    }
    // By this servers show it, in `system_views.clients`.
    if !config.is_set("application_name") {
        config.set("application_name", env!("CARGO_PKG_NAME"))?;
        config.set("application_version", env!("CARGO_PKG_VERSION"))?;
    }
    flags(args, hosts, &mut config)?;
    let is_other = before.is_some() && before != config.get("credentials.user");
    Ok((config, is_other))
}

/// The first place that there is, with the hosts of the flags instead of its own. Of a cqlshrc, they
/// have the port, as in cqlsh.
fn place(args: &ConnectionArgs) -> Result<Config, Failure> {
    let of_cqlsh = |file: &Path| cqlshrc::read(file, &args.host, args.has_tls());
    let default = || config_home().map(|home| home.join("default.toml")).filter(|p| p.is_file());
    let mut config = if let Some(name) = &args.profile {
        profile(&named(name))?
    } else if let Some(file) = &args.cqlshrc {
        return of_cqlsh(file);
    } else if let Ok(url) = env::var(URL) {
        Config::from_url(&url).map_err(|error| Failure::usage(format_args!("{URL}: {error}")))?
    } else if let Some(default) = default() {
        profile(&default)?
    } else if let Some(file) = cqlshrc::usual_place().filter(|path| path.is_file()) {
        return of_cqlsh(&file);
    } else {
        Config::default()
    };
    if !args.host.is_empty() {
        config.set("contact_points", &args.host.join(","))?;
    }
    Ok(config)
}

/// A name is that of a file in the configuration folder; what looks like a path is one.
fn named(profile: &str) -> PathBuf {
    let is_path = profile.contains(std::path::MAIN_SEPARATOR) || profile.ends_with(".toml");
    match config_home() {
        Some(home) if !is_path => home.join(format!("{profile}.toml")),
        _ => PathBuf::from(profile),
    }
}

/// What the format shows of a file beside an error may be a password, so that it is not told.
fn profile(path: &Path) -> Result<Config, Failure> {
    let wrong =
        |why: &dyn std::fmt::Display| Failure::usage(format_args!("{}: {why}", path.display()));
    let text = file::text(path).map_err(|error| wrong(&error))?;
    toml::from_str(&text).map_err(|error: toml::de::Error| wrong(&error.message()))
}

fn flags(args: &ConnectionArgs, hosts: Option<String>, config: &mut Config) -> Result<(), Failure> {
    let mut set = |name: &str, value: Option<String>| match value {
        Some(value) => config.set(name, &value),
        None => Ok(()),
    };
    set("contact_points", hosts)?;
    set("keyspace", args.keyspace.clone())?;
    set("local_data_center", args.dc.clone())?;
    set("credentials.user", args.user.clone())?;
    set("compression", args.compression.map(|how| how.name().to_owned()))?;
    set("profile.consistency", args.consistency.map(|level| level.to_string()))?;
    set("profile.serial_consistency", args.serial_consistency.map(|level| level.to_string()))?;
    let time = |time: std::time::Duration| humantime::format_duration(time).to_string();
    set("connect_timeout", args.connect_timeout.map(time))?;
    set("profile.timeout", args.timeout.map(time))?;
    Ok(())
}

/// Where settings are.
fn config_home() -> Option<PathBuf> {
    xdg("XDG_CONFIG_HOME", ".config")
}

/// Where what is remembered is.
pub(crate) fn state_home() -> Option<PathBuf> {
    xdg("XDG_STATE_HOME", ".local/state")
}

/// As freedesktop.org has it: a path that is not absolute is none.
fn xdg(variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = named.or_else(|| Some(env::home_dir()?.join(below_home)))?;
    Some(home.join("cqlwire"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_hosts_of_the_flags_go_over_all_others() {
        let folder = tempfile::tempdir().unwrap();
        let [profile, cqlshrc] = ["shop.toml", "cqlshrc"].map(|name| folder.path().join(name));
        fs::write(&profile, "contact_points = [\"db:9142\"]\n").unwrap();
        fs::write(&cqlshrc, "[connection]\nport = 9142\n").unwrap();
        let hosts = |cqlshrc: Option<PathBuf>, host: Option<&str>| {
            let is_profile = cqlshrc.is_none();
            let args = ConnectionArgs {
                profile: is_profile.then(|| profile.display().to_string()),
                cqlshrc,
                host: host.map(ToOwned::to_owned).into_iter().collect(),
                settings: vec![("contact_points".to_owned(), "set".to_owned())],
                ..ConnectionArgs::default()
            };
            said(&args).unwrap().0.get("contact_points")
        };
        assert_eq!(hosts(None, Some("a")).as_deref(), Some("a"));
        assert_eq!(hosts(Some(cqlshrc.clone()), Some("a")).as_deref(), Some("a:9142"));
        assert_eq!(hosts(Some(cqlshrc), None).as_deref(), Some("set"));
        assert_eq!(hosts(None, None).as_deref(), Some("set"));
    }

    #[test]
    fn the_password_of_a_profile_is_not_that_of_somebody_else() {
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("shop.toml");
        fs::write(&profile, "credentials.user = \"ada\"\ncredentials.password = \"x\"\n").unwrap();
        let is_other = |user: Option<&str>, set: Option<&str>| {
            let set = set.map(|user| ("credentials.user".to_owned(), user.to_owned()));
            let args = ConnectionArgs {
                profile: Some(profile.display().to_string()),
                user: user.map(ToOwned::to_owned),
                settings: set.into_iter().collect(),
                ..ConnectionArgs::default()
            };
            said(&args).unwrap().1
        };
        for (user, set, expected) in [
            (None, None, false),
            (Some("ada"), None, false),
            (None, Some("ada"), false),
            (Some("bob"), None, true),
            (None, Some("bob"), true),
            (Some("bob"), Some("bob"), true),
            (Some("ada"), Some("bob"), false),
        ] {
            assert_eq!(is_other(user, set), expected, "{user:?} {set:?}");
        }
    }
}
