//! Known by the certificate that TLS has shown.

use std::future::ready;

use secrecy::SecretSlice;

use super::{Authenticating, AuthenticationRequest, Authenticator, Exchange, NotAnswered};

/// Answers servers that take the identity in the client's certificate for a role, such as
/// `MutualTlsAuthenticator` of Cassandra 5.0: with an empty token, since TLS has said it all.
///
/// `MutualTlsAuthenticator` gets that answer over TLS without any authenticator in the settings, and
/// from [`PlainCredentials`](super::PlainCredentials) too. This one is for others: those named like
/// `MutualTlsWithPasswordFallbackAuthenticator`, where no password is to be sent, and those of
/// [`authenticator_classes`](crate::Settings::authenticator_classes).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateOnly;

/// Does this class know clients by their certificates, and by nothing else?
pub(crate) fn asks_for_a_certificate(class: &str) -> bool {
    last_part(class) == "MutualTlsAuthenticator"
}

pub(super) fn last_part(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

impl Authenticator for CertificateOnly {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        let class = request.class;
        let known = last_part(class).starts_with("MutualTls") || request.is_listed;
        Box::pin(ready(if !request.is_encrypted {
            let why = "a certificate is shown by TLS, and this connection is without: set `tls`";
            Err(NotAnswered(why.to_owned()).into())
        } else if !known {
            let class = class.escape_debug();
            let why = format!(
                "{class} is not known to ask for a certificate; if it does, name it in \
                 `authenticator_classes`"
            );
            Err(NotAnswered(why).into())
        } else {
            Ok((Vec::new().into(), Box::new(Shown) as Box<dyn Exchange>))
        }))
    }

    /// There is no secret in it.
    fn needs_encryption(&self) -> bool {
        false
    }
}

struct Shown;

impl Exchange for Shown {
    fn respond<'a>(&'a mut self, _: Option<&'a [u8]>) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(ready(Err(NotAnswered("it asks for more than a certificate".to_owned()).into())))
    }
}
