//! User and password.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::certificate::{asks_for_a_certificate, last_part};
use super::{
    Authenticating, AuthenticationRequest, Authenticator, CertificateOnly, Exchange, NotAnswered,
};

/// User and password, sent in clear (SASL PLAIN): over anything but a trusted network, use TLS.
///
/// They are given only to authenticators that are known to ask for them, or to those of
/// [`authenticator_classes`](crate::Settings::authenticator_classes) where that is set, since any
/// server could ask. The password is wiped from memory with the last clone,
/// and so are the tokens that are made of it; what is on its way to the socket is not.
#[derive(Clone)]
pub struct PlainCredentials {
    user: String,
    password: Arc<SecretString>,
}

/// Authenticators that ask for user and password, by the last part of their class's name.
const PASSWORD_CLASSES: [&str; 5] = [
    "PasswordAuthenticator",
    "MutualTlsWithPasswordFallbackAuthenticator",
    "DseAuthenticator",
    "TransitionalAuthenticator",
    "SaslauthdAuthenticator",
];

/// DSE asks for the mechanism first, and gives this challenge back.
const DSE_START: &[u8] = b"PLAIN-START";

impl PlainCredentials {
    /// This user with this password.
    ///
    /// # Errors
    ///
    /// Either is empty or contains the NUL that separates them: no server would accept it.
    pub fn new(
        user: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Result<Self, InvalidCredentials> {
        let (user, password) = (user.into(), password.into());
        let invalid = |text: &str| text.is_empty() || text.contains('\0');
        if invalid(&user) || invalid(password.expose_secret()) {
            return Err(InvalidCredentials);
        }
        Ok(Self { user, password: Arc::new(password) })
    }

    /// No name to act under, the user, the password (RFC 4616).
    fn token(&self) -> SecretSlice<u8> {
        let password = self.password.expose_secret().as_bytes();
        // Of its length at once: a vector that grows leaves what it held behind.
        [b"\0", self.user.as_bytes(), b"\0", password].concat().into()
    }
}

fn asks_for_a_password(class: &str) -> bool {
    PASSWORD_CLASSES.contains(&last_part(class))
}

impl Authenticator for PlainCredentials {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        let class = request.class;
        if asks_for_a_certificate(class) {
            return CertificateOnly.begin(request);
        }
        if !request.is_listed && !asks_for_a_password(class) {
            let why = format!(
                "{} is not known to ask for a password; if it is to get this one, name it in \
                 `authenticator_classes`",
                class.escape_debug()
            );
            return Box::pin(ready(Err(NotAnswered(why).into())));
        }
        let first = if last_part(class) == "DseAuthenticator" {
            b"PLAIN".to_vec().into()
        } else {
            self.token()
        };
        let exchange = Box::new(PlainExchange { credentials: self.clone() });
        Box::pin(ready(Ok((first, exchange as Box<dyn Exchange>))))
    }
}

struct PlainExchange {
    credentials: PlainCredentials,
}

impl Exchange for PlainExchange {
    fn respond<'a>(
        &'a mut self,
        challenge: Option<&'a [u8]>,
    ) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(ready(match challenge {
            Some(DSE_START) => Ok(self.credentials.token()),
            _ => Err(NotAnswered("it asks for more than user and password".to_owned()).into()),
        }))
    }
}

impl fmt::Debug for PlainCredentials {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A user or a password that no server accepts.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("user and password must not be empty, nor contain NUL")]
pub struct InvalidCredentials;

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> PlainCredentials {
        PlainCredentials::new("ada", "hunter2").unwrap()
    }

    async fn asked_by(
        class: &str,
        credentials: &PlainCredentials,
    ) -> Result<(SecretSlice<u8>, Box<dyn Exchange>), String> {
        let request = AuthenticationRequest {
            is_listed: class == "com.example.Listed",
            ..AuthenticationRequest::new(class, "db.example")
        };
        credentials.begin(request).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_token_is_that_of_rfc_4616() {
        let class = "org.apache.cassandra.auth.PasswordAuthenticator";
        let (token, _) = asked_by(class, &credentials()).await.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(token.expose_secret(), b"\0ada\0hunter2");
    }

    #[tokio::test]
    async fn e16_an_unknown_class_gets_no_password() {
        let class = "com.example.Phishing";
        let refused = asked_by(class, &credentials()).await.err().unwrap();
        let why = "com.example.Phishing is not known to ask for a password; if it is to get this one, \
                   name it in `authenticator_classes`";
        assert_eq!(refused, why);
        assert!(asked_by("com.example.Listed", &credentials()).await.is_ok());
    }

    #[tokio::test]
    async fn dse_is_told_the_mechanism_first() {
        let class = "com.datastax.bdp.cassandra.auth.DseAuthenticator";
        let (first, mut exchange) = asked_by(class, &credentials()).await.ok().unwrap();
        assert_eq!(first.expose_secret(), b"PLAIN");
        let answer = exchange.respond(Some(b"PLAIN-START")).await.unwrap();
        assert_eq!(answer.expose_secret(), b"\0ada\0hunter2");
        assert!(exchange.respond(Some(b"and your mother's name?")).await.is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", credentials()).contains("hunter2"));
        assert!(PlainCredentials::new("ada", "").is_err());
        assert!(PlainCredentials::new("a\0da", "x").is_err());
    }
}
