//! Where a server listens, as it was written down: a name or an address, and a port, or a path.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::Path;
use std::str::FromStr;

use cqlwire_codec::without_secrets;

/// The port on which Cassandra listens for clients by default.
pub const DEFAULT_PORT: u16 = 9042;

/// What a socket address of Linux has room for; others have room for a few bytes less.
const LONGEST_PATH: usize = 107;

/// A host name or an address, with a port, or the path of a Unix socket.
///
/// Parsed from `host`, `host:port`, `127.0.0.1:9042`, `::1`, `[::1]:9042`, `fe80::1%eth0`,
/// `[fe80::1%2]:9042` or `unix:/run/cassandra.sock`; without a port, [`DEFAULT_PORT`] is meant. A name
/// may stand for many servers: each of them has a [`ServerAddress`](crate::ServerAddress).
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
    /// An address that means something on one link only. The zone is the number of an interface,
    /// or its name, which the system's resolver knows.
    Scoped(Ipv6Addr, Box<str>),
    /// The path of a Unix socket, from the root.
    Path(Box<str>),
}

/// A text that names no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no host, and no host:port: {why}", text.escape_debug())]
pub struct InvalidEndpoint {
    /// The text, without what may be a password, for whoever wrote a URL: what is before an `@`, a port,
    /// parameters.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Endpoint {
    /// The host as it was written, without a zone: what a certificate has to be made out to. Of a Unix
    /// socket its path.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Name(name) => name.to_string(),
            Host::Address(ip) => ip.to_string(),
            Host::Scoped(ip, _) => ip.to_string(),
            Host::Path(path) => path.to_string(),
        }
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The address, if nothing has to be looked up.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.host {
            Host::Name(_) | Host::Path(_) => None,
            Host::Address(ip) => Some(SocketAddr::new(*ip, self.port)),
            Host::Scoped(ip, zone) => {
                let zone = zone.parse().ok()?;
                Some(SocketAddrV6::new(*ip, self.port, 0, zone).into())
            }
        }
    }

    /// The name, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.host {
            Host::Name(name) => Some(name),
            Host::Address(_) | Host::Scoped(..) | Host::Path(_) => None,
        }
    }

    /// The path, if it is a Unix socket.
    pub fn path(&self) -> Option<&Path> {
        match &self.host {
            Host::Path(path) => Some(Path::new(&**path)),
            Host::Name(_) | Host::Address(_) | Host::Scoped(..) => None,
        }
    }

    /// What the system's resolver is to be asked for, if there is no address.
    pub(crate) fn resolver_name(&self) -> String {
        match &self.host {
            Host::Scoped(ip, zone) => format!("{ip}%{zone}"),
            Host::Name(_) | Host::Address(_) | Host::Path(_) => self.host(),
        }
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => {
                Host::Scoped(*v6.ip(), v6.scope_id().to_string().into())
            }
            _ => Host::Address(address.ip()),
        };
        Self { host, port: address.port() }
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match in_paths(path) {
                Ok(()) => Ok(Self { host: Host::Path(path.into()), port: DEFAULT_PORT }),
                Err(why) => Err(InvalidEndpoint { text: without_user(text), why }),
            };
        }
        if text.contains("://") {
            let why = "it is a URL, where a host is wanted";
            return Err(InvalidEndpoint { text: without_user(text), why });
        }
        let parsed = split(text).and_then(|(host, port)| {
            let port = match port {
                Some(port) => sound_port(port).ok_or("a port is a number, 1 to 65535")?,
                None => DEFAULT_PORT,
            };
            Ok(Self { host: host.parse()?, port })
        });
        parsed.map_err(|why| InvalidEndpoint { text: without_user(text), why })
    }
}

/// Nobody listens on port 0.
fn sound_port(text: &str) -> Option<u16> {
    let port = text.parse().ok()?;
    (port != 0 && text.chars().all(|c| c.is_ascii_digit())).then_some(port)
}

/// What may be shown of a text that is none.
fn without_user(text: &str) -> String {
    without_secrets(text).trim_start_matches('@').to_owned()
}

/// Is it a path from the root? Where the program was started must not decide which server is meant.
fn in_paths(path: &str) -> Result<(), &'static str> {
    match path {
        _ if !path.starts_with('/') => Err("the path of a Unix socket begins with `/`"),
        _ if path.contains('\0') => Err("a path has no NUL in it"),
        _ if path.len() > LONGEST_PATH => Err("the path of a Unix socket has 107 bytes at most"),
        _ => Ok(()),
    }
}

/// The host without its brackets, and the port if there is one. Whatever has two colons and no
/// brackets is an address of IPv6 alone.
fn split(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("a bracket that is not closed")?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err("no port there"),
        };
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host, Some(port))),
        _ => Ok((text, None)),
    }
}

impl FromStr for Host {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::Address(ip));
        }
        if let Some((ip, zone)) = text.split_once('%') {
            let ip = ip.parse().map_err(|_| "a zone belongs to an address of IPv6")?;
            let in_zones = |c: char| c.is_alphanumeric() || "-._@".contains(c);
            let sound = !zone.is_empty() && zone.chars().all(in_zones);
            return if sound { Ok(Self::Scoped(ip, zone.into())) } else { Err("no zone there") };
        }
        if text.is_empty() {
            return Err("the host is missing");
        }
        let in_names = |c: char| c.is_alphanumeric() || "-._".contains(c);
        if !text.chars().all(in_names) {
            return Err("a character that no host name has");
        }
        // Resolvers read `1` and `10.0.0.256` as some address or other; no top-level domain is a number.
        let last = text.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        if last.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("it is no address of IPv4, and no host name ends in a number");
        }
        Ok(Self::Name(text.into()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::Address(ip) => SocketAddr::new(*ip, self.port).fmt(f),
            Host::Scoped(ip, zone) => write!(f, "[{ip}%{zone}]:{}", self.port),
            Host::Path(path) => write!(f, "unix:{path}"),
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
        for name in ["db.example.", "cassandra-1", "shop_cassandra.1.k3x", "døgn.example", "7db"] {
            assert_eq!(shown(name), format!("{name}:9042"));
        }
        assert_eq!(shown("127.0.0.1"), "127.0.0.1:9042");
        assert_eq!(shown("::1"), "[::1]:9042");
        assert_eq!(shown("[::1]"), "[::1]:9042");
        assert_eq!(shown("[::1]:9"), "[::1]:9");
        assert_eq!(shown("fe80::1%eth0"), "[fe80::1%eth0]:9042");
        assert_eq!(shown("[fe80::1%eth0]:9"), "[fe80::1%eth0]:9");
        assert_eq!(shown("[fe80::1%7]"), "[fe80::1%7]:9042");
        assert_eq!(shown("[fe80::1%7]:9"), "[fe80::1%7]:9");
        assert_eq!(shown("unix:/run/a b:c.sock"), "unix:/run/a b:c.sock");
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, why) in [
            ("", "the host is missing"),
            (":9042", "the host is missing"),
            ("db:many", "a port is a number, 1 to 65535"),
            ("db:70000", "a port is a number, 1 to 65535"),
            ("db:0", "a port is a number, 1 to 65535"),
            ("db:+9042", "a port is a number, 1 to 65535"),
            ("[::1]:0", "a port is a number, 1 to 65535"),
            ("http://db", "it is a URL, where a host is wanted"),
            ("1", "it is no address of IPv4, and no host name ends in a number"),
            ("10.0.0.256:9042", "it is no address of IPv4, and no host name ends in a number"),
            ("10.0.0.1.", "it is no address of IPv4, and no host name ends in a number"),
            ("10.0.1", "it is no address of IPv4, and no host name ends in a number"),
            ("a b", "a character that no host name has"),
            ("[::1", "a bracket that is not closed"),
            ("[::1]9042", "no port there"),
            ("fe80::1%", "no zone there"),
            ("fe80::1%a b", "no zone there"),
            ("10.0.0.1%eth0", "a zone belongs to an address of IPv6"),
            ("1:2:3", "a character that no host name has"),
            ("unix:", "the path of a Unix socket begins with `/`"),
            ("unix:db.sock", "the path of a Unix socket begins with `/`"),
            ("unix:/a\0b", "a path has no NUL in it"),
        ] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert_eq!(error.why, why, "{text}");
        }
        for url in ["cql://ada:geheim@db:9042/shop", "cql://ada:geheim", "cql://db?password=geheim"]
        {
            let error = url.parse::<Endpoint>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
        }
        let long = format!("unix:/{}", "a".repeat(107)).parse::<Endpoint>().unwrap_err();
        assert_eq!(long.why, "the path of a Unix socket has 107 bytes at most");
    }

    #[test]
    fn a_zone_is_kept_on_every_way_to_an_address() {
        let named: Endpoint = "[fe80::1%eth0]:9".parse().unwrap();
        assert_eq!((named.address(), &*named.resolver_name()), (None, "fe80::1%eth0"));
        let numbered: Endpoint = "[fe80::1%7]:9".parse().unwrap();
        let socket = SocketAddrV6::new("fe80::1".parse().unwrap(), 9, 0, 7).into();
        assert_eq!(numbered.address(), Some(socket));
        assert_eq!(Endpoint::from(socket), numbered);
    }
}
