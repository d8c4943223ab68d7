//! Where a server listens, as it was written down: a name or an address, and a port.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The port on which Cassandra listens for clients unless told otherwise.
pub const DEFAULT_PORT: u16 = 9042;

/// A host name or an address, with a port.
///
/// Parsed from `host`, `host:port`, `127.0.0.1:9042`, `::1` or `[::1]:9042`; without a port,
/// [`DEFAULT_PORT`] is meant. A name is looked up anew for each connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    host: Host,
    port: u16,
}

/// What stands before the port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Host {
    Name(Box<str>),
    Address(IpAddr),
}

/// A text that names no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no host, and no host:port: {why}")]
pub struct InvalidEndpoint {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Endpoint {
    /// The host as it was written: what a certificate has to be made out to.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Name(name) => name.to_string(),
            Host::Address(address) => address.to_string(),
        }
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The address, if no name has to be looked up.
    pub const fn address(&self) -> Option<SocketAddr> {
        match &self.host {
            Host::Name(_) => None,
            Host::Address(ip) => Some(SocketAddr::new(*ip, self.port)),
        }
    }

    /// Every address of the host, in the resolver's order.
    pub(crate) async fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        match &self.host {
            Host::Address(ip) => Ok(vec![SocketAddr::new(*ip, self.port)]),
            Host::Name(name) => {
                Ok(tokio::net::lookup_host((name.as_ref(), self.port)).await?.collect())
            }
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        Self { host: Host::Address(address.ip()), port: address.port() }
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |why| InvalidEndpoint { text: text.to_owned(), why };
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(SocketAddr::new(ip, DEFAULT_PORT).into());
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| invalid("no port there"))?),
            None => (text, DEFAULT_PORT),
        };
        if host.is_empty() {
            return Err(invalid("the host is missing"));
        }
        let in_names = |c: char| c.is_alphanumeric() || "-._".contains(c);
        if !host.chars().all(in_names) {
            return Err(invalid("a character that no host name has"));
        }
        Ok(Self { host: Host::Name(host.into()), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::Address(ip) => SocketAddr::new(*ip, self.port).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<Endpoint>().unwrap().to_string()
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(shown("db.example"), "db.example:9042");
        assert_eq!(shown("db.example:19042"), "db.example:19042");
        assert_eq!(shown("127.0.0.1"), "127.0.0.1:9042");
        assert_eq!(shown("::1"), "[::1]:9042");
        assert_eq!(shown("[::1]"), "[::1]:9042");
        assert_eq!(shown("[::1]:9"), "[::1]:9");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("", "the host is missing"),
            (":9042", "the host is missing"),
            ("db:many", "no port there"),
            ("db:70000", "no port there"),
            ("http://db", "no port there"),
            ("a b", "a character that no host name has"),
        ] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert_eq!(error.why, why, "{text}");
        }
    }
}
