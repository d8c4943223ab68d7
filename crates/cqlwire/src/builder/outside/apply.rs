//! From a configuration to the settings of a session.

use std::sync::Arc;

use cqlwire_net::{PlainCredentials, Tls, TlsFiles, TlsSettingsError};

use super::{Config, ConfigError, Key, profile, session, value::Value};
use crate::builder::SessionBuilder;

impl SessionBuilder {
    /// Settings from outside of the program. They replace what was set before, and what is set
    /// afterwards replaces them; what is not among them stays as it is. Files that they name are read
    /// now, and what is wrong with them is reported by [`connect`](Self::connect).
    #[doc(alias = "config_file")]
    pub fn config(mut self, config: Config) -> Self {
        if let Err(ConfigError { setting, why }) = apply(&mut self, &config) {
            self.refuse(setting, why);
        }
        self
    }

    /// Settings as one text: where the cluster is, who asks, and any
    /// [other setting](crate::Config::known) by its name.
    ///
    /// ```no_run
    /// # async fn example() -> cqlwire::Result<()> {
    /// let url = "cql://shop:p%40ss@10.0.0.1,10.0.0.2:9043/shop?local_dc=oslo&profile.timeout=2s";
    /// let session = cqlwire::Session::builder().url(url).connect().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// See [`Config::from_url`] for what is where. What is wrong with it is reported by
    /// [`connect`](Self::connect), with the part that is, and never with the password.
    #[doc(alias = "dsn")]
    #[doc(alias = "connection_string")]
    pub fn url(mut self, url: &str) -> Self {
        match Config::from_url(url) {
            Ok(config) => return self.config(config),
            Err(ConfigError { setting, why }) => self.refuse(setting, why),
        }
        self
    }
}

type Outcome = Result<(), ConfigError>;

fn apply(builder: &mut SessionBuilder, config: &Config) -> Outcome {
    let is_named = |key: &Key| matches!(key, Key::Named(..));
    let (unset, set): (Vec<_>, Vec<_>) =
        config.values.iter().partition(|(_, value)| **value == Value::None);
    // What is not to be set comes first: it takes nothing from what is, as with `adaptive_limit`.
    for (key, value) in unset.iter().chain(&set).filter(|(key, _)| !is_named(key)) {
        put(builder, key, value)?;
    }
    for name in &config.profiles {
        // Those that there are stay what they are.
        if builder.named_profiles.iter().all(|(known, _)| **known != **name) {
            builder.named_profiles.push((name.as_str().into(), builder.profile.clone()));
        }
    }
    for (key, value) in unset.iter().chain(&set).filter(|(key, _)| is_named(key)) {
        put(builder, key, value)?;
    }
    credentials(builder, config)?;
    if let Some(tls) = tls(config)? {
        builder.cluster.pool.connection.tls = Some(tls);
    }
    Ok(())
}

/// Puts a setting where it belongs.
fn put(builder: &mut SessionBuilder, key: &Key, value: &Value) -> Outcome {
    let value = value.clone();
    let of_profile = |name: &str| profile::all().find(|setting| setting.name == name);
    let done = match key {
        Key::Session(name) => session::all()
            .find(|setting| setting.name == *name)
            .map(|setting| (setting.put)(builder, value)),
        Key::Profile(name) => {
            of_profile(name).map(|setting| (setting.put)(&mut builder.profile, value))
        }
        Key::Named(profile, name) => {
            let named = builder.named_profiles.iter_mut().find(|(known, _)| **known == **profile);
            let found = named.zip(of_profile(name));
            found.map(|((_, profile), setting)| (setting.put)(profile, value))
        }
    };
    done.unwrap_or(Ok(())).map_err(|why| ConfigError::new(key.to_string(), why))
}

/// User and password, which are nothing without each other.
fn credentials(builder: &mut SessionBuilder, config: &Config) -> Outcome {
    const USER: &str = "credentials.user";
    const PASSWORD: &str = "credentials.password";
    let lacking = |setting, other| {
        let why = format!("none was given; allowed: one, since there is `{other}`");
        ConfigError::new(setting, why)
    };
    match (config.text(USER), config.text(PASSWORD)) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(lacking(PASSWORD, USER)),
        (None, Some(_)) => Err(lacking(USER, PASSWORD)),
        (Some(user), Some(password)) => {
            let credentials = PlainCredentials::new(user, password);
            let credentials =
                credentials.map_err(|error| ConfigError::new("credentials", error.to_string()))?;
            builder.cluster.pool.connection.authenticator = Some(Arc::new(credentials));
            Ok(())
        }
    }
}

/// What is said of TLS, all of it in one place: whom to trust, who to be, and whom to expect.
fn tls(config: &Config) -> Result<Option<Tls>, ConfigError> {
    const AUTHORITIES: &str = "tls.authorities";
    const CERTIFICATE: &str = "tls.certificate";
    const KEY: &str = "tls.key";
    const SERVER_NAME: &str = "tls.server_name";
    let [authorities, certificate, key, server_name] =
        [AUTHORITIES, CERTIFICATE, KEY, SERVER_NAME].map(|name| config.text(name));
    let Some(authorities) = authorities else {
        let others = [(CERTIFICATE, certificate), (KEY, key), (SERVER_NAME, server_name)];
        let other = others.iter().find_map(|(name, given)| given.as_ref().map(|_| name));
        return other.map_or(Ok(None), |other| {
            let why = format!("none was given; allowed: a file, since there is `{other}`");
            Err(ConfigError::new(AUTHORITIES, why))
        });
    };
    let files = TlsFiles::trusting(&authorities);
    // By themselves first: what is wrong with the authorities is said as theirs.
    let trusting = Tls::from_files(files.clone()).map_err(of(AUTHORITIES, &authorities))?;
    let tls = match (certificate, key) {
        (None, None) => trusting,
        (Some(certificate), Some(key)) => Tls::from_files(files.client_auth(&certificate, &key))
            .map_err(|error| {
                let why = format!("`{certificate}` with `{key}` of {KEY} was given: {error}");
                ConfigError::new(CERTIFICATE, why)
            })?,
        (Some(_), None) => return Err(half(KEY, CERTIFICATE)),
        (None, Some(_)) => return Err(half(CERTIFICATE, KEY)),
    };
    Ok(Some(match server_name {
        Some(name) => tls.server_name(&name).map_err(of(SERVER_NAME, &name))?,
        None => tls,
    }))
}

fn half(lacking: &'static str, given: &str) -> ConfigError {
    ConfigError::new(lacking, format!("none was given; allowed: a file, since there is `{given}`"))
}

fn of(setting: &'static str, given: &str) -> impl Fn(TlsSettingsError) -> ConfigError {
    move |error| ConfigError::new(setting, format!("`{given}` was given: {error}"))
}
