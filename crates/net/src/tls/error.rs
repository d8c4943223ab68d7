//! What TLS cannot work with, and what broke it off, in words that say what to do.

use std::path::PathBuf;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use crate::SharedIoError;

/// Certificates, keys or names that TLS cannot work with.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsSettingsError {
    /// A file that cannot be read.
    #[error("cannot read {what} from `{}`: {error}", path.display())]
    File {
        /// What it was to be.
        what: &'static str,
        /// Where it was to be.
        path: PathBuf,
        /// What stands against it.
        #[source]
        error: SharedIoError,
    },
    /// A text that is not PEM, or not of what it has to be.
    #[error("cannot read {what} as PEM: {why}")]
    Pem {
        /// What it was to be, and from which file.
        what: Box<str>,
        /// What is wrong with it.
        why: String,
    },
    /// There is no certificate in it.
    #[error("there is no certificate in {0} as PEM")]
    NoCertificate(Box<str>),
    /// rustls does not take it.
    #[error("{what}: {}", of_own(.error))]
    Rejected {
        /// What, and from which files.
        what: Box<str>,
        /// Why not.
        #[source]
        error: Error,
    },
    /// The system has no certificates of authorities to be trusted.
    #[cfg(feature = "system-roots")]
    #[error("the system has no certificates of authorities that can be read: {0}")]
    NoSystemRoots(String),
    /// Neither a DNS name nor an address.
    #[error("`{0}` is no name that a certificate could be made out to")]
    ServerName(String),
}

/// What rustls says, and what whoever reads it can do about it.
pub(crate) fn in_words(error: &Error) -> String {
    let hint = match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "does the server speak TLS on this port?"
        }
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::InconsistentKeys(_) => "the key is that of another certificate",
        _ => "",
    };
    if hint.is_empty() { error.to_string() } else { format!("{error}; {hint}") }
}

/// The same of certificates of this side: rustls takes every one for the peer's.
fn of_own(error: &Error) -> String {
    let Error::InvalidCertificate(certificate) = error else { return in_words(error) };
    let hint = of_form(certificate);
    let hint = if hint.is_empty() { String::new() } else { format!("; {hint}") };
    format!("invalid certificate: {certificate:?}{hint}")
}

/// A certificate that is no good for anybody, whoever signed it: how it was made.
fn of_form(error: &CertificateError) -> &'static str {
    // It comes as an error of the crate that reads certificates, by its name.
    let CertificateError::Other(other) = error else { return "" };
    let name = format!("{other:?}");
    if name.contains("CaUsedAsEndEntity") {
        "it is that of an authority: sign another one with it, or make it with \
         `basicConstraints=CA:FALSE` (`openssl req -x509` makes authorities unless it is told so)"
    } else if name.contains("UnsupportedCertVersion") {
        "it is of X.509 version 1, which says nothing of names: sign it with extensions \
         (`openssl x509 -req -extfile`, with `subjectAltName` in the file)"
    } else {
        ""
    }
}

/// The certificate is the server's.
fn of_certificate(error: &CertificateError) -> &'static str {
    use CertificateError as E;
    match error {
        E::Expired | E::ExpiredContext { .. } => {
            "the server needs a new one, unless the clock of this machine is wrong"
        }
        E::NotValidYet | E::NotValidYetContext { .. } => "is the clock of this machine right?",
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "it has to name the server as it is connected to, or `Tls::server_name` another name"
        }
        E::UnknownIssuer | E::BadSignature => {
            "is the authority that signed it among those that `Tls` trusts?"
        }
        E::Revoked => "the server needs a new one",
        other => of_form(other),
    }
}

/// The certificate is the client's, or missing.
fn of_alert(alert: AlertDescription) -> &'static str {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired => {
            "the server asks clients for a certificate, and `Tls` has none to show"
        }
        A::CertificateExpired => "the server finds the certificate of this client expired",
        A::UnknownCA => {
            "the server does not trust the authority that signed the client's certificate"
        }
        A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateUnknown
        | A::AccessDenied
        | A::DecryptError => "the server does not take the certificate of this client",
        A::ProtocolVersion => "the server speaks neither TLS 1.2 nor 1.3",
        A::UnrecognisedName => "the server does not know the name that it was asked for (SNI)",
        // Servers on the JVM say this, and nothing else, of a client without a certificate.
        A::HandshakeFailure => "does it ask clients for a certificate, or for other cipher suites?",
        // And this of one whose certificate they do not take, whatever is wrong with that.
        A::InternalError => {
            "so say servers on the JVM that do not take the certificate of this client: by another \
             authority than they trust, or not for clients; the log of the server has it"
        }
        _ => "",
    }
}
