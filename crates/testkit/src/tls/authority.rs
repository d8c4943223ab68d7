//! Authorities, and what they sign.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// An authority that signs what it is asked to.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    ///
    /// If the machine has no randomness.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("a name or an address");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(
            CertifiedIssuer::self_signed(
                params,
                KeyPair::generate().expect("randomness for a key"),
            )
            .expect("certificates that were made here"),
        )
    }

    /// Its own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name or address.
    ///
    /// # Panics
    ///
    /// If it is none.
    pub fn sign(&self, name: &str) -> Identity {
        self.sign_as(CertificateParams::new(vec![name.to_owned()]).expect("a name or an address"))
    }

    /// One that has expired, years ago.
    ///
    /// # Panics
    ///
    /// If it is no name.
    pub fn sign_expired(&self, name: &str) -> Identity {
        let mut params =
            CertificateParams::new(vec![name.to_owned()]).expect("a name or an address");
        (params.not_before, params.not_after) =
            (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        self.sign_as(params)
    }

    /// One that is not valid for years to come.
    ///
    /// # Panics
    ///
    /// If it is no name.
    pub fn sign_for_the_future(&self, name: &str) -> Identity {
        let mut params =
            CertificateParams::new(vec![name.to_owned()]).expect("a name or an address");
        params.not_before = date_time_ymd(4000, 1, 1);
        self.sign_as(params)
    }

    /// One that may sign others, as that of an authority is.
    ///
    /// # Panics
    ///
    /// If it is no name.
    pub fn sign_authority(&self, name: &str) -> Identity {
        let mut params =
            CertificateParams::new(vec![name.to_owned()]).expect("a name or an address");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.sign_as(params)
    }

    fn sign_as(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("randomness for a key");
        let certificate =
            params.signed_by(&key, &self.0).expect("certificates that were made here");
        Identity { chain: certificate.pem(), key: key.serialize_pem() }
    }
}

impl Identity {
    fn parse(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = CertificateDer::pem_slice_iter(self.chain.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())
            .expect("certificates that were made here");
        (chain.collect::<Result<_, _>>().expect("certificates that were made here"), key)
    }
}

/// What a server needs to accept TLS; with `clients`, only of those whom that authority knows.
///
/// # Panics
///
/// With PEM that is none.
pub fn acceptor(identity: &Identity, clients: Option<&Authority>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder =
        builder.with_safe_default_protocol_versions().expect("certificates that were made here");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots
                .add(
                    CertificateDer::from_pem_slice(authority.pem().as_bytes())
                        .expect("certificates that were made here"),
                )
                .expect("certificates that were made here");
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            builder.with_client_cert_verifier(
                verifier.build().expect("certificates that were made here"),
            )
        }
    };
    let (chain, key) = identity.parse();
    Arc::new(builder.with_single_cert(chain, key).expect("certificates that were made here")).into()
}
