//! Where one server is reached, once its name has been looked up.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use crate::{DEFAULT_PORT, Endpoint};

/// The address of one server: a socket address, a proxy's with the server name that leads to the
/// server through it, or the path of a Unix socket.
///
/// An [`Endpoint`] is what somebody wrote, and may stand for many servers; this is one of them. The
/// name that it was found by stays with it, for certificates and for errors, but makes no difference
/// to where it is: two addresses are equal if they reach the same server.
#[derive(Clone, Debug)]
pub struct ServerAddress {
    at: At,
    /// What was looked up to find it.
    found_as: Option<Arc<str>>,
    /// What the proxy at this address is to be asked for.
    server_name: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum At {
    Socket(SocketAddr),
    Unix(Arc<Path>),
    /// A name that is a dialer's matter.
    Name(Endpoint),
}

impl ServerAddress {
    /// A server behind a proxy that tells its servers apart by the server name of TLS (SNI).
    pub fn through_proxy(proxy: SocketAddr, server_name: &str) -> Self {
        Self { server_name: Some(server_name.into()), ..proxy.into() }
    }

    /// A server that listens at this path. What other servers of its cluster tell of it is where it is
    /// reached by TCP, so it is that once another one is asked.
    pub fn unix(path: impl AsRef<Path>) -> Self {
        Self { at: At::Unix(path.as_ref().into()), found_as: None, server_name: None }
    }

    /// One of the addresses that the name of this endpoint stands for.
    pub fn found_as(socket: SocketAddr, endpoint: &Endpoint) -> Self {
        let found_as = endpoint.name().map(Arc::from);
        Self { at: At::Socket(socket), found_as, server_name: None }
    }

    /// What a dialer makes of this endpoint, which looks names up in its own way.
    pub fn for_dialer(endpoint: &Endpoint) -> Self {
        let at = match (endpoint.address(), endpoint.path()) {
            (Some(socket), _) => At::Socket(socket),
            (None, Some(path)) => At::Unix(path.into()),
            (None, None) => At::Name(endpoint.clone()),
        };
        Self { at, found_as: None, server_name: None }
    }

    /// The socket address; `None` if it is a path, or a name that only a dialer understands.
    pub const fn socket(&self) -> Option<SocketAddr> {
        match &self.at {
            At::Socket(socket) => Some(*socket),
            At::Unix(_) | At::Name(_) => None,
        }
    }

    /// The path, if it is a Unix socket.
    pub const fn path(&self) -> Option<&Arc<Path>> {
        match &self.at {
            At::Unix(path) => Some(path),
            At::Socket(_) | At::Name(_) => None,
        }
    }

    /// The host: the name that it was found by, or else its address. What a certificate has to be
    /// made out to, unless there is a [server name](Self::server_name). Of a Unix socket its path, which
    /// no certificate is made out to: it takes [`Tls::server_name`](crate::Tls::server_name).
    pub fn host(&self) -> String {
        match (&self.found_as, &self.at) {
            (Some(name), _) => name.to_string(),
            (None, At::Socket(socket)) => socket.ip().to_string(),
            (None, At::Unix(path)) => path.display().to_string(),
            (None, At::Name(endpoint)) => endpoint.host(),
        }
    }

    /// The port; of a Unix socket the one that servers have by default.
    pub const fn port(&self) -> u16 {
        match &self.at {
            At::Unix(_) => DEFAULT_PORT,
            At::Socket(socket) => socket.port(),
            At::Name(endpoint) => endpoint.port(),
        }
    }

    /// The server name that leads to it through a proxy.
    pub fn server_name(&self) -> Option<&str> {
        self.server_name.as_deref()
    }

    /// The server as it was named, without the address behind the name.
    pub(crate) fn named(&self) -> String {
        let at = match (&self.found_as, &self.at) {
            (Some(name), _) => format!("{name}:{}", self.port()),
            (None, At::Socket(socket)) => socket.to_string(),
            (None, At::Unix(path)) => format!("unix:{}", path.display()),
            (None, At::Name(endpoint)) => endpoint.to_string(),
        };
        match self.server_name() {
            Some(name) => format!("{name} through {at}"),
            None => at,
        }
    }
}

impl From<SocketAddr> for ServerAddress {
    fn from(socket: SocketAddr) -> Self {
        Self { at: At::Socket(socket), found_as: None, server_name: None }
    }
}

impl PartialEq for ServerAddress {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at && self.server_name == other.server_name
    }
}

impl Eq for ServerAddress {}

impl Hash for ServerAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.at.hash(state);
        self.server_name.hash(state);
    }
}

impl fmt::Display for ServerAddress {
    /// `db.example:9042 (10.0.0.1:9042)`, or the address alone if no name was looked up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.named())?;
        match (&self.found_as, self.socket()) {
            (Some(_), Some(socket)) => write!(f, " ({socket})"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn it_is_where_it_is_whatever_name_led_there() {
        let socket: SocketAddr = "10.0.0.1:9042".parse().unwrap();
        let named = ServerAddress::found_as(socket, &"db.example".parse().unwrap());
        let other = ServerAddress::from(SocketAddr::from(([10, 0, 0, 2], 9042)));
        assert_eq!(named, socket.into());
        assert_ne!(named, other);
        assert_eq!(HashSet::from([named.clone(), socket.into(), other]).len(), 2);
        assert_eq!((named.host(), named.port()), ("db.example".to_owned(), 9042));
        assert_eq!(named.to_string(), "db.example:9042 (10.0.0.1:9042)");
        assert_eq!(ServerAddress::from(socket).to_string(), "10.0.0.1:9042");
    }

    #[test]
    fn a_path_is_one_for_dialers_too() {
        let address = ServerAddress::for_dialer(&"unix:/run/db.sock".parse().unwrap());
        assert_eq!(address, ServerAddress::unix("/run/db.sock"));
        assert_eq!((address.host(), address.port()), ("/run/db.sock".to_owned(), DEFAULT_PORT));
    }

    #[test]
    fn servers_behind_one_proxy_are_told_apart_by_their_server_names() {
        let proxy: SocketAddr = "10.0.0.1:29042".parse().unwrap();
        let (one, two) =
            (ServerAddress::through_proxy(proxy, "a"), ServerAddress::through_proxy(proxy, "b"));
        assert_ne!(one, two);
        assert_ne!(one, proxy.into());
        assert_eq!(one.to_string(), "a through 10.0.0.1:29042");
    }
}
