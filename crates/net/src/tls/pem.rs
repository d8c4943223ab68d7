//! From PEM to what rustls works with.

use std::sync::Arc;

use rustls::client::{WantsClientCert, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use super::TlsSettingsError;
use super::expecting::Expecting;

/// What errors call the texts.
pub(super) const AUTHORITIES: &str = "the authorities";
pub(super) const CHAIN: &str = "the chain of the client";
pub(super) const KEY: &str = "the key of the client";

/// A text, and what errors call it.
#[derive(Copy, Clone)]
pub(super) struct Pem<'a> {
    pub(super) what: &'a str,
    pub(super) text: &'a [u8],
}

/// The certificates of authorities that are trusted.
pub(super) fn authorities(pem: Pem<'_>) -> Result<RootCertStore, TlsSettingsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(pem)? {
        let rejected = |error| TlsSettingsError::Rejected { what: pem.what.into(), error };
        roots.add(authority).map_err(rejected)?;
    }
    Ok(roots)
}

/// Trusts these authorities, and shows this chain, with its key, to servers that ask.
pub(super) fn config(
    roots: RootCertStore,
    client: Option<(Pem<'_>, Pem<'_>)>,
) -> Result<ClientConfig, TlsSettingsError> {
    showing(builder()?.with_root_certificates(roots), client)
}

/// The same, for servers whose certificates are made out to this name, whatever they are asked for.
pub(super) fn config_expecting(
    name: ServerName<'static>,
    roots: RootCertStore,
    client: Option<(Pem<'_>, Pem<'_>)>,
) -> Result<ClientConfig, TlsSettingsError> {
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider()).build();
    let verifier = verifier.map_err(|error| TlsSettingsError::Rejected {
        what: AUTHORITIES.into(),
        error: rustls::Error::General(error.to_string()),
    })?;
    let verifier = Arc::new(Expecting { name, verifier });
    let builder = builder()?.dangerous().with_custom_certificate_verifier(verifier);
    showing(builder, client)
}

/// Named, so that it does not matter which other providers the program has linked.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsSettingsError> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsSettingsError::Rejected { what: "the versions".into(), error })
}

fn showing(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    client: Option<(Pem<'_>, Pem<'_>)>,
) -> Result<ClientConfig, TlsSettingsError> {
    let Some((chain, key)) = client else { return Ok(builder.with_no_client_auth()) };
    let what = format!("{} and {}", chain.what, key.what);
    let key = PrivateKeyDer::from_pem_slice(key.text)
        .map_err(|error| TlsSettingsError::Pem { what: key.what.into(), why: why(&error) })?;
    let rejected = |error| TlsSettingsError::Rejected { what: what.into(), error };
    builder.with_client_auth_cert(certificates(chain)?, key).map_err(rejected)
}

fn certificates(pem: Pem<'_>) -> Result<Vec<CertificateDer<'static>>, TlsSettingsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.text).collect();
    let found =
        found.map_err(|error| TlsSettingsError::Pem { what: pem.what.into(), why: why(&error) })?;
    if found.is_empty() {
        return Err(TlsSettingsError::NoCertificate(pem.what.into()));
    }
    Ok(found)
}

/// What is wrong with it. Not as the error itself says it: that shows the text which it is about, and
/// of a key whose lines were joined, the key.
fn why(error: &pem::Error) -> String {
    let words = match error {
        pem::Error::MissingSectionEnd { .. } => {
            "its end is missing, or is not a line of its own: is all of it on one line?"
        }
        pem::Error::IllegalSectionStart { .. } => {
            "its beginning is not a line of its own: is all of it on one line?"
        }
        pem::Error::Base64Decode(_) => "what it holds is not base64",
        pem::Error::NoItemsFound => "there is none in it; one that is encrypted is not read",
        pem::Error::SectionTooLarge => "it is too long",
        _ => "it cannot be read",
    };
    words.to_owned()
}
