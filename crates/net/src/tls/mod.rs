//! TLS, by rustls: whom to trust, who to be, and whom to expect.

mod error;
mod expecting;
mod files;
mod pem;
mod source;
#[cfg(feature = "system-roots")]
mod system;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, KeyLog, KeyLogFile};
use tokio_rustls::TlsConnector;

use crate::{ConnectCause, ServerAddress, SessionLog};

pub use error::TlsSettingsError;
pub(crate) use error::in_words;
pub use files::TlsFiles;
use pem::Pem;
pub use source::{LoadingTls, TlsSource, TlsSourceError};

/// How to speak TLS with a server. TLS 1.2 and 1.3.
///
/// A server is believed by its certificate: signed by an authority that is trusted here, not expired,
/// and made out to the server that is meant. That is its [name](Self::server_name) if one is set, or
/// else the host as it is connected to: a contact point by the name or the address that was written
/// down, a host that other servers told of by its address, unless an
/// [address translator](https://docs.rs/cqlwire/latest/cqlwire/trait.AddressTranslator.html) gives it
/// a name; a server behind a proxy by the [name that leads there](ServerAddress::through_proxy).
#[derive(Clone, Debug)]
pub struct Tls {
    certificates: Certificates,
    server_name: Option<ServerName<'static>>,
    key_log: Option<KeyLogging>,
}

/// Whom to trust, and who to be.
#[derive(Clone, Debug)]
enum Certificates {
    Fixed(Arc<ClientConfig>),
    Reloaded(Arc<source::Reloaded>),
}

/// Where the keys of connections are written.
#[derive(Clone)]
struct KeyLogging(Arc<dyn KeyLog>);

impl fmt::Debug for KeyLogging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SSLKEYLOGFILE")
    }
}

impl Tls {
    /// Trusts servers whose certificates these authorities (PEM, one or more) have signed.
    ///
    /// # Errors
    ///
    /// Not PEM, or no certificate in it.
    pub fn trusting(authorities_pem: &[u8]) -> Result<Self, TlsSettingsError> {
        tls_config(authorities_pem, None).map(Self::with_config)
    }

    /// The same, for servers that ask for a certificate of the client (`require_client_auth`): the
    /// chain, leaf first, and its private key, both PEM.
    ///
    /// # Errors
    ///
    /// Not PEM, no certificate in it, or a key that does not go with the certificate.
    pub fn with_client_auth(
        authorities_pem: &[u8],
        chain_pem: &[u8],
        key_pem: &[u8],
    ) -> Result<Self, TlsSettingsError> {
        tls_config(authorities_pem, Some((chain_pem, key_pem))).map(Self::with_config)
    }

    /// Trusts the authorities that the system trusts, as they are now: for servers with certificates
    /// of a public authority, or of one that was added to the system's. Where they are is the
    /// system's matter; on Unix `SSL_CERT_FILE` and `SSL_CERT_DIR` come first.
    ///
    /// # Errors
    ///
    /// The system has none that can be read.
    #[cfg(feature = "system-roots")]
    pub fn trusting_system() -> Result<Self, TlsSettingsError> {
        let config = pem::config(system::roots()?, None)?;
        Ok(Self::with_config(Arc::new(config)))
    }

    /// Certificates from files, which are read again at each new connection: what replaces them counts
    /// from the next connection on, without a restart; those that are open stay as they are.
    ///
    /// Files that cannot be read, do not fit together or are half written leave the last good ones in
    /// use, with a WARN in the log, once a minute at most. To be sure that no half is ever seen, write
    /// another file and rename it over the old one. While servers change to another authority, let the
    /// file have both.
    ///
    /// They are read on tokio's threads for blocking work, within the deadline of the attempt to
    /// connect.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or TLS cannot work with it. They are read here for the first time, which
    /// blocks for as long as the file system takes.
    pub fn from_files(files: TlsFiles) -> Result<Self, TlsSettingsError> {
        let (watched, config) = files::Watched::new(files)?;
        Ok(Self::reloaded(Box::new(watched), Some(config)))
    }

    /// Whatever this source has, asked anew at each connection.
    pub fn from_source(source: impl TlsSource) -> Self {
        Self::reloaded(Box::new(source), None)
    }

    fn reloaded(source: Box<dyn TlsSource>, last: Option<Arc<ClientConfig>>) -> Self {
        let reloaded = Arc::new(source::Reloaded::new(source, last));
        let certificates = Certificates::Reloaded(reloaded);
        Self { certificates, server_name: None, key_log: None }
    }

    /// A configuration of rustls as it is.
    pub const fn with_config(config: Arc<ClientConfig>) -> Self {
        Self { certificates: Certificates::Fixed(config), server_name: None, key_log: None }
    }

    /// Expects certificates made out to this name, of every server, rather than to the host that is
    /// connected to; servers are asked for it by SNI. For clusters whose servers share a certificate,
    /// or a name in their certificates. Where a proxy is asked for a server by its name, it stays that
    /// name.
    ///
    /// # Errors
    ///
    /// Neither a DNS name nor an address.
    pub fn server_name(mut self, name: &str) -> Result<Self, TlsSettingsError> {
        self.server_name = Some(parse_name(name)?);
        Ok(self)
    }

    /// Appends the keys of each connection to the file that the environment names in
    /// `SSLKEYLOGFILE`, for tools that read what went over the wire, such as Wireshark. Whoever reads
    /// it can do the same, so that a WARN says it. Default no, whatever the environment says; without
    /// the variable nothing is written.
    #[must_use]
    pub fn key_log_file(mut self) -> Self {
        let named = std::env::var_os("SSLKEYLOGFILE").is_some();
        self.key_log = named.then(|| KeyLogging(Arc::new(KeyLogFile::new())));
        self
    }

    pub(crate) fn name_for(
        &self,
        address: &ServerAddress,
    ) -> Result<ServerName<'static>, TlsSettingsError> {
        // Without this name, a proxy does not know which server is meant.
        if let Some(name) = address.server_name() {
            return parse_name(name);
        }
        self.server_name.clone().map_or_else(|| parse_name(&address.host()), Ok)
    }

    /// What to connect with now.
    pub(crate) async fn connector(&self, log: &SessionLog) -> Result<TlsConnector, ConnectCause> {
        let mut config = match &self.certificates {
            Certificates::Fixed(config) => Arc::clone(config),
            Certificates::Reloaded(reloaded) => reloaded.load(log).await?,
        };
        if let Some(KeyLogging(keys)) = &self.key_log {
            if log.now_and_then("keys of TLS", (), Duration::MAX).is_some() {
                let session = log.id();
                tracing::warn!(%session, "the keys of TLS are written to SSLKEYLOGFILE");
            }
            Arc::make_mut(&mut config).key_log = Arc::clone(keys);
        }
        Ok(config.into())
    }
}

/// A client's side of TLS that trusts these authorities (PEM, one or more) and, if it is to, shows a
/// chain, leaf first, with its private key, both PEM: what a [`TlsSource`] gives.
///
/// # Errors
///
/// Not PEM, no certificate in it, or a key that does not go with the certificate.
pub fn tls_config(
    authorities_pem: &[u8],
    client_pem: Option<(&[u8], &[u8])>,
) -> Result<Arc<ClientConfig>, TlsSettingsError> {
    let (roots, client) = parts(authorities_pem, client_pem)?;
    pem::config(roots, client).map(Arc::new)
}

/// The same, for servers whose certificates are made out to this name, whatever name they are asked
/// for by SNI: a proxy's, which leads to many servers.
///
/// # Errors
///
/// As [`tls_config`], or no name that a certificate could be made out to.
pub fn tls_config_expecting(
    name: &str,
    authorities_pem: &[u8],
    client_pem: Option<(&[u8], &[u8])>,
) -> Result<Arc<ClientConfig>, TlsSettingsError> {
    let (roots, client) = parts(authorities_pem, client_pem)?;
    pem::config_expecting(parse_name(name)?, roots, client).map(Arc::new)
}

type Parts<'a> = (rustls::RootCertStore, Option<(Pem<'a>, Pem<'a>)>);

fn parts<'a>(
    authorities: &[u8],
    client: Option<(&'a [u8], &'a [u8])>,
) -> Result<Parts<'a>, TlsSettingsError> {
    let roots = pem::authorities(Pem { what: pem::AUTHORITIES, text: authorities })?;
    let client = client.map(|(chain, key)| {
        (Pem { what: pem::CHAIN, text: chain }, Pem { what: pem::KEY, text: key })
    });
    Ok((roots, client))
}

fn parse_name(name: &str) -> Result<ServerName<'static>, TlsSettingsError> {
    ServerName::try_from(name.to_owned()).map_err(|_| TlsSettingsError::ServerName(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rustls::RootCertStore;

    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_pem() {
        let error = Tls::trusting(b"not PEM at all").unwrap_err();
        assert_eq!(error.to_string(), "there is no certificate in the authorities as PEM");
        let broken = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        assert!(matches!(Tls::trusting(broken), Err(TlsSettingsError::Pem { .. })));
    }

    #[test]
    fn a_certificate_is_expected_for_the_host_unless_another_name_is_set() {
        let config = Arc::new(pem::config(RootCertStore::empty(), None).unwrap());
        let socket: SocketAddr = "127.0.0.1:9142".parse().unwrap();
        let address = ServerAddress::from(socket);
        let tls = Tls::with_config(config);
        assert_eq!(tls.name_for(&address).unwrap().to_str(), "127.0.0.1");
        let tls = tls.server_name("db.example").unwrap();
        assert_eq!(tls.name_for(&address).unwrap().to_str(), "db.example");
        let behind = ServerAddress::through_proxy(socket, "host.example");
        assert_eq!(tls.name_for(&behind).unwrap().to_str(), "host.example");
        assert!(tls.server_name("a name").is_err());
    }
}
