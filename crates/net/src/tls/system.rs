//! The authorities that the system trusts.

use rustls::RootCertStore;

use super::TlsSettingsError;

/// Those that are there and can be read. One that rustls does not take is left out, as browsers do:
/// systems keep some of a kind that nobody uses any more.
pub(super) fn roots() -> Result<RootCertStore, TlsSettingsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let why: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        let why = if why.is_empty() { "none was found".to_owned() } else { why.join(", ") };
        return Err(TlsSettingsError::NoSystemRoots(why));
    }
    Ok(roots)
}
