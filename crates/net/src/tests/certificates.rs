//! Whom clients of tests trust.

use std::sync::Arc;

use cqlwire_testkit::tls::Authority;
use rustls::{ClientConfig, RootCertStore};

use crate::Tls;

/// A client that trusts this authority.
pub(super) fn trusting(authority: &Authority) -> Tls {
    Tls::trusting(authority.pem().as_bytes()).unwrap()
}

/// A client that believes no certificate.
pub(super) fn trusting_nobody() -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}
