//! TLS, by rustls: whom to trust, who to be, and whom to expect.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use crate::ServerAddress;

/// How to speak TLS with a server. TLS 1.2 and 1.3.
#[derive(Clone, Debug)]
pub struct Tls {
    config: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

/// Certificates, keys or names that TLS cannot work with.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsSettingsError {
    /// A text that is not PEM, or not of what it has to be.
    #[error("cannot read the {what} as PEM: {why}")]
    Pem {
        /// What it was to be.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// There is no certificate in it.
    #[error("there is no certificate in the {0}")]
    NoCertificate(&'static str),
    /// rustls does not take it.
    #[error("these certificates and this key do not do: {0}")]
    Rejected(#[from] rustls::Error),
    /// Neither a DNS name nor an address.
    #[error("`{0}` is no name that a certificate could be made out to")]
    ServerName(String),
}

impl Tls {
    /// Trusts servers whose certificates these authorities (PEM, one or more) have signed.
    ///
    /// # Errors
    ///
    /// Not PEM, or no certificate in it.
    pub fn trusting(authorities_pem: &[u8]) -> Result<Self, TlsSettingsError> {
        let config = client_config(authorities_pem)?.with_no_client_auth();
        Ok(Self::with_config(Arc::new(config)))
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
        let key = PrivateKeyDer::from_pem_slice(key_pem)
            .map_err(|error| TlsSettingsError::Pem { what: "key", why: error.to_string() })?;
        let chain = certificates("chain of the client", chain_pem)?;
        let config = client_config(authorities_pem)?.with_client_auth_cert(chain, key)?;
        Ok(Self::with_config(Arc::new(config)))
    }

    /// A configuration of rustls as it is.
    pub const fn with_config(config: Arc<ClientConfig>) -> Self {
        Self { config, server_name: None }
    }

    /// Expects certificates made out to this name rather than to the host that is connected to.
    ///
    /// # Errors
    ///
    /// Neither a DNS name nor an address.
    pub fn server_name(mut self, name: &str) -> Result<Self, TlsSettingsError> {
        self.server_name = Some(parse_name(name)?);
        Ok(self)
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

    pub(crate) fn connector(&self) -> tokio_rustls::TlsConnector {
        self.config.clone().into()
    }
}

fn parse_name(name: &str) -> Result<ServerName<'static>, TlsSettingsError> {
    ServerName::try_from(name.to_owned()).map_err(|_| TlsSettingsError::ServerName(name.to_owned()))
}

type AwaitingClientAuth = rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>;

fn client_config(authorities_pem: &[u8]) -> Result<AwaitingClientAuth, TlsSettingsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates("authorities", authorities_pem)? {
        roots.add(authority)?;
    }
    // Named, so that it does not matter which other providers the program has linked.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder?.with_root_certificates(roots))
}

fn certificates(
    what: &'static str,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsSettingsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|error| TlsSettingsError::Pem { what, why: error.to_string() })?;
    if found.is_empty() { Err(TlsSettingsError::NoCertificate(what)) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn says_what_is_wrong_with_a_pem() {
        let error = Tls::trusting(b"not PEM at all").unwrap_err();
        assert_eq!(error.to_string(), "there is no certificate in the authorities");
        let broken = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        assert!(matches!(Tls::trusting(broken), Err(TlsSettingsError::Pem { .. })));
    }

    #[test]
    fn a_certificate_is_expected_for_the_host_unless_another_name_is_set() {
        let config = client_config_for_tests();
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

    fn client_config_for_tests() -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
    }
}
