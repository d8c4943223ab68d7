//! Certificates for servers on this machine and for one client, from an authority of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::variant::MOST_NODES;
use super::{Error, home, ports};

/// The certificates of a cluster, as PEM; its directory has them as files.
///
/// That of the server is for `localhost` and for every address that a node can have; that of the
/// client names `cassandra`, and [`IDENTITY`](Self::IDENTITY).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// The authority that signed the others: `ca.pem`.
    pub ca: String,
    /// The private key and the certificate of every node: `server.pem`.
    pub server: String,
    /// The certificate of a client: `client.pem`.
    pub client: String,
    /// The private key of that client: `client-key.pem`.
    pub client_key: String,
}

impl Certificates {
    /// Who the client is, as its certificate says it to a `MutualTlsAuthenticator`: a SPIFFE ID.
    pub const IDENTITY: &str = "spiffe://cqlwire.example/test/client";

    /// Makes an authority and what it signs.
    ///
    /// # Errors
    ///
    /// What `rcgen` says against that.
    pub fn make() -> Result<Self, Error> {
        let authority_key = KeyPair::generate()?;
        let mut authority = named("cqlwire test authority", Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = authority.self_signed(&authority_key)?.pem();
        let authority = Issuer::new(authority, authority_key);
        let mut names = vec!["localhost".to_owned()];
        names.extend((1..=MOST_NODES).map(|node| ports::address(node).to_string()));
        let server = named("cqlwire test server", names)?;
        let (server, server_key) = signed(server, ExtendedKeyUsagePurpose::ServerAuth, &authority)?;
        let mut client = named("cassandra", Vec::new())?;
        client.subject_alt_names.push(SanType::URI(Self::IDENTITY.try_into()?));
        let (client, client_key) = signed(client, ExtendedKeyUsagePurpose::ClientAuth, &authority)?;
        Ok(Self { ca, server: server_key + &server, client, client_key })
    }

    /// A client's side of TLS that trusts the authority; with the certificate of the client if it
    /// is to show one.
    ///
    /// # Errors
    ///
    /// PEM that is none.
    pub fn client_config(&self, shows_certificate: bool) -> Result<ClientConfig, Error> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&self.ca)?)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        if !shows_certificate {
            return Ok(builder.with_no_client_auth());
        }
        let key = PrivateKeyDer::from_pem_slice(self.client_key.as_bytes()).map_err(no_pem)?;
        Ok(builder.with_client_auth_cert(vec![certificate(&self.client)?], key)?)
    }

    /// Makes others in the place of those that lie in this directory.
    pub(super) fn renew_in_directory(directory: &Path) -> Result<Self, Error> {
        let made = Self::make()?;
        for (file, pem) in files(directory, &made).into_iter().rev() {
            home::write(&file, pem)?;
        }
        Ok(made)
    }

    /// Those that lie in this directory; makes them if there are none.
    pub(super) fn in_directory(directory: &Path) -> Result<Self, Error> {
        // Written last, so that what is there is whole.
        if !directory.join("ca.pem").exists() {
            Self::renew_in_directory(directory)?;
        }
        let read = |name: &str| {
            let path = directory.join(name);
            fs::read_to_string(&path).map_err(Error::file("read", path))
        };
        Ok(Self {
            ca: read("ca.pem")?,
            server: read("server.pem")?,
            client: read("client.pem")?,
            client_key: read("client-key.pem")?,
        })
    }
}

fn files<'a>(directory: &Path, certificates: &'a Certificates) -> [(PathBuf, &'a str); 4] {
    [
        (directory.join("ca.pem"), certificates.ca.as_str()),
        (directory.join("server.pem"), &certificates.server),
        (directory.join("client.pem"), &certificates.client),
        (directory.join("client-key.pem"), &certificates.client_key),
    ]
}

fn named(name: &str, addresses: Vec<String>) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(addresses)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

/// A certificate and its private key.
fn signed(
    mut params: CertificateParams,
    usage: ExtendedKeyUsagePurpose,
    authority: &Issuer<'_, KeyPair>,
) -> Result<(String, String), Error> {
    let key = KeyPair::generate()?;
    params.extended_key_usages = vec![usage];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok((params.signed_by(&key, authority)?.pem(), key.serialize_pem()))
}

fn certificate(pem: &str) -> Result<CertificateDer<'static>, Error> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(no_pem)
}

fn no_pem(error: rustls::pki_types::pem::Error) -> Error {
    Error::Tls(rustls::Error::General(error.to_string()))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::server::WebPkiClientVerifier;
    use rustls::{ClientConnection, ServerConfig, ServerConnection};

    use super::*;

    /// A server that asks for the client's certificate.
    fn server(certificates: &Certificates) -> ServerConnection {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&certificates.ca).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(
                vec![certificate(&certificates.server).unwrap()],
                PrivateKeyDer::from_pem_slice(certificates.server.as_bytes()).unwrap(),
            )
            .unwrap();
        ServerConnection::new(Arc::new(config)).unwrap()
    }

    /// Shakes hands in memory, as long as there is something to say.
    fn shake(
        client: &ClientConfig,
        name: &str,
        mut server: ServerConnection,
    ) -> Result<(), rustls::Error> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut client = ClientConnection::new(Arc::new(client.clone()), name).unwrap();
        while client.wants_write() || server.wants_write() {
            let mut bytes = Vec::new();
            client.write_tls(&mut bytes).unwrap();
            server.read_tls(&mut bytes.as_slice()).unwrap();
            server.process_new_packets()?;
            bytes.clear();
            server.write_tls(&mut bytes).unwrap();
            client.read_tls(&mut bytes.as_slice()).unwrap();
            client.process_new_packets()?;
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        Ok(())
    }

    #[test]
    fn they_are_good_for_every_address_and_for_the_client() {
        let certificates = Certificates::make().unwrap();
        let config = certificates.client_config(true).unwrap();
        for name in ["localhost", "127.0.0.1", "127.0.0.2", "127.0.0.3"] {
            shake(&config, name, server(&certificates)).unwrap();
        }
        assert!(shake(&config, "127.1.1.1", server(&certificates)).is_err());
    }

    #[test]
    fn a_client_without_certificate_or_of_another_authority_is_refused() {
        let (own, other) = (Certificates::make().unwrap(), Certificates::make().unwrap());
        let without = own.client_config(false).unwrap();
        assert!(shake(&without, "localhost", server(&own)).is_err());
        let stranger = other.client_config(true).unwrap();
        assert!(shake(&stranger, "localhost", server(&own)).is_err());
    }

    #[test]
    fn they_are_made_once_for_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let made = Certificates::in_directory(directory.path()).unwrap();
        assert_eq!(Certificates::in_directory(directory.path()).unwrap(), made);
        fs::remove_file(directory.path().join("ca.pem")).unwrap();
        assert_ne!(Certificates::in_directory(directory.path()).unwrap(), made);
    }
}
