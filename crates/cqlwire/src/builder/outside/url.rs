//! A configuration as one text.
//!
//! ```text
//!   cql://user:password@host1,host2:9043,[::1]/keyspace?name=value&name=value
//!         |___________| |___________________| |______| |____________________|
//!          credentials     contact_points     keyspace   any other setting
//! ```
//!
//! What is in it may be a password in the wrong place, so an error shows only what cannot be a part
//! of one: `@` stands once, and before it nothing is shown.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::given::Given;
use super::{Config, ConfigError, Key, Value, read};

const SCHEME: &str = "cql://";

/// What stays as it is in a URL that is written here.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same of servers: brackets and colons belong to addresses.
const ESCAPED_IN_HOSTS: &AsciiSet = &ESCAPED.remove(b':').remove(b'[').remove(b']');

/// The same of values of parameters, to be read by people.
const ESCAPED_IN_VALUES: &AsciiSet = &ESCAPED_IN_HOSTS.remove(b',').remove(b'/');

type Outcome = Result<(), ConfigError>;

impl Config {
    /// Reads `cql://user:password@host1,host2:9043/keyspace?name=value&name=value`.
    ///
    /// | part | |
    /// |---|---|
    /// | `user:password@` | may be left out; `user@` where a `Config` that it is joined [with](Self::with) has the password |
    /// | `host1,host2:9043` | one server or several; 9042 without a port; addresses of IPv6 in brackets; a Unix socket is `unix:%2Frun%2Fcassandra.sock` |
    /// | `/keyspace` | may be left out |
    /// | `?name=value&...` | any [setting](Self::known) by its full name, such as `profile.timeout=2s`; `local_dc` is short for `local_data_center`, and `tls` for `tls.authorities` |
    ///
    /// Characters that mean something there are percent-encoded in each part: `%40` for `@`, `%3A`
    /// for `:`, `%2F` for `/`, `%3F` for `?`, `%23` for `#`, `%2C` for `,`, `%26` for `&`, `%25` for
    /// `%`. In values of parameters only `@`, `#`, `&` and `%` have to be.
    ///
    /// # Errors
    ///
    /// Names the part that is wrong, what was given, and what is allowed; what may be a password is
    /// not shown.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let (scheme, rest) = url.trim().split_at_checked(SCHEME.len()).unwrap_or_default();
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(no_scheme(url));
        }
        sound(rest)?;
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, keyspace) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, hosts) = match authority.rsplit_once('@') {
            Some((who, hosts)) => (Some(who), hosts),
            None => (None, authority),
        };
        if let Some(who) = who {
            credentials(&mut config, who)?;
        }
        let may_be_secret = may_be_secret(who, hosts);
        servers(&mut config, hosts, may_be_secret)?;
        if !keyspace.is_empty() {
            put(&mut config, "keyspace", &one_name(keyspace, may_be_secret)?)?;
        }
        self::parameters(&mut config, parameters)?;
        Ok(config)
    }
}

fn no_scheme(url: &str) -> ConfigError {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    let is_one = |scheme: &&str| {
        scheme.len() <= 16 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let given = match scheme.filter(is_one) {
        Some(scheme) => format!("`{scheme}://` was given"),
        None => "none was given".to_owned(),
    };
    ConfigError::new("url: scheme", format!("{given}; allowed: `{SCHEME}`"))
}

/// Nothing that is unencoded may make a part of the password look like another part.
fn sound(rest: &str) -> Outcome {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    if rest.matches('@').count() > authority.matches('@').count().min(1) {
        let why = "`@` has to be the end of user and password; allowed in them, and in what follows: \
                   `%40` for `@`, `%2F` for `/`, `%3F` for `?`, `%23` for `#`";
        return Err(ConfigError::new("url", why));
    }
    if rest.contains('#') {
        return Err(ConfigError::new(
            "url: fragment",
            "`#` was given; allowed: none, and `%23` for `#`",
        ));
    }
    Ok(())
}

fn credentials(config: &mut Config, who: &str) -> Outcome {
    let (user, password) = match who.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (who, None),
    };
    if password.is_some_and(|password| password.contains(':')) {
        let why = "what was given is not shown; allowed: a text with `%3A` for `:`";
        return Err(ConfigError::new("url: password", why));
    }
    let password = password.map(|password| ("password", "credentials.password", password));
    for (part, name, text) in [("user", "credentials.user", user)].into_iter().chain(password) {
        let hidden = || {
            let why = "what was given is not shown; allowed: a text that is not empty, \
                       with `%25` for `%`";
            ConfigError::new(format!("url: {part}"), why)
        };
        let text = decoded(text).filter(|text| !text.is_empty()).ok_or_else(hidden)?;
        put(config, name, &text)?;
    }
    Ok(())
}

/// May a password be where hosts are expected? From the first colon on, if there is no `@`, since the
/// host may be what was forgotten, or only a user before it; behind it, if a port stands before it.
fn may_be_secret(who: Option<&str>, hosts: &str) -> bool {
    match who {
        Some(who) if who.contains(':') => {
            who.split_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        }
        // A user may be an address of mail.
        _ => hosts.contains(':') && !hosts.starts_with('[') && !hosts.starts_with("unix:"),
    }
}

/// What is wrong there, unless it may be a secret.
fn shown(text: &str, may_be_secret: bool) -> String {
    match may_be_secret {
        true => "what was given is not shown".to_owned(),
        false => format!("{} was given", Given::Text(text.to_owned())),
    }
}

fn servers(config: &mut Config, hosts: &str, may_be_secret: bool) -> Outcome {
    let allowed = "allowed: `host`, `host:port`, `[address]:port` or `unix:%2Fpath`, \
                   several with commas between them";
    let mut servers = Vec::new();
    for (host, number) in hosts.split(',').zip(1..) {
        let refused = |why: &str| {
            let given = match may_be_secret {
                true => format!("of number {number} {}", shown(host, true)),
                false => shown(host, false),
            };
            ConfigError::new("url: host", format!("{given}: {why}; {allowed}"))
        };
        let host = decoded(host).ok_or_else(|| refused("no percent-encoding"))?;
        let server = host.parse::<cqlwire_net::Endpoint>();
        servers.push(server.map_err(|error| refused(error.why))?.to_string());
    }
    config.values.insert(Key::Session("contact_points"), Value::Texts(servers));
    Ok(())
}

fn one_name(path: &str, may_be_secret: bool) -> Result<String, ConfigError> {
    let refused = || {
        let given = shown(path, may_be_secret);
        let why = format!("{given}; allowed: one name, with `%2F` for `/` and `%25` for `%`");
        ConfigError::new("url: keyspace", why)
    };
    decoded(path).filter(|_| !path.contains('/')).ok_or_else(refused)
}

fn parameters(config: &mut Config, parameters: &str) -> Outcome {
    let refused = |why: String| ConfigError::new("url: parameter", why);
    let no_encoding = "what was given is no percent-encoding; allowed: `%25` for `%`";
    let mut secret = None;
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let pair = parameter.split_once('=');
        let (name, value) = pair.map_or((parameter, None), |(name, value)| (name, Some(value)));
        let name = decoded(name).ok_or_else(|| refused(no_encoding.to_owned()))?;
        let is_secret = read::is_secret(&name);
        if let (Some(secret), true) = (&secret, value.is_none() || is_secret.is_none()) {
            // `&` parts what was meant as one.
            let why = format!("what follows `{secret}` is not shown");
            return Err(refused(format!("{why}; allowed: `name=value`, and `%26` for `&` in it")));
        }
        // Nor is what follows the name of a secret by anything but `=`.
        let begins = name_of(&name);
        let is_whole = begins == name || read::is_secret(begins) != Some(true);
        let value = value
            .filter(|_| is_whole)
            .ok_or_else(|| refused(format!("{}; allowed: `name=value`", shown(begins, false))))?;
        if is_secret == Some(true) {
            secret = Some(name.clone());
        }
        let value = decoded(value).ok_or_else(|| ConfigError::new(name.clone(), no_encoding))?;
        put(config, &name, &value)?;
    }
    Ok(())
}

/// As far as it may be a name: what follows it may be a password, with something else than `=` between.
fn name_of(parameter: &str) -> &str {
    let in_names = |c: char| c.is_alphanumeric() || "._-".contains(c);
    let end = parameter.find(|c| !in_names(c)).unwrap_or(parameter.len());
    &parameter[..end]
}

fn put(config: &mut Config, name: &str, value: &str) -> Outcome {
    read::once(config, name, &Given::Text(value.to_owned()))
}

/// `None` if a `%` is not followed by two hexadecimal digits, or it is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut after = text.split('%');
    after.next();
    let is_encoded = |rest: &str| {
        rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !after.all(is_encoded) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

impl fmt::Display for Config {
    /// As a URL, without the password: `cql://user@host/keyspace?name=value`. With contact points in it,
    /// [`from_url`](Self::from_url) reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        let session = |name| self.values.get(&Key::Session(name));
        if let Some(Value::Text(user)) = session("credentials.user") {
            write!(f, "{}@", utf8_percent_encode(user, ESCAPED))?;
        }
        if let Some(Value::Texts(servers)) = session("contact_points") {
            for (index, server) in servers.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                write!(f, "{comma}{}", utf8_percent_encode(server, ESCAPED_IN_HOSTS))?;
            }
        }
        if let Some(Value::Text(keyspace)) = session("keyspace") {
            write!(f, "/{}", utf8_percent_encode(keyspace, ESCAPED))?;
        }
        let mut before = '?';
        for (name, value) in self.parameters() {
            let name = utf8_percent_encode(&name, ESCAPED_IN_HOSTS);
            write!(f, "{before}{name}={}", utf8_percent_encode(&value, ESCAPED_IN_VALUES))?;
            before = '&';
        }
        Ok(())
    }
}

impl Config {
    /// What has no other part of a URL.
    fn parameters(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let has_a_part = |key: &Key| match key {
            Key::Session("credentials.user" | "contact_points") => true,
            Key::Session("keyspace") => self.text("keyspace").is_some(),
            key => key.is_secret(),
        };
        let values = self.values.iter().filter(move |(key, _)| !has_a_part(key));
        values.flat_map(|(key, value)| match value {
            Value::Map(entries) => {
                let of_entry =
                    |(name, text): (&String, &String)| (format!("{key}.{name}"), text.clone());
                entries.iter().map(of_entry).collect::<Vec<_>>()
            }
            value => vec![(key.to_string(), key.written(value))],
        })
    }
}
